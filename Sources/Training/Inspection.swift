import Checkpoints
import Datasets
import Torch

/// What a run's learner makes of the examples that its teacher picks most and least.
public struct Inspection: Sendable {
    public struct Example: Sendable {
        public let number: Int32
        /// The teacher's own score where it knows all of them, else that of a scoring pass now.
        public let score: Float
        public let panels: [Panel]
    }

    /// The highest score first: what selection by score picks most.
    public let mostPicked: [Example]
    /// The lowest score first.
    public let leastPicked: [Example]

    /// The names of the panels, from left to right.
    public var columns: [String] { (mostPicked + leastPicked).first?.panels.map(\.name) ?? [] }

    /// What stands where in ``picture(side:gap:)``.
    public var legend: String {
        func rows(_ examples: [Example]) -> String {
            examples.map { "example \($0.number) (score \($0.score))" }.joined(separator: ", ")
        }
        return """
            Columns: \(columns.joined(separator: " | "))
            Upper rows, picked most: \(rows(mostPicked))
            Lower rows, picked least: \(rows(leastPicked))
            """
    }

    /// Writes the picture as PNG.
    /// - Throws: ``TrainingError`` where the learner has nothing to show.
    public func write(to path: String) throws {
        guard let picture = picture() else {
            throw TrainingError.mismatch(
                what: "the run's learner", found: "one with nothing to show", expected: "one of images")
        }
        try AtomicFile.write(ImageCodec.encodePNG(picture), to: path)
    }

    /// One row an example, the most picked ones above a wider gap and the least picked ones below it; each panel
    /// enlarged by a whole number to about `side` pixels.
    public func picture(side: Int = 96, gap: Int = 4) -> Raster<UInt8>? {
        guard let tile = (mostPicked + leastPicked).first?.panels.first?.image.size else { return nil }
        let factor = max(1, side / max(tile.height, tile.width))
        let step = ImageSize(height: tile.height * factor + gap, width: tile.width * factor + gap)
        let rowCount = mostPicked.count + leastPicked.count
        var canvas = Canvas(
            ImageSize(height: rowCount * step.height + 4 * gap, width: columns.count * step.width + gap))
        for (index, example) in (mostPicked + leastPicked).enumerated() {
            let top = gap + index * step.height + (index < mostPicked.count ? 0 : 3 * gap)
            for (column, panel) in example.panels.enumerated() {
                canvas.draw(panel.image, times: factor, top: top, left: gap + column * step.width)
            }
        }
        return Raster(size: canvas.size, color: .rgb, samples: canvas.samples)
    }
}

/// A white sheet to put images on.
private struct Canvas {
    let size: ImageSize
    var samples: [UInt8]

    init(_ size: ImageSize) {
        self.size = size
        samples = [UInt8](repeating: 255, count: 3 * size.height * size.width)
    }

    mutating func draw(_ image: Raster<UInt8>, times factor: Int, top: Int, left: Int) {
        for row in 0..<image.size.height * factor {
            for column in 0..<image.size.width * factor {
                let source = 3 * (row / factor * image.size.width + column / factor)
                let target = 3 * ((top + row) * size.width + left + column)
                for channel in 0..<3 { samples[target + channel] = image.samples[source + channel] }
            }
        }
    }
}

extension Trainer {
    /// The examples of highest and lowest score, `count` of each at most, and what the learner makes of them.
    func inspection(count: Int) throws -> Inspection {
        var scores = Array(teacher.table.scores)
        if scores.contains(where: \.isNaN) {
            scores = try measure(Array(0..<Int32(training.count)), with: learner).scores
        }
        let order = scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }
        let each = min(count, order.count / 2)
        func examples(_ numbers: [Int]) throws -> [Inspection.Example] {
            guard !numbers.isEmpty else { return [] }
            let content = try training.collate(numbers.map(Int32.init), view: .plain)
            let panels = try withoutGradients { try learner.panels(content) }
            return zip(numbers, panels).map { Inspection.Example(number: Int32($0), score: scores[$0], panels: $1) }
        }
        return Inspection(
            mostPicked: try examples(Array(order.prefix(each))),
            leastPicked: try examples(Array(order.reversed().prefix(each))))
    }
}
