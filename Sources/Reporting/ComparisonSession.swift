import Checkpoints
import Foundation
import Training

/// A comparison in a folder: one run folder a cell, and a report over all of them.
public struct ComparisonSession {
    /// What was asked for, on disk as `comparison.json`, so that a stopped comparison can be taken up.
    public struct Plan: Codable, Sendable, Equatable {
        /// What is made of the runs.
        public enum Kind: String, Codable, Sendable, CaseIterable {
            /// Time and quality of each contender.
            case table
            /// Quality against time over budgets, and the time saved at equal quality.
            case timeToQuality = "time-to-quality"
        }

        public var kind: Kind
        public var contenders: [Contender]
        public var seeds: Int
        /// ``Training/Comparison/paces``, once they are measured; for `timeToQuality`.
        public var paces: [String: Double]?

        /// What counts as time; wall time where nil.
        public var clock: TimeToQuality.Clock?

        public init(
            kind: Kind = .table, contenders: [Contender], seeds: Int, clock: TimeToQuality.Clock? = nil
        ) {
            (self.kind, self.contenders, self.seeds, self.clock) = (kind, contenders, seeds, clock)
        }
    }

    /// What a comparison ends with.
    public struct Outcome {
        public let table: String
        /// The path of `report.html`.
        public let report: String
        public let figures: [String]
    }

    public let path: String
    let plan: Plan
    let comparison: Comparison
    let isQuiet: Bool
    /// Held as long as the session lives; nil where it takes part in another process's comparison.
    private let lock: RunLock?

    static func planFile(_ path: String) -> String { "\(path)/comparison.json" }

    public static func create(_ experiment: any Experiment, _ plan: Plan, at path: String, quiet: Bool) throws
        -> ComparisonSession
    {
        let comparison = Comparison(experiment, contenders: plan.contenders, seeds: plan.seeds)
        for cell in comparison.cells {
            try comparison.experiment(for: cell).recipe.check(exampleCount: experiment.exampleCount)
        }
        let folder = try RunFolder.create(path)
        let lock = try RunLock(path)
        try AtomicFile.write(Data(experiment.recipe.yaml().utf8), to: folder.recipe)
        try AtomicFile.write(JSONEncoder().encode(plan), to: planFile(path))
        return ComparisonSession(path: path, plan: plan, comparison: comparison, isQuiet: quiet, lock: lock)
    }

    /// - Parameter joining: whether to take part in a comparison that another process makes, for ``join(until:)``.
    public static func open(at path: String, quiet: Bool, joining: Bool = false) throws -> ComparisonSession {
        let plan = try Plan(folder: path)
        if joining { try plan.requireSharable(path) }
        let lock = joining ? nil : try RunLock(path)
        let experiment = try Recipe(file: RunFolder.open(path).recipe).experiment()
        return ComparisonSession(
            path: path, plan: plan,
            comparison: Comparison(experiment, contenders: plan.contenders, seeds: plan.seeds), isQuiet: quiet,
            lock: lock)
    }

    /// Whether a comparison was started in this folder.
    public static func exists(at path: String) -> Bool { FileManager.default.fileExists(atPath: planFile(path)) }

    /// Runs what has not been run, in turn, and writes the report.
    ///
    /// - Returns: nil where `stop` ended it early.
    public func run(until stop: StopSignal = StopSignal()) throws -> Outcome? {
        guard let comparison = try calibrated(until: stop), let records = try records(of: comparison, until: stop)
        else {
            return nil
        }
        let report = RunFolder(path: path).report
        let recipe = comparison.experiment.recipe
        let machine = Machine.current.description
        switch plan.kind {
        case .table:
            let table = try ComparisonTable(records)
            try HTMLReport(title: recipe.name, records: records, machine: machine, recipe: recipe.yaml()).write(
                to: report)
            return Outcome(table: table.consoleText, report: report, figures: table.figures)
        case .timeToQuality:
            let result = try TimeToQuality(
                records, metric: ComparisonTable(records).metric, clock: plan.clock ?? .wall)
            try result.write(records, to: path, title: recipe.name, machine: machine, recipe: recipe.yaml())
            return Outcome(table: result.consoleText, report: report, figures: result.figures(recipe: recipe.name))
        }
    }

    /// The comparison with budgets that stand for equal time, where that is what it compares.
    func calibrated(until stop: StopSignal) throws -> Comparison? {
        var (plan, comparison) = (plan, comparison)
        guard plan.kind == .timeToQuality else { return comparison }
        if plan.paces == nil {
            try comparison.warmUp()
            plan.paces = try comparison.measurePaces(
                of: plan.clock == .processor ? \.processorSeconds : \.seconds, until: stop)
            guard !stop.isRaised else { return nil }
            try AtomicFile.write(JSONEncoder().encode(plan), to: Self.planFile(path))
        }
        comparison.paces = plan.paces ?? [:]
        return comparison
    }

    private func records(of comparison: Comparison, until stop: StopSignal) throws -> [RunRecord]? {
        while let pass = try runFreeCells(of: comparison, until: stop) {
            guard pass.occupied > 0 else {
                return try comparison.cells.map { try RunRecord(metricsLog: folder(of: $0).metrics) }
            }
            // Should who is at one of them end without finishing it, it is free the next time.
            Thread.sleep(forTimeInterval: 0.5)
        }
        return nil
    }
}
