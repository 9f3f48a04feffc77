import Checkpoints
import Foundation
import Mustache
import Training

extension TimeToQuality {
    private var quality: QualityMetric { QualityMetric(name: metric) }
    private static let heads = ["policy", "budget", "time", "processor", "quality", "gain at equal time"]

    private var rows: [(curve: Int, cells: [String])] {
        curves.enumerated().flatMap { index, curve in curve.points.map { (index, cells(of: $0, curve)) } }
    }

    private func cells(of point: Point, _ curve: Curve) -> [String] {
        let scale = quality.isShare ? 100.0 : 1
        let gain = point.gainAtEqualTime.map { gain -> String in
            let interval = point.gainInterval.map {
                " [\(Format.signed($0.lowerBound * scale, 2)), \(Format.signed($0.upperBound * scale, 2))]"
            }
            return Format.signed(gain * scale, 2) + (interval ?? "")
        }
        return [
            curve.policy, Format.percent(point.budget, 0), Format.percent(point.timeShare, 0),
            Format.duration(Statistics.mean(point.processorSeconds)), quality.text(point.quality),
            curve.policy == baseline ? "–" : gain ?? "–",
        ]
    }

    /// One sentence a policy.
    var verdicts: [String] {
        curves.map { curve in
            let subject = curve.policy == baseline ? "\(curve.policy), merely shortened," : curve.policy
            guard let reduction = curve.timeReduction, reduction > 0.005 else {
                return "\(subject) saves no time at equal quality."
            }
            return "\(subject) saves \(Format.percent(reduction, 0)) of the time at equal quality."
        }
    }

    var caption: String {
        "Equal quality: a mean within one standard error of \(baseline)'s full run. Time is measured (\(clock.rawValue) time), as a share of that run's. "
            + "Gains are over \(baseline) after the same time, in points where quality is a share, with their 95 % bootstrap interval."
    }

    public var consoleText: String {
        let lines = [Self.heads] + rows.map(\.cells)
        let widths = Self.heads.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        let text = lines.map { cells in
            cells.enumerated().map { column, cell in
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                return column == 0 ? cell + padding : padding + cell
            }.joined(separator: "  ")
        }
        return (text + [""] + verdicts + ["", caption]).joined(separator: "\n")
    }

    /// `figure evidence.RECIPE.POLICY.time_reduction` in per cent or none, and the gain at the largest common budget.
    public func figures(recipe: String) -> [String] {
        curves.flatMap { curve -> [String] in
            let name = "figure evidence.\(recipe).\(curve.policy)"
            let reduction = curve.timeReduction.map { String(format: "%.1f", max(0, $0) * 100) } ?? "none"
            let gain = curve.points.dropLast().last?.gainAtEqualTime.map { String(format: "%.4f", $0) }
            return ["\(name).time_reduction \(reduction)"]
                + (curve.policy == baseline ? [] : gain.map { ["\(name).gain_at_equal_time \($0)"] } ?? [])
        }
    }

    /// Writes `results.json` and `report.html` into a folder.
    public func write(to folder: String, title: String, machine: String, recipe: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        try AtomicFile.write(encoder.encode(self), to: "\(folder)/results.json")
        let page = try MustacheTemplate(string: ReportTemplate.page).render([
            "title": title, "style": ReportTemplate.style, "headline": verdicts.last ?? "",
            "others": Array(verdicts.dropLast()), "heads": Self.heads,
            "rows": rows.map { row in
                ["color": row.curve, "policy": row.cells[0], "cells": Array(row.cells.dropFirst())] as [String: Any]
            },
            "caption": caption,
            "chartNote": "Points are means over seeds, bands one sample standard deviation to either side.",
            "figures": [
                [
                    "title": chart.title, "note": "", "swatch": "swatch",
                    "legend": chart.legend.map { ["name": $0.name, "color": $0.color] as [String: Any] },
                    "svg": chart.svg(identifier: "chart-1"),
                ] as [String: Any]
            ],
            "machine": machine, "recipe": recipe,
        ])
        try AtomicFile.write(Data(page.utf8), to: "\(folder)/report.html")
    }

    private var chart: LineChart {
        LineChart(
            title: "\(quality.title.capitalized) after how much time",
            xTitle: "\(clock.rawValue) time, % of \(baseline)'s full run",
            yTitle: quality.title + (quality.isShare ? ", %" : ""), yLabelScale: quality.isShare ? 100 : 1,
            xReach: [100],
            lines: curves.enumerated().map { index, curve in
                LineChart.Line(
                    name: curve.policy, color: index,
                    points: curve.points.map { point in
                        let mean = Statistics.mean(point.quality)
                        let spread = Statistics.standardDeviation(point.quality)
                        let reach = spread.isFinite ? spread : 0
                        return .init(x: point.timeShare * 100, y: mean, low: mean - reach, high: mean + reach)
                    })
            })
    }
}
