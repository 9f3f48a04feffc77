/// Durations as horizontal bars, one a policy, each split into parts.
struct StackedBarChart {
    struct Bar {
        var name: String
        /// Seconds for each of the chart's parts.
        var amounts: [Double]

        var total: Double { amounts.reduce(0, +) }
    }

    var title: String
    var unit: String
    /// Seconds in a unit.
    var unitSeconds: Double
    var parts: [String]
    var bars: [Bar]

    private static let rowHeight = 46.0

    var legend: [LegendItem] { parts.enumerated().map { LegendItem(name: $1, color: $0 + 1) } }

    func svg(identifier: String) -> String {
        let height = Double(bars.count) * Self.rowHeight + 36
        let scale = ChartScale(
            fitting: bars.map { $0.total / unitSeconds } + [0], start: 4, end: ChartFrame.right, isRounded: true)
        return SVG.figure(
            identifier: identifier, title: title, description: description, width: ChartFrame.width, height: height
        ) { svg in
            drawAxis(scale, height: height, &svg)
            for (row, bar) in bars.enumerated() { draw(bar, top: Double(row) * Self.rowHeight, scale, &svg) }
        }
    }

    private func drawAxis(_ scale: ChartScale, height: Double, _ svg: inout SVG) {
        for (index, tick) in scale.ticks.enumerated() {
            let x = SVG.coordinate(scale.position(tick))
            svg.add(
                "line", [("class", "grid"), ("x1", x), ("x2", x), ("y1", "0"), ("y2", SVG.coordinate(height - 32))])
            let anchor = index == 0 ? "start" : "mid"
            svg.add(
                "text", [("class", "tick \(anchor)"), ("x", x), ("y", SVG.coordinate(height - 18))],
                containing: scale.label(tick))
        }
        svg.add(
            "text",
            [("class", "axis mid"), ("x", SVG.coordinate(ChartFrame.width / 2)), ("y", SVG.coordinate(height - 3))],
            containing: unit)
    }

    private func draw(_ bar: Bar, top: Double, _ scale: ChartScale, _ svg: inout SVG) {
        svg.add(
            "text", [("class", "bar-name"), ("x", "4"), ("y", SVG.coordinate(top + 14))],
            containing: "\(bar.name) · \(Format.duration(bar.total))")
        var start = 0.0
        for (part, amount) in bar.amounts.enumerated() where amount > 0 {
            let (from, to) = (scale.position(start / unitSeconds), scale.position((start + amount) / unitSeconds))
            var mark = SVG()
            mark.add("title", containing: "\(parts[part]): \(Format.duration(amount))")
            svg.add(
                "rect",
                [
                    ("class", "part c\(part + 1)"), ("x", SVG.coordinate(from)), ("y", SVG.coordinate(top + 20)),
                    ("width", SVG.coordinate(max(to - from, 0.5))), ("height", "18"),
                ], holding: mark)
            start += amount
        }
    }

    private var description: String {
        bars.map { bar in
            let amounts = zip(parts, bar.amounts).map { "\($0) \(Format.duration($1))" }
            return "\(bar.name): " + amounts.joined(separator: ", ")
        }.joined(separator: "; ") + "."
    }
}
