import Foundation

/// How numbers read on the console and in reports.
enum Format {
    static func decimals(_ value: Double, _ count: Int) -> String {
        guard value.isFinite else { return "–" }
        let text = String(format: "%.\(count)f", value)
        // A small negative number rounds to a zero without a sign.
        return text.hasPrefix("-") && !text.contains(where: { $0.isNumber && $0 != "0" })
            ? String(text.dropFirst()) : text.replacing("-", with: "−")
    }

    static func signed(_ value: Double, _ count: Int) -> String {
        let text = decimals(value, count)
        return value > 0 && text.contains(where: { $0.isNumber && $0 != "0" }) ? "+" + text : text
    }

    static func percent(_ share: Double, _ count: Int = 1) -> String { decimals(share * 100, count) + " %" }

    /// A whole number with thousands separated by commas.
    static func count(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "–" }
        let digits = String(Int(abs(value).rounded()))
        var grouped = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { grouped += "," }
            grouped.append(digit)
        }
        return value <= -0.5 ? "−" + grouped : grouped
    }

    /// Three significant digits or so: `0.0312`, `2.31`, `12.3`, `1,204`.
    static func short(_ value: Double) -> String {
        switch abs(value) {
        case 1000...: count(value)
        case 100..<1000: decimals(value, 0)
        case 10..<100: decimals(value, 1)
        case 0.1..<10: decimals(value, 3)
        case 0: "0"
        case 0.0001..<0.1: decimals(value, 4)
        default: value.isFinite ? String(format: "%.2e", value).replacing("-", with: "−") : "–"
        }
    }

    /// Columns aligned, the first to the left and the others to the right, no line wider than its cells need.
    static func table(_ heads: [String], _ rows: [[String]]) -> String {
        let widths = heads.indices.map { column in ([heads] + rows).map { $0[column].count }.max() ?? 0 }
        func rendered(_ cells: [String]) -> String {
            zip(cells, widths).enumerated().map { column, cell in
                let padding = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 0 ? cell.0 + padding : padding + cell.0
            }.joined(separator: "  ")
        }
        let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
        return ([rendered(heads), rule] + rows.map(rendered)).joined(separator: "\n")
    }

    /// A duration on a clock: `0:07`, `12:30`, `3:05:00`.
    static func clock(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "–:––" }
        let whole = Int(seconds.rounded())
        let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
        return hours > 0
            ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
    }

    /// A duration in words: `0.42 s`, `12.3 s`, `4 min 05 s`, `3 h 07 min`.
    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "–" }
        if seconds < 1 { return decimals(seconds, 2) + " s" }
        if seconds < 99.95 { return decimals(seconds, 1) + " s" }
        let whole = Int(seconds.rounded())
        return whole < 3600
            ? String(format: "%d min %02d s", whole / 60, whole % 60)
            : String(format: "%d h %02d min", whole / 3600, whole / 60 % 60)
    }
}
