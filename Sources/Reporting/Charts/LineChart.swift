/// Lines with bands over two axes: one line a policy, its band the spread over seeds.
struct LineChart {
    struct Point: Equatable {
        var x: Double
        var y: Double
        /// The band's edges; equal to `y` where there is no spread.
        var low: Double
        var high: Double
    }

    struct Line {
        var name: String
        /// Number of the colour, the baseline's being 0.
        var color: Int
        var points: [Point]
    }

    var title: String
    var xTitle: String
    var yTitle: String
    var yLabelScale = 1.0
    /// Whether a value holds until the next point.
    var isStepped = false
    var includesZero = false
    /// Quantiles between which values must be seen; what lies beyond, such as the first steep steps, may be cut off.
    var focus = 0.0...1.0
    /// Values that the horizontal axis must reach.
    var xReach = [0.0]
    var lines: [Line]

    /// Empty for a single line, which needs none.
    var legend: [LegendItem] { lines.count < 2 ? [] : lines.map { LegendItem(name: $0.name, color: $0.color) } }

    func svg(identifier: String) -> String {
        let points = lines.flatMap(\.points)
        let frame = ChartFrame(
            x: ChartScale(
                fitting: points.map(\.x) + xReach, start: ChartFrame.left, end: ChartFrame.right, isRounded: false),
            y: ChartScale(
                fitting: seen(points) + (includesZero ? [0] : []), start: ChartFrame.bottom, end: ChartFrame.top,
                isRounded: true),
            xTitle: xTitle, yTitle: yTitle, yLabelScale: yLabelScale)
        return SVG.figure(
            identifier: identifier, title: title, description: description, width: ChartFrame.width,
            height: ChartFrame.height
        ) { svg in
            frame.draw(into: &svg)
            var marks = SVG()
            for line in lines { drawBand(line, frame, &marks) }
            for line in lines { drawLine(line, frame, &marks) }
            frame.draw(clipped: marks, into: &svg)
        }
    }

    private func seen(_ points: [Point]) -> [Double] {
        let values = points.flatMap { [$0.low, $0.high] }.filter(\.isFinite)
        guard focus != 0...1, !values.isEmpty else { return values }
        let low = Statistics.quantile(values, focus.lowerBound)
        let high = Statistics.quantile(values, focus.upperBound)
        return values.filter { (low...high).contains($0) }
    }

    private func drawBand(_ line: Line, _ frame: ChartFrame, _ svg: inout SVG) {
        guard line.points.contains(where: { $0.low < $0.high }) else { return }
        let lower = path(line.points.map { ($0.x, $0.low) }, frame)
        let upper = path(line.points.map { ($0.x, $0.high) }, frame)
        svg.add("path", [("class", "band c\(line.color)"), ("d", SVG.line(upper + lower.reversed()) + "Z")])
    }

    private func drawLine(_ line: Line, _ frame: ChartFrame, _ svg: inout SVG) {
        let points = path(line.points.map { ($0.x, $0.y) }, frame)
        if points.count == 1 {
            svg.add(
                "circle",
                [
                    ("class", "dot c\(line.color)"), ("r", "3"), ("cx", SVG.coordinate(points[0].x)),
                    ("cy", SVG.coordinate(points[0].y)),
                ])
        } else if !points.isEmpty {
            svg.add("path", [("class", "line c\(line.color)"), ("d", SVG.line(points))])
        }
    }

    private func path(_ values: [(Double, Double)], _ frame: ChartFrame) -> [(x: Double, y: Double)] {
        var path: [(x: Double, y: Double)] = []
        for (x, y) in values where x.isFinite && y.isFinite {
            let point = (x: frame.x.position(x), y: frame.y.position(y))
            if isStepped, let last = path.last { path.append((x: point.x, y: last.y)) }
            path.append(point)
        }
        return path
    }

    /// The lines' ends in words.
    private var description: String {
        let ends = lines.compactMap { line in
            line.points.first.flatMap { first in
                line.points.last.map { last in
                    "\(line.name): from \(Format.short(first.y * yLabelScale)) to \(Format.short(last.y * yLabelScale))"
                }
            }
        }
        return "\(yTitle) against \(xTitle). " + ends.joined(separator: "; ") + "."
    }
}

/// A colour's meaning.
struct LegendItem {
    let name: String
    let color: Int
}
