/// What an experiment on the theory found, ready to be read, drawn and stored.
public struct TheoryResult: Codable, Sendable, Equatable {
    /// The experiment's name on the command line.
    public var experiment: String
    public var title: String
    /// The statement under test, a paragraph.
    public var statement: String
    /// Its equation, in plain text.
    public var equation: String
    /// Whether the measurement supports it, and with what reservations.
    public var verdict: String
    public var isSupported: Bool
    /// Numbers to follow from version to version, by name.
    public var figures: [String: Double]
    public var settings: [String: String]
    public var tables: [Table] = []
    public var charts: [Chart] = []
    public var heatMaps: [HeatMap] = []

    public struct Table: Codable, Sendable, Equatable {
        public var title: String
        public var heads: [String]
        /// The first cell of a row names it.
        public var rows: [[String]]
    }

    public struct Chart: Codable, Sendable, Equatable {
        public var title: String
        public var xTitle: String
        public var yTitle: String
        public var note = ""
        public var lines: [Line]
    }

    public struct Line: Codable, Sendable, Equatable {
        public var name: String
        public var x: [Double]
        public var y: [Double]
    }

    /// Signed numbers over a grid, such as the importance of an image's patches or of a text's characters.
    public struct HeatMap: Codable, Sendable, Equatable {
        public var title: String
        public var columns: Int
        /// Row by row.
        public var values: [Double]
        /// What stands in each cell, as many as values; nothing where nil.
        public var labels: [String]?
    }
}
