import Training

/// How far runs are that have not all ended.
struct ProgressNote {
    private let latest: RunRecord
    private let doneCount: Int
    private let runCount: Int

    /// - Precondition: at least one record, in the order in which they are run.
    init(_ records: [RunRecord], runCount: Int) {
        precondition(!records.isEmpty, "a note is about runs that have begun")
        latest = records.last { !$0.summary.isComplete } ?? records[records.count - 1]
        doneCount = records.filter(\.summary.isComplete).count
        self.runCount = runCount
    }

    private var progress: Double { latest.steps.last?.progress ?? 0 }

    /// Of training alone: evaluation and checkpoints come on top.
    private var remaining: Double? {
        progress > 0.01 && progress < 1 ? latest.summary.seconds / progress * (1 - progress) : nil
    }

    var headline: String {
        let run = "\(latest.policy), seed \(latest.seed), has spent \(Format.percent(progress, 0)) of its budget"
        guard runCount > 1 else { return run + "." }
        return "\(doneCount) of \(runCount) runs have ended; \(run)."
    }

    var tiles: [ReportPage.Tile] {
        var tiles = [ReportPage.Tile(value: Format.percent(progress, 0), name: "of the budget spent", note: "")]
        if let remaining {
            tiles.append(.init(value: Format.clock(remaining), name: "of training to go", note: "in this run, about"))
        }
        if let metric = QualityMetric.shown(of: latest.summary.metrics.keys),
            let value = latest.summary.metrics[metric.name]
        {
            tiles.append(.init(value: metric.text(value), name: metric.title, note: "at the latest evaluation"))
        }
        if let loss = latest.steps.last?.loss {
            tiles.append(.init(value: Format.short(loss), name: "training loss", note: "of the latest step kept"))
        }
        return tiles
    }
}
