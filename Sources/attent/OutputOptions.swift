import ArgumentParser
import Foundation

/// How every command tells its outcome.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Shows no progress.")
    var quiet = false

    @Flag(help: "Prints the outcome as one JSON object on standard output, and no progress.")
    var json = false

    /// Whether progress is kept back.
    var isSilent: Bool { quiet || json }

    /// A value to be printed, as text or in JSON.
    enum Value: ExpressibleByStringLiteral {
        case text(String)
        case number(Double)
        case list([Value])
        case object([(String, Value)])

        init(stringLiteral text: String) { self = .text(text) }
    }

    /// Prints the outcome: as JSON where that was asked for, else as `text` says.
    ///
    /// - Throws: where it cannot be written.
    func show(_ outcome: [(String, Value)], text: () -> String) throws {
        guard json else { return try StandardOutput.write(text() + "\n") }
        let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try JSONSerialization.data(withJSONObject: Value.object(outcome).plain, options: options)
        try StandardOutput.write(String(decoding: data, as: UTF8.self) + "\n")
    }
}

extension OutputOptions.Value {
    /// As Foundation's encoder takes it; a number that JSON cannot express is null.
    fileprivate var plain: Any {
        switch self {
        case .text(let text): text
        case .number(let number): number.isFinite ? number as Any : NSNull()
        case .list(let values): values.map(\.plain)
        case .object(let pairs): Dictionary(pairs.map { ($0, $1.plain) }) { first, _ in first }
        }
    }

    /// Metrics by name.
    static func metrics(_ metrics: [String: Double]) -> Self {
        .object(metrics.sorted { $0.key < $1.key }.map { ($0.key, .number($0.value)) })
    }
}

/// Metrics by name, one a line.
func lines(of metrics: [String: Double]) -> String {
    metrics.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: "\n")
}
