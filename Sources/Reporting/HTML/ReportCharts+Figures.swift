extension ReportCharts {
    /// All charts that the records have something for, in the page's order.
    var figures: [ReportPage.Figure] {
        let lines = [quality, loss, ratio, interval, selectedCount, elementShare].compactMap { $0 }
        var figures = lines.map { chart in
            ReportPage.Figure(title: chart.title, legend: chart.legend) { chart.svg(identifier: $0) }
        }
        for chart in scoreRidges {
            figures.append(
                ReportPage.Figure(
                    title: chart.title,
                    note: "Each curve by its own peak; the highest hundredth may lie beyond the edge."
                ) { chart.svg(identifier: $0) })
        }
        for chart in scoreQuantiles {
            figures.append(
                ReportPage.Figure(
                    title: chart.title, note: "Median; the bands hold the middle half and the middle four fifths."
                ) { chart.svg(identifier: $0) })
        }
        if let chart = cost {
            figures.append(
                ReportPage.Figure(title: chart.title, legend: chart.legend, isOfParts: true) {
                    chart.svg(identifier: $0)
                })
        }
        return figures
    }

    /// One gallery for each policy that does not teach all examples alike, of its first seed.
    var galleries: [ExhibitionGallery] { firstSeeds.compactMap { ExhibitionGallery($0.record) } }
}
