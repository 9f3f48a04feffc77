import Foundation
import Testing

@testable import Reporting

@Suite struct ChartTests {
    @Test(
        "Steps between ticks are 1, 2 or 5 times a power of ten",
        arguments: [(0.9, 1.0), (1.1, 2), (2.5, 5), (7, 10), (0.03, 0.05), (120, 200), (1, 1)])
    func niceSteps(raw: Double, expected: Double) {
        #expect(abs(ChartScale.niceStep(raw) / expected - 1) < 1e-12)
    }

    @Test("A rounded axis holds every value between its first and last tick, and no label appears twice")
    func scales() {
        var generator = SplitMix64(state: 11)
        for _ in 0..<500 {
            let magnitude = pow(10, Double.random(in: -6...6, using: &generator))
            let values = (0..<4).map { _ in magnitude * Double.random(in: -1...1, using: &generator) }
            let scale = ChartScale(fitting: values, start: 212, end: 26, isRounded: true)
            #expect((2...8).contains(scale.ticks.count))
            #expect(Set(scale.ticks.map { scale.label($0) }).count == scale.ticks.count, "\(values)")
            for value in values { #expect((26 - 1e-6...212 + 1e-6).contains(scale.position(value))) }
        }
    }

    @Test("One value, no value and values that are not numbers still give an axis")
    func degenerate() {
        for values in [[], [3.0], [0, 0], [.nan, .infinity], [-5, -5]] {
            let scale = ChartScale(fitting: values, start: 0, end: 100, isRounded: true)
            #expect(scale.ticks.count >= 2 && scale.ticks.allSatisfy(\.isFinite))
        }
        // A share that is 0 throughout.
        #expect(ChartScale(fitting: [0, 0], start: 0, end: 100, isRounded: true).ticks.first == 0)
    }

    @Test("Labels fit the margin, however large or small the values")
    func labels() {
        for exponent in -12...14 {
            let scale = ChartScale(
                fitting: [0, 3.7 * pow(10, Double(exponent))], start: 212, end: 26, isRounded: true)
            let labels = scale.ticks.map { scale.label($0) }
            #expect(labels.allSatisfy { $0.count <= 7 } && Set(labels).count == labels.count, "\(labels)")
        }
    }

    @Test("What lies beyond any screen is still a coordinate, and every line has a colour")
    func bounds() {
        let values = [1e22, -.infinity, .nan, 12.34]
        #expect(values.map(SVG.coordinate) == ["1000000", "-1000000", "0", "12.3"])
        #expect([0, 1, 8, 9, 16, 17].map(Palette.color) == [0, 1, 8, 1, 8, 1])
    }

    @Test("A focus leaves outliers out of the axis, not out of the drawing")
    func focus() {
        let points = (0..<100).map { $0 == 0 ? 1000.0 : 1 }.enumerated().map {
            LineChart.Point(x: Double($0), y: $1, low: $1, high: $1)
        }
        var chart = LineChart(
            title: "t", xTitle: "x", yTitle: "y",
            lines: [LineChart.Line(name: "n", color: 1, points: points)])
        #expect(chart.svg(identifier: "i").contains(">1,000<"))
        chart.focus = 0...0.9
        #expect(!chart.svg(identifier: "i").contains(">1,000<"))
        #expect(chart.svg(identifier: "i").contains("viewBox=\"45 25 344 188\""))
    }

    @Test("A stepped line holds each value until the next")
    func stepped() {
        let points = [(0.0, 1.0), (10, 2)].map { LineChart.Point(x: $0.0, y: $0.1, low: $0.1, high: $0.1) }
        let chart = LineChart(
            title: "t", xTitle: "x", yTitle: "y", isStepped: true,
            lines: [LineChart.Line(name: "n", color: 1, points: points)])
        #expect(chart.svg(identifier: "i").contains("d=\"M46 212L388 212L388 26\""))
    }

    @Test("A chart escapes its words and describes its ends")
    func words() {
        let point = LineChart.Point(x: 1, y: 0.5, low: 0.4, high: 0.6)
        let chart = LineChart(
            title: "<t>", xTitle: "x", yTitle: "y", lines: [LineChart.Line(name: "a&b", color: 0, points: [point])])
        let svg = chart.svg(identifier: "i")
        #expect(svg.contains("&lt;t&gt;") && svg.contains("a&amp;b: from 0.500 to 0.500"))
        #expect(svg.contains("<circle"))
    }

    @Test(
        "Numbers read as people write them",
        arguments: [
            (Format.count(1_234_567), "1,234,567"), (Format.count(-1234), "−1,234"), (Format.count(12), "12"),
            (Format.decimals(-0.001, 1), "0.0"), (Format.signed(0.4, 1), "+0.4"), (Format.signed(-0.4, 1), "−0.4"),
            (Format.clock(7), "0:07"), (Format.clock(11_100), "3:05:00"), (Format.clock(.infinity), "–:––"),
            (Format.duration(0.42), "0.42 s"), (Format.duration(245), "4 min 05 s"),
            (Format.duration(11_220), "3 h 07 min"),
            (Format.short(0.03124), "0.0312"), (Format.short(2.3), "2.300"), (Format.short(1e-7), "1.00e−07"),
            (Format.percent(0.931), "93.1 %"), (Format.decimals(.nan, 1), "–"),
        ])
    func formats(found: String, expected: String) {
        #expect(found == expected)
    }
}
