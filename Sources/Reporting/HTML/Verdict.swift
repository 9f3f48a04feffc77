/// What a comparison says in one sentence: time against the baseline, the difference in quality with its spread, and
/// plainly whether the teacher won.
struct Verdict {
    let table: ComparisonTable

    /// The sentence about the first policy that is not the baseline; about the only policy where there is one.
    var headline: String {
        guard table.hasBaseline, table.rows.count > 1 else { return alone(table.rows[0]) }
        return sentence(about: table.rows[1])
    }

    /// One sentence for each further policy.
    var others: [String] {
        table.hasBaseline ? table.rows.dropFirst(2).map(sentence) : table.rows.dropFirst().map(alone)
    }

    /// The headline's numbers, to be seen from afar.
    var tiles: [ReportPage.Tile] {
        guard table.hasBaseline, table.rows.count > 1, let ratio = table.rows[1].timeRatio, ratio.isFinite else {
            return aloneTiles(table.rows[0])
        }
        let (row, baseline) = (table.rows[1], table.rows[0])
        let interval = row.timeRatioInterval.map { interval in
            "95 % interval \(Format.signed((interval.lowerBound - 1) * 100, 0)) to "
                + "\(Format.signed((interval.upperBound - 1) * 100, 0)) %"
        }
        var tiles = [
            ReportPage.Tile(
                value: Format.signed((ratio - 1) * 100, 0) + " %",
                name: "time against \(table.baseline), with \(row.policy)", note: interval ?? "one seed")
        ]
        if let gap = row.qualityGap, gap.isFinite { tiles.append(gapTile(row, gap)) }
        let share = Statistics.mean(row.examplesTaught) / Statistics.mean(baseline.examplesTaught)
        if share.isFinite {
            tiles.append(
                .init(
                    value: Format.percent(share, 0), name: "of \(table.baseline)'s examples taught",
                    note: "\(Format.count(Statistics.mean(row.examplesTaught))) of "
                        + Format.count(Statistics.mean(baseline.examplesTaught))))
        }
        return tiles
    }

    private func gapTile(_ row: ComparisonTable.Row, _ gap: Double) -> ReportPage.Tile {
        let (scale, digits) = (table.metric.isShare ? 100.0 : 1, table.metric.isShare ? 1 : 3)
        let interval = row.qualityGapInterval.map {
            "95 % interval \(Format.signed($0.lowerBound * scale, digits)) to "
                + Format.signed($0.upperBound * scale, digits)
        }
        return .init(
            value: Format.signed(gap * scale, digits),
            name: (table.metric.isShare ? "points of " : "") + table.metric.title, note: interval ?? "one seed")
    }

    private func aloneTiles(_ row: ComparisonTable.Row) -> [ReportPage.Tile] {
        let seeds = row.seeds.count == 1 ? "seed \(row.seeds[0])" : "\(row.seeds.count) seeds"
        return [
            .init(value: table.metric.text(row.quality), name: table.metric.title, note: "\(row.policy), \(seeds)"),
            .init(
                value: Format.duration(Statistics.mean(row.seconds)), name: "of training", note: "without evaluation"),
            .init(value: Format.count(Statistics.mean(row.examplesTaught)), name: "examples taught", note: ""),
        ]
    }

    func sentence(about row: ComparisonTable.Row) -> String {
        guard let ratio = row.timeRatio, let gap = row.qualityGap else { return alone(row) }
        return "\(row.policy) \(judgement(row, ratio: ratio, gap: gap)): "
            + "\(time(row, ratio)), \(quality(row, gap))\(caveat(row)).\(rival(of: row))"
    }

    /// What takes the shine off a saving: the baseline shortened (`standard@0.7`), no slower and on average no worse.
    private func rival(of row: ComparisonTable.Row) -> String {
        let sign = table.metric.higherIsBetter ? 1.0 : -1
        func quality(_ row: ComparisonTable.Row) -> Double { sign * Statistics.mean(row.quality) }
        func seconds(_ row: ComparisonTable.Row) -> Double { Statistics.median(row.seconds) }
        let shortened = table.rows.filter { $0.policy.hasPrefix("\(table.baseline)@") && $0.policy != row.policy }
        let winners = shortened.filter { seconds($0) <= 1.02 * seconds(row) && quality($0) >= quality(row) }
        guard !row.policy.hasPrefix("\(table.baseline)@"), let winner = winners.first else { return "" }
        return " But \(table.baseline) training, merely shortened, did no worse in no more time (\(winner.policy))."
    }

    private func caveat(_ row: ComparisonTable.Row) -> String {
        row.isPartial || table.rows[0].isPartial ? "; a run stopped early, so the comparison is not fair" : ""
    }

    private func alone(_ row: ComparisonTable.Row) -> String {
        let seeds = row.seeds.count == 1 ? "seed \(row.seeds[0])" : "\(row.seeds.count) seeds"
        return "\(row.policy) (\(seeds)) reached \(table.metric.title) \(table.metric.text(row.quality)) after "
            + "\(Format.duration(Statistics.mean(row.seconds))) of training on "
            + "\(Format.count(Statistics.mean(row.examplesTaught))) examples; without a run of "
            + "\(table.baseline) beside it, nothing is said about time saved."
    }

    private func time(_ row: ComparisonTable.Row, _ ratio: Double) -> String {
        let interval = row.timeRatioInterval.map {
            " (95 % interval \(Format.decimals($0.lowerBound, 2)) to \(Format.decimals($0.upperBound, 2)))"
        }
        return "it took \(Format.decimals(ratio, 2)) × the time of \(table.baseline)\(interval ?? "")"
    }

    private func quality(_ row: ComparisonTable.Row, _ gap: Double) -> String {
        guard gap.isFinite else { return "and its \(table.metric.title) is not known for every run" }
        let scale = table.metric.isShare ? 100.0 : 1
        let digits = table.metric.isShare ? 1 : 3
        let unit = table.metric.isShare ? (abs(abs(gap * scale) - 1) < 0.05 ? " point" : " points") : ""
        let interval = row.qualityGapInterval.map {
            " (95 % interval \(Format.signed($0.lowerBound * scale, digits)) to "
                + "\(Format.signed($0.upperBound * scale, digits)))"
        }
        let amount = Format.decimals(abs(gap * scale), digits) + unit
        return "with \(amount) \(gap < 0 ? "less" : "more") \(table.metric.title)"
            + (interval ?? " (one seed, so the spread is not known)")
    }

    /// Time counts as equal within two per cent, and where its interval holds 1; quality where its interval holds zero.
    private func judgement(_ row: ComparisonTable.Row, ratio: Double, gap: Double) -> String {
        let isTimeClear = row.timeRatioInterval?.contains(1) != true
        let time = !isTimeClear ? Outcome.tied : ratio < 0.98 ? .better : ratio > 1.02 ? .worse : .tied
        guard gap.isFinite else { return ["was faster", "took as long", "was slower"][time.rawValue] }
        let better = table.metric.higherIsBetter ? gap : -gap
        let tied = row.qualityGapInterval?.contains(0) ?? (gap == 0)
        let unclear = row.qualityGapInterval == nil ? "at equal quality" : "at a quality these seeds cannot tell apart"
        switch (time, tied ? .tied : better > 0 ? Outcome.better : .worse) {
        case (.better, .tied): return "saved time \(unclear)"
        case (.worse, .tied): return "lost time \(unclear)"
        case (.tied, .tied): return "took as long \(unclear)"
        case (.better, .better): return "was faster and better"
        case (.better, .worse): return "was faster but worse"
        case (.worse, .better): return "was slower but better"
        case (.tied, .better): return "was better in the same time"
        case (.worse, .worse), (.tied, .worse): return "lost to \(table.baseline)"
        }
    }

    private enum Outcome: Int { case better, tied, worse }
}
