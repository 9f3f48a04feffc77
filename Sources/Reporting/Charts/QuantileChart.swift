/// A distribution over time: nested bands between quantiles around the median.
struct QuantileChart {
    struct Point {
        var x: Double
        /// The 10th, 25th, 50th, 75th and 90th percentile.
        var quantiles: [Double]
    }

    var title: String
    var xTitle: String
    var yTitle: String
    var color: Int
    var points: [Point]

    func svg(identifier: String) -> String {
        let frame = ChartFrame(
            x: ChartScale(
                fitting: points.map(\.x) + [0], start: ChartFrame.left, end: ChartFrame.right, isRounded: false),
            y: ChartScale(
                fitting: points.flatMap(\.quantiles), start: ChartFrame.bottom, end: ChartFrame.top, isRounded: true),
            xTitle: xTitle, yTitle: yTitle)
        return SVG.figure(
            identifier: identifier, title: title, description: description, width: ChartFrame.width,
            height: ChartFrame.height
        ) { svg in
            frame.draw(into: &svg)
            for (low, high) in [(0, 4), (1, 3)] {
                let outline = path(high, frame) + path(low, frame).reversed()
                svg.add("path", [("class", "band c\(color)"), ("d", SVG.line(outline) + "Z")])
            }
            svg.add("path", [("class", "line c\(color)"), ("d", SVG.line(path(2, frame)))])
        }
    }

    private func path(_ quantile: Int, _ frame: ChartFrame) -> [(x: Double, y: Double)] {
        points.map { (x: frame.x.position($0.x), y: frame.y.position($0.quantiles[quantile])) }
    }

    private var description: String {
        guard let first = points.first, let last = points.last else { return title }
        return "\(yTitle) against \(xTitle): the median goes from \(Format.short(first.quantiles[2])) to "
            + "\(Format.short(last.quantiles[2])); bands hold the middle half and four fifths of the scores."
    }
}
