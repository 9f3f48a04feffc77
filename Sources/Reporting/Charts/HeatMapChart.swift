import AttentionKernels

/// Signed numbers over a grid: the larger, the more of a colour, one for each sign.
struct HeatMapChart {
    let map: TheoryResult.HeatMap

    private static let side = 320.0

    init(_ map: TheoryResult.HeatMap) { self.map = map }

    private var rows: Int { (map.values.count + map.columns - 1) / map.columns }

    func svg(identifier: String) -> String {
        let largest = map.values.map(abs).filter(\.isFinite).max() ?? 0
        let side = Self.side
        let size = side / Double(max(map.columns, rows))
        let height = Double(rows) * size
        return SVG.figure(
            identifier: identifier, title: map.title, description: description(largest), width: side, height: height
        ) { svg in
            for (index, value) in map.values.enumerated() where value.isFinite {
                let opacity = largest > 0 ? abs(value) / largest : 0
                svg.add(
                    "rect",
                    [
                        ("class", value < 0 ? "part c5" : "part c1"), ("fill-opacity", Format.decimals(opacity, 2)),
                        ("x", SVG.coordinate(Double(index % map.columns) * size)),
                        ("y", SVG.coordinate(Double(index / map.columns) * size)), ("width", SVG.coordinate(size)),
                        ("height", SVG.coordinate(size)),
                    ])
            }
            for (index, label) in (map.labels ?? []).enumerated() {
                svg.add(
                    "text",
                    [
                        ("class", "cell mid"), ("x", SVG.coordinate((Double(index % map.columns) + 0.5) * size)),
                        ("y", SVG.coordinate((Double(index / map.columns) + 0.5) * size + 4)),
                    ], containing: label)
            }
        }
    }

    private func description(_ largest: Double) -> String {
        "\(rows) by \(map.columns) numbers from \(Format.short(map.values.min() ?? 0)) (orange) to "
            + "\(Format.short(map.values.max() ?? 0)) (blue); the strongest colour is \(Format.short(largest))."
    }
}
