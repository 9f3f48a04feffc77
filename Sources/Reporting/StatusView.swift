/// What a status line shows, and how: a value in, a string out.
struct StatusView: Sendable {
    /// Which run this is: `attent · seed 1 · run 4 of 9`.
    var label = ""
    /// Share of the budget spent, in `0...1`.
    var progress = 0.0
    /// Seconds to go; nil while there is nothing to tell from.
    var remaining: Double?
    /// Smoothed training loss.
    var loss: Double?
    var examplesPerSecond: Double?
    /// The newest quality, by name: `val/accuracy`.
    var quality: (name: String, value: Double)?

    /// The line for a terminal of `width` columns: what matters least is left out first, and nothing is wider.
    func line(width: Int, color: Bool) -> String {
        let style = color ? Style.colored : Style.plain
        var parts = self.parts
        while parts.count > 1, parts.reduce(2 * (parts.count - 1), { $0 + $1.text.count }) > width {
            let least = parts.indices.min { parts[$0].rank < parts[$1].rank }
            parts.remove(at: least ?? parts.count - 1)
        }
        guard parts.count > 1 else { return String(label.prefix(max(width, 0))) }
        return parts.map { $0.styled(style) }.joined(separator: "  ")
    }

    /// The line where lines cannot be rewritten: no bar, no colour.
    var plainLine: String { parts.filter { $0.kind != .bar }.map(\.text).joined(separator: "  ") }

    private var parts: [Part] {
        let percent = Format.percent(progress, 0)
        let padding = String(repeating: " ", count: max(5 - percent.count, 0))
        return [
            Part(kind: .label, rank: 6, text: label),
            Part(kind: .bar, rank: 2, text: bar),
            Part(kind: .label, rank: 5, text: padding + percent),
            remaining.map { Part(kind: .detail, rank: 4, text: Format.clock($0) + " left") },
            loss.map { Part(kind: .detail, rank: 3, text: "loss " + Format.short($0)) },
            quality.map {
                Part(kind: .detail, rank: 1, text: "\($0.name) " + QualityMetric(name: $0.name).text($0.value))
            },
            examplesPerSecond.map { Part(kind: .detail, rank: 0, text: Format.count($0) + " examples/s") },
        ].compactMap { $0 }
    }

    private var bar: String {
        let width = 20
        let filled = min(max(Int((progress * Double(width)).rounded(.down)), 0), width)
        return String(repeating: "━", count: filled) + String(repeating: "─", count: width - filled)
    }
}

/// A piece of the status line; those of the lowest rank go first where room is short.
private struct Part {
    enum Kind { case label, bar, detail }

    var kind: Kind
    var rank: Int
    var text: String

    func styled(_ style: Style) -> String {
        switch kind {
        case .label: text
        case .detail: style.dim(text)
        case .bar: style.accent(text.filter { $0 == "━" }) + style.dim(text.filter { $0 == "─" })
        }
    }
}

/// ANSI colours, or none.
enum Style {
    case plain
    case colored

    func accent(_ text: String) -> String { wrapped(text, "36") }
    func dim(_ text: String) -> String { wrapped(text, "2") }

    private func wrapped(_ text: String, _ code: String) -> String {
        self == .plain || text.isEmpty ? text : "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}
