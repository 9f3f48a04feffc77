import Foundation
import Mustache

/// A self-contained page about one run or a comparison of several: one file, no script, nothing fetched.
public struct HTMLReport: Sendable {
    private let title: String
    private let machine: String
    private let recipe: String
    private let table: ComparisonTable
    private let records: [RunRecord]

    /// - Parameters:
    ///   - title: what was run, such as the recipe's name.
    ///   - records: the runs; of any number of policies and seeds.
    ///   - machine: what it ran on, in words; lines are kept.
    ///   - recipe: the recipe's text, shown as it is.
    /// - Throws: ``ReportingError/noRuns`` for no records.
    public init(
        title: String, records: [RunRecord], baseline: String = "standard", metric: QualityMetric? = nil,
        machine: String, recipe: String
    ) throws(ReportingError) {
        table = try ComparisonTable(records, baseline: baseline, metric: metric)
        (self.title, self.machine, self.recipe, self.records) = (title, machine, recipe, records)
    }

    /// Writes the page to `path` under a temporary name and renames it, so that nothing half-written bears the name.
    public func write(to path: String) throws(ReportingError) {
        let page = try html()
        do {
            try Data(page.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw .cannotWrite(path: path, reason: systemReason(error))
        }
    }

    /// The page.
    public func html() throws(ReportingError) -> String {
        do {
            return try MustacheTemplate(string: ReportTemplate.page).render(context)
        } catch {
            throw .malformedTemplate(reason: "\(error)")
        }
    }

    private var context: [String: Any] {
        let verdict = Verdict(table: table)
        let charts = ReportCharts(table: table, records: records)
        return [
            "title": title,
            "style": ReportTemplate.style,
            "headline": unbroken(verdict.headline),
            "others": verdict.others.map(unbroken),
            "heads": table.heads.map(\.capitalizedFirst),
            "rows": table.rows.enumerated().map { index, row in
                let cells = table.cells(of: row)
                return [
                    "color": charts.color(of: index), "policy": cells[0], "cells": cells.dropFirst().map(unbroken),
                ] as [String: Any]
            },
            "caption": table.caption,
            "chartNote": table.rows.contains { $0.seeds.count > 1 }
                ? "Lines and bars are means over seeds, bands one sample standard deviation to either side." : "",
            "figures": figures(charts),
            "machine": machine,
            "recipe": recipe,
        ]
    }

    private func figures(_ charts: ReportCharts) -> [[String: Any]] {
        var figures: [[String: Any]] = []
        func add(
            _ title: String, _ note: String, _ legend: [LegendItem], parts: Bool = false, _ draw: (String) -> String
        ) {
            figures.append([
                "title": title, "note": note, "swatch": parts ? "swatch part" : "swatch",
                "legend": legend.map { ["name": $0.name, "color": $0.color] as [String: Any] },
                "svg": draw("chart-\(figures.count + 1)"),
            ])
        }
        let lines = [charts.quality, charts.loss, charts.ratio, charts.selectedCount, charts.elementShare]
        for chart in lines.compactMap({ $0 }) { add(chart.title, "", chart.legend) { chart.svg(identifier: $0) } }
        for chart in charts.scores {
            add(chart.title, "Median; the bands hold the middle half and the middle four fifths.", []) {
                chart.svg(identifier: $0)
            }
        }
        if let chart = charts.cost {
            add(chart.title, "", chart.legend, parts: true) { chart.svg(identifier: $0) }
        }
        return figures
    }
}

/// The text with numbers and their units and spreads kept on one line.
private func unbroken(_ text: String) -> String {
    text.replacing("± ", with: "±\u{A0}").replacing(/(\d) (%|×|s\b|min\b|h\b)/) { "\($0.1)\u{A0}\($0.2)" }
}
