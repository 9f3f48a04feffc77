/// A distribution over time: one curve of density a selection, the earliest at the back.
struct RidgeChart {
    struct Ridge {
        var name: String
        var lowest: Double
        var highest: Double
        /// How many values lie in each stretch of equal width from the lowest to the highest.
        var counts: [Int]
    }

    var title: String
    var xTitle: String
    var color: Int
    var ridges: [Ridge]

    private static let spacing = 17.0
    /// How far a ridge's peak rises over its foot.
    private static let rise = 40.0
    /// The share of a ridge's values that must be seen; a few outliers would flatten all.
    private static let seen = 0.99

    func svg(identifier: String) -> String {
        let bottom = Self.rise + 10 + Double(ridges.count - 1) * Self.spacing
        let scale = ChartScale(
            fitting: ridges.flatMap { [$0.lowest, $0.value(below: Self.seen)] }, start: 62, end: ChartFrame.right,
            isRounded: false)
        return SVG.figure(
            identifier: identifier, title: title, description: description, width: ChartFrame.width,
            height: bottom + 40
        ) { svg in
            drawAxis(scale, bottom: bottom, &svg)
            for (index, ridge) in ridges.enumerated() {
                draw(ridge, foot: Self.rise + 10 + Double(index) * Self.spacing, scale, &svg)
            }
        }
    }

    private func drawAxis(_ scale: ChartScale, bottom: Double, _ svg: inout SVG) {
        for tick in scale.ticks {
            let x = SVG.coordinate(scale.position(tick))
            svg.add("line", [("class", "grid"), ("x1", x), ("x2", x), ("y1", "4"), ("y2", SVG.coordinate(bottom))])
            svg.add(
                "text", [("class", "tick mid"), ("x", x), ("y", SVG.coordinate(bottom + 16))],
                containing: scale.label(tick))
        }
        svg.add(
            "text",
            [("class", "axis mid"), ("x", SVG.coordinate((62 + ChartFrame.right) / 2)), ("y", "\(Int(bottom) + 34)")],
            containing: xTitle)
    }

    private func draw(_ ridge: Ridge, foot: Double, _ scale: ChartScale, _ svg: inout SVG) {
        let outline = ridge.density.filter { $0.x <= scale.domain.upperBound }.map { point in
            (x: scale.position(point.x), y: foot - Self.rise * point.share)
        }
        if let first = outline.first, let last = outline.last {
            let path = SVG.line([(x: first.x, y: foot)] + outline + [(x: last.x, y: foot)])
            svg.add("path", [("class", "ridge c\(color)"), ("d", path)])
        }
        svg.add("text", [("class", "tick end"), ("x", "56"), ("y", SVG.coordinate(foot + 3))], containing: ridge.name)
    }

    private var description: String {
        let medians = ridges.map { "\($0.name): median about \(Format.short($0.value(below: 0.5)))" }
        return "The distribution of the \(xTitle) over time. " + medians.joined(separator: "; ") + "."
    }
}

extension RidgeChart.Ridge {
    private var width: Double { (highest - lowest) / Double(max(counts.count, 1)) }

    /// The curve through the middles of the stretches, as shares of its own peak, smoothed over neighbours so that few
    /// examples do not make it jagged.
    fileprivate var density: [(x: Double, share: Double)] {
        let smooth = counts.indices.map { index in
            let near = (max(index - 1, 0)...min(index + 1, counts.count - 1)).map { Double(counts[$0]) }
            return (near.reduce(0, +) + Double(counts[index])) / Double(near.count + 1)
        }
        let peak = max(smooth.max() ?? 1, 1e-9)
        return smooth.enumerated().map { index, count in
            (x: lowest + (Double(index) + 0.5) * width, share: count / peak)
        }
    }

    /// The upper edge of the stretch in which the quantile lies.
    fileprivate func value(below share: Double) -> Double {
        let total = Double(counts.reduce(0, +))
        var sum = 0.0
        for (index, count) in counts.enumerated() {
            sum += Double(count)
            if sum >= share * total { return lowest + Double(index + 1) * width }
        }
        return highest
    }
}
