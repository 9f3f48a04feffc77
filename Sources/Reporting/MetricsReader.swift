import Foundation
import Training

/// Reads `metrics.jsonl` back into events.
struct MetricsReader {
    struct Line {
        let event: TrainingEvent
        /// Offset of the byte after the line feed.
        let end: Int
    }

    let path: String

    func lines() throws(ReportingError) -> [Line] {
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw .cannotRead(path: path, reason: systemReason(error))
        }
        var lines: [Line] = []
        var start = bytes.startIndex
        // What follows the last line feed is the torn line of a killed run.
        while let feed = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            let event = try Self.event(bytes[start..<feed], path: path, line: lines.count + 1)
            lines.append(Line(event: event, end: feed + 1))
            start = feed + 1
        }
        return lines
    }

    /// - Parameter line: its number, from 1, for errors.
    static func event(_ bytes: Data, path: String, line: Int) throws(ReportingError) -> TrainingEvent {
        do {
            return try JSONDecoder().decode(MetricsLine.self, from: bytes).event
        } catch {
            throw .malformedLine(path: path, line: line, reason: reason(error))
        }
    }

    /// How many of the first lines a run resumed from the checkpoint of `step` keeps.
    static func keptCount(of lines: [Line], resumingFrom step: Int) -> Int {
        let checkpoint = lines.lastIndex { line in
            if case .checkpointed(let checkpoint) = line.event { checkpoint.step == step } else { false }
        }
        if let checkpoint { return checkpoint + 1 }
        return lines.firstIndex { $0.event.isEnd || $0.event.step > step } ?? lines.count
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "the key `\(key.stringValue)` is missing"
        case DecodingError.typeMismatch(let type, let context), DecodingError.valueNotFound(let type, let context):
            "`\(context.codingPath.first?.stringValue ?? "the line")` is not of the expected type \(type)"
        case DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty: "the line is not a JSON object"
        case DecodingError.dataCorrupted(let context): context.debugDescription
        default: "\(error)"
        }
    }
}

extension TrainingEvent {
    var step: Int {
        switch self {
        case .started(let start): start.firstStep
        case .selected(let selection): selection.step
        case .stepped(let step): step.step
        case .rejected(let rejection): rejection.step
        case .evaluated(let evaluation): evaluation.step
        case .checkpointed(let checkpoint): checkpoint.step
        case .exhibited(let exhibition): exhibition.step
        case .finished(let summary): summary.steps
        }
    }

    var isEnd: Bool { if case .finished = self { true } else { false } }
}
