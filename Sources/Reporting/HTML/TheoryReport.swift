import AttentionKernels
import Foundation
import Mustache

/// A self-contained page about an experiment on the theory: the statement, whether it held, tables and charts.
public struct TheoryReport: Sendable {
    private let result: TheoryResult
    private let machine: String

    /// - Parameter machine: what it ran on, in words; lines are kept.
    public init(_ result: TheoryResult, machine: String) { (self.result, self.machine) = (result, machine) }

    /// Writes `results.json` and `report.html` into a folder, which is made where there is none.
    ///
    /// - Returns: the page's path.
    @discardableResult
    public func write(to folder: String) throws(ReportingError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let page = try html()
        let results: Data
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            results = try encoder.encode(result)
        } catch {
            throw .cannotWrite(path: folder, reason: systemReason(error))
        }
        try writeWhole(results, to: "\(folder)/results.json")
        let path = "\(folder)/report.html"
        try writeWhole(Data(page.utf8), to: path)
        return path
    }

    /// The page.
    public func html() throws(ReportingError) -> String {
        do {
            return try MustacheTemplate(string: TheoryTemplate.page).render(context)
        } catch {
            throw .malformedTemplate(reason: "\(error)")
        }
    }

    private var context: [String: Any] {
        [
            "title": result.title, "style": ReportTemplate.style,
            "headline": result.isSupported
                ? "The measurement supports it." : "The measurement does not support it all.",
            "verdict": result.verdict, "statement": result.statement, "equation": result.equation,
            "tables": result.tables.map { table in
                [
                    "title": table.title, "heads": table.heads,
                    "rows": table.rows.map {
                        ["name": $0.first ?? "", "cells": Array($0.dropFirst())] as [String: Any]
                    },
                ] as [String: Any]
            },
            "figures": charts + heatMaps, "hasFigures": !(charts + heatMaps).isEmpty, "machine": machine,
            "settings": result.settings.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
                .joined(separator: "\n"),
            "numbers": result.figures.sorted { $0.key < $1.key }.map { "\($0.key) \(Format.short($0.value))" }
                .joined(separator: "\n"),
        ]
    }

    private var charts: [[String: Any]] {
        result.charts.enumerated().map { index, chart in
            var drawing = LineChart(
                title: chart.title, xTitle: chart.xTitle, yTitle: chart.yTitle,
                lines: chart.lines.enumerated().map { number, line in
                    LineChart.Line(
                        name: line.name, color: Palette.color(number + 1),
                        points: zip(line.x, line.y).map { .init(x: $0, y: $1, low: $1, high: $1) })
                })
            drawing.xReach = []
            return figure(
                chart.title, chart.note, drawing.legend, drawing.svg(identifier: "chart-\(index + 1)"))
        }
    }

    private var heatMaps: [[String: Any]] {
        result.heatMaps.enumerated().map { index, map in
            figure(map.title, "", [], HeatMapChart(map).svg(identifier: "map-\(index + 1)"))
        }
    }

    private func figure(_ title: String, _ note: String, _ legend: [LegendItem], _ svg: String) -> [String: Any] {
        [
            "title": title, "note": note, "svg": svg,
            "legend": legend.map { ["name": $0.name, "color": $0.color] as [String: Any] },
        ]
    }
}

enum TheoryTemplate {
    static let page = ReportTemplate.document(
        """
        <header>
        <h1>{{title}}</h1>
        <p class="verdict">{{headline}}</p>
        <p class="other">{{verdict}}</p>
        </header>
        <section>
        <h2>Statement</h2>
        <p>{{statement}}</p>
        <pre>{{equation}}</pre>
        </section>
        {{#tables}}
        <section>
        <h2>{{title}}</h2>
        <div class="scroll">
        <table>
        <thead><tr>{{#heads}}<th scope="col">{{.}}</th>{{/heads}}</tr></thead>
        <tbody>
        {{#rows}}<tr><th scope="row">{{name}}</th>{{#cells}}<td>{{.}}</td>{{/cells}}</tr>
        {{/rows}}
        </tbody>
        </table>
        </div>
        </section>
        {{/tables}}
        {{#hasFigures}}
        <section>
        <h2>Charts</h2>
        <div class="charts">
        {{#figures}}
        <figure>
        <figcaption>{{title}}</figcaption>
        <ul class="legend">{{#legend}}<li><span class="swatch c{{color}}"></span>{{name}}</li>{{/legend}}</ul>
        {{{svg}}}
        <p class="note">{{note}}</p>
        </figure>
        {{/figures}}
        </div>
        </section>
        {{/hasFigures}}
        <section class="facts">
        <h2>Figures</h2>
        <pre>{{numbers}}</pre>
        <h2>Settings</h2>
        <pre>{{settings}}</pre>
        <h2>Machine</h2>
        <pre>{{machine}}</pre>
        </section>
        """)
}
