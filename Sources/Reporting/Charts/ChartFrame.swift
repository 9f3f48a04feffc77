/// The room, grid and axes that every chart over two axes shares. Units are those of a phone's screen, so that text
/// keeps its size there and grows a little on wider ones.
struct ChartFrame {
    static let width = 400.0
    static let height = 250.0
    static let left = 46.0
    static let right = 388.0
    static let top = 26.0
    static let bottom = 212.0

    let x: ChartScale
    let y: ChartScale
    let xTitle: String
    let yTitle: String
    /// Multiplies the value axis's labels: 100 for per cent.
    var yLabelScale = 1.0

    func draw(into svg: inout SVG) {
        for tick in y.ticks {
            let height = SVG.coordinate(y.position(tick))
            svg.add(
                "line",
                [
                    ("class", "grid"), ("x1", SVG.coordinate(Self.left)), ("x2", SVG.coordinate(Self.right)),
                    ("y1", height), ("y2", height),
                ])
            svg.add(
                "text",
                [
                    ("class", "tick end"), ("x", SVG.coordinate(Self.left - 6)),
                    ("y", SVG.coordinate(y.position(tick) + 4)),
                ],
                containing: y.label(tick, times: yLabelScale))
        }
        for tick in x.ticks {
            svg.add(
                "text",
                [
                    ("class", "tick mid"), ("x", SVG.coordinate(x.position(tick))),
                    ("y", SVG.coordinate(Self.bottom + 16)),
                ],
                containing: x.label(tick))
        }
        svg.add(
            "text",
            [("class", "axis mid"), ("x", SVG.coordinate((Self.left + Self.right) / 2)), ("y", "244")],
            containing: xTitle)
        svg.add("text", [("class", "axis"), ("x", "4"), ("y", "13")], containing: yTitle)
    }

    /// Adds marks, of which only what lies within the axes is seen.
    func draw(clipped marks: SVG, into svg: inout SVG) {
        // Half a line's width may pass the axes, lest lines along them be cut in two. An inner drawing clips by itself.
        let edges = [Self.left - 1, Self.top - 1, Self.right - Self.left + 2, Self.bottom - Self.top + 2]
        let corners = edges.map(SVG.coordinate)
        svg.add(
            "svg",
            [
                ("x", corners[0]), ("y", corners[1]), ("width", corners[2]), ("height", corners[3]),
                ("viewBox", corners.joined(separator: " ")),
            ], holding: marks)
    }
}
