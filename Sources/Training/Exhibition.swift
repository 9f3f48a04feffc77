import Datasets
import Foundation
import Teaching
import Torch

/// The examples that have been taught most and least so far, for people to look at.
public struct Exhibition: Sendable, Equatable, Codable {
    public struct Example: Sendable, Equatable, Codable {
        public var number: Int32
        /// How often it has been taught.
        public var timesTaught: Int
        /// The teacher's latest score; nil where it knows none.
        public var score: Float?
        /// Its class, or the beginning of its text.
        public var caption: String
        /// A small picture, as PNG; nil for text.
        public var picture: Data?

        public init(
            number: Int32, timesTaught: Int, score: Float? = nil, caption: String = "", picture: Data? = nil
        ) {
            (self.number, self.timesTaught, self.score) = (number, timesTaught, score)
            (self.caption, self.picture) = (caption, picture)
        }
    }

    public var step: Int
    /// The most often taught first; among equals the highest score.
    public var most: [Example]
    /// The least often taught first; among equals the lowest score.
    public var least: [Example]
    /// The mean over all examples.
    public var meanTimesTaught: Double

    public init(step: Int, most: [Example], least: [Example], meanTimesTaught: Double) {
        (self.step, self.most, self.least, self.meanTimesTaught) = (step, most, least, meanTimesTaught)
    }

    /// Whether some examples were taught more often than others: by more than the one time that an epoch cut short makes.
    public var isUneven: Bool { (most.first?.timesTaught ?? 0) > (least.first?.timesTaught ?? 0) + 1 }
}

extension Trainer {
    /// The examples of an exhibition, each end.
    private static var exhibited: Int { 8 }
    /// Pixels of a picture's longer side at most.
    private static var pictureSide: Int { 64 }
    /// Characters of a caption at most.
    private static var captionLength: Int { 280 }

    /// What has been taught most and least; nil where that is not counted, and with several ranks, each of which knows the
    /// scores of some examples only.
    func exhibition() throws -> Exhibition? {
        guard let taught, ranks.rankCount == 1 else { return nil }
        let each = min(Self.exhibited, training.count / 2)
        let scores = teacher.table.scores
        func rank(_ example: Int, _ place: Int) -> (UInt16, Float, Int) {
            (taught.counts[example], scores[example].isFinite ? scores[example] : -.infinity, place)
        }
        let most = taught.first(each) { rank($0, $1) > rank($1, $0) }
        let least = taught.first(each) { rank($0, $0) < rank($1, $1) }
        let pictures = try pictures(of: most + least)
        func example(_ number: Int, _ picture: Data?) throws -> Exhibition.Example {
            Exhibition.Example(
                number: Int32(number), timesTaught: Int(taught.counts[number]),
                score: scores[number].isFinite ? scores[number] : nil,
                caption: String(try caption?(Int32(number)).prefix(Self.captionLength) ?? ""), picture: picture)
        }
        let examples = try zip(most + least, pictures).map { try example($0, $1) }
        let total = taught.counts.reduce(0) { $0 + Int($1) }
        return Exhibition(
            step: position.step, most: Array(examples.prefix(each)), least: Array(examples.suffix(each)),
            meanTimesTaught: Double(total) / Double(training.count))
    }

    /// The first panel of each example, none where the learner shows nothing.
    private func pictures(of examples: [Int]) throws -> [Data?] {
        guard !examples.isEmpty else { return [] }
        let content = try training.collate(examples.map(Int32.init), view: .plain)
        let panels = try withoutGradients { try learner.panels(content) }
        guard !panels.isEmpty else { return examples.map { _ in nil } }
        return try panels.map { try $0.first.map { try ImageCodec.encodePNG($0.image.thumbnail(Self.pictureSide)) } }
    }
}

extension Raster<UInt8> {
    /// The image, made smaller where a side has more than `side` pixels.
    fileprivate func thumbnail(_ side: Int) -> Raster {
        let longest = max(size.height, size.width)
        guard longest > side else { return self }
        return resized(
            to: ImageSize(height: max(1, size.height * side / longest), width: max(1, size.width * side / longest)))
    }
}
