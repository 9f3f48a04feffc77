import Foundation
import Mustache
import Training

/// What a report page about runs shows, in its order, whatever the runs are compared by.
struct ReportPage {
    /// A number to see from afar: `20 %`, what it is, and how sure it is.
    struct Tile {
        var value: String
        var name: String
        var note: String
    }

    struct Row {
        var color: Int
        /// The policy first.
        var cells: [String]
    }

    struct Figure {
        var title: String
        var note = ""
        var legend: [LegendItem] = []
        /// Whether the legend's colours are those of parts rather than of policies.
        var isOfParts = false
        /// The drawing, given an identifier that is unique in the page.
        var svg: (String) -> String
    }

    var title: String
    var headline: String
    var others: [String] = []
    var tiles: [Tile] = []
    var heads: [String]
    var rows: [Row]
    var caption: String
    var chartNote = ""
    var figures: [Figure]
    var galleries: [ExhibitionGallery] = []
    var machine: String
    var recipe: String
    /// What a page that is served adds so that it follows the run; nil for a page on disk, which holds no script.
    var live: LivePage?

    /// Writes the page to `path`, whole or not at all.
    func write(to path: String) throws(ReportingError) {
        try writeWhole(Data(html().utf8), to: path)
    }

    func html() throws(ReportingError) -> String {
        do {
            return try MustacheTemplate(string: ReportTemplate.page).render(context)
        } catch {
            throw .malformedTemplate(reason: "\(error)")
        }
    }

    private var context: [String: Any] {
        [
            "title": title, "style": ReportTemplate.style, "headline": unbroken(headline),
            "others": others.map(unbroken), "hasTiles": !tiles.isEmpty,
            "tiles": tiles.map { ["value": unbroken($0.value), "name": $0.name, "note": unbroken($0.note)] },
            "heads": heads.map(\.capitalizedFirst), "hasRows": !rows.isEmpty,
            "rows": rows.map { row in
                ["color": row.color, "policy": row.cells[0], "cells": row.cells.dropFirst().map(unbroken)]
                    as [String: Any]
            },
            "caption": caption, "chartNote": chartNote, "hasFigures": !figures.isEmpty,
            "figures": figures.enumerated().map { number, figure in
                [
                    "title": figure.title, "note": figure.note,
                    "swatch": figure.isOfParts ? "swatch part" : "swatch",
                    "legend": figure.legend.map { ["name": $0.name, "color": $0.color] as [String: Any] },
                    "svg": figure.svg("chart-\(number + 1)"),
                ] as [String: Any]
            },
            "galleries": galleries.map(\.context), "machine": machine, "recipe": recipe,
            "refresh": live?.refresh ?? "", "script": live?.script ?? "",
        ]
    }
}

/// The text with numbers and their units and spreads kept on one line.
private func unbroken(_ text: String) -> String {
    text.replacing("± ", with: "±\u{A0}").replacing(/(\d) (%|×|s\b|min\b|h\b)/) { "\($0.1)\u{A0}\($0.2)" }
}

extension String {
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
