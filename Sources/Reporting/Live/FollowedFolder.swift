import Foundation
import Synchronization
import Training

/// The folder of a run or comparison, whether it is still going on or has ended, and the page about it.
///
/// It only reads. What it has read of a log it does not read again.
public final class FollowedFolder: Sendable {
    private let path: String
    private let machine: String
    private let firstSeed: UInt64
    private let tails = Mutex<[String: MetricsTail]>([:])

    /// - Throws: what keeps the folder from being that of a run or comparison.
    public init(_ path: String) throws {
        firstSeed = try Recipe(file: RunFolder.open(path).recipe).training.seed
        self.path = path
        machine = Machine.current.description
    }

    /// Writes the page as it is now to the folder.
    ///
    /// - Returns: its path.
    public func writeReport() throws -> String {
        let report = RunFolder(path: path).report
        try page().write(to: report)
        return report
    }

    /// Changes whenever the page would.
    func version() throws -> String {
        try update { tails in "\"\(tails.count)-\(tails.values.reduce(0) { $0 + $1.offset })\"" }
    }

    /// The page as a served one, which follows the folder.
    func html(_ live: LivePage) throws -> String {
        var page = try page()
        page.live = live
        return try page.html()
    }

    private var plan: ComparisonSession.Plan? { try? ComparisonSession.Plan(folder: path) }

    /// The folders of the runs, in the order in which they are made.
    private func runs(of plan: ComparisonSession.Plan?) -> [String] {
        guard let plan else { return [path] }
        return Comparison.cells(plan.contenders, seeds: plan.seeds, from: firstSeed).map { "\(path)/\($0.name)" }
    }

    /// Reads what is new, and passes on what is known.
    private func update<Value: Sendable>(_ body: ([String: MetricsTail]) throws -> Value) throws -> Value {
        try tails.withLock { tails in
            for run in runs(of: plan) where FileManager.default.fileExists(atPath: RunFolder(path: run).metrics) {
                try tails[run, default: MetricsTail(path: RunFolder(path: run).metrics)].update()
            }
            return try body(tails)
        }
    }

    private func page() throws -> ReportPage {
        let plan = plan
        let runs = runs(of: plan)
        let records = try update { tails in
            try runs.compactMap { run -> RunRecord? in
                guard var record = tails[run]?.recorder.current else { return nil }
                record.exhibition = try ExhibitionFile.read(in: run)
                return record
            }
        }
        let recipe = (try? String(contentsOfFile: RunFolder(path: path).recipe, encoding: .utf8)) ?? ""
        let title = records.first?.start.recipe ?? (path as NSString).lastPathComponent
        guard !records.isEmpty else { return .waiting(title: title, machine: machine, recipe: recipe) }
        let isComplete = records.count == runs.count && records.allSatisfy(\.summary.isComplete)
        if isComplete, let plan, plan.kind == .timeToQuality {
            let metric = try ComparisonTable(records).metric
            return try TimeToQuality(records, metric: metric, clock: plan.clock ?? .wall).page(
                records, title: title, machine: machine, recipe: recipe)
        }
        var page = try HTMLReport(title: title, records: records, machine: machine, recipe: recipe).page
        if !isComplete { page.tell(ProgressNote(records, runCount: runs.count)) }
        return page
    }
}

extension ReportPage {
    fileprivate static func waiting(title: String, machine: String, recipe: String) -> ReportPage {
        ReportPage(
            title: title, headline: "The run has not begun yet.", heads: [], rows: [], caption: "", figures: [],
            machine: machine, recipe: recipe)
    }

    /// Says how far the runs are before anything is judged.
    fileprivate mutating func tell(_ note: ProgressNote) {
        (headline, others, tiles) = (note.headline, [], note.tiles)
    }
}
