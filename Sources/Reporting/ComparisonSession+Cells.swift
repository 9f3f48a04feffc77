import Foundation
import Training

// Several processes may take a comparison's runs side by side: each run's folder has one process at a time.

extension ComparisonSession {
    func folder(of cell: Comparison.Cell) -> RunFolder { RunFolder(path: "\(path)/\(cell.name)") }

    /// Takes part in a comparison that another process makes: trains, beside it, what nobody has trained or is at.
    ///
    /// - Returns: how many runs that were; nil where `stop` ended it early.
    public func join(until stop: StopSignal = StopSignal()) throws -> Int? {
        guard let comparison = try calibrated(until: stop) else { return nil }
        return try runFreeCells(of: comparison, until: stop)?.ran
    }

    /// Makes, in turn, the runs that nobody has made and no other process is at.
    ///
    /// - Returns: how many it made and how many others are at; nil where `stop` ended it early.
    func runFreeCells(of comparison: Comparison, until stop: StopSignal) throws -> (ran: Int, occupied: Int)? {
        var (ran, occupied) = (0, 0)
        for (index, cell) in comparison.cells.enumerated() where try folder(of: cell).readSummary() == nil {
            guard !stop.isRaised else { return nil }
            let position = StatusLine.Position(index + 1, of: comparison.cells.count)
            guard let run = try session(comparison.experiment(for: cell), folder(of: cell), position) else {
                occupied += 1
                continue
            }
            // Its last process may have completed it since it was looked at.
            guard try run.folder.readSummary() == nil else { continue }
            if ran == 0 { try comparison.warmUp() }
            guard try run.run(until: stop) != nil else { return nil }
            ran += 1
        }
        return (ran, occupied)
    }

    /// - Returns: nil where another process is at this run.
    private func session(
        _ experiment: any Experiment, _ folder: RunFolder, _ position: StatusLine.Position
    ) throws -> RunSession? {
        func hasBegun() -> Bool { FileManager.default.fileExists(atPath: folder.recipe) }
        do {
            return try hasBegun()
                ? RunSession.open(experiment, at: folder.path, position: position, quiet: isQuiet)
                : RunSession.create(experiment, at: folder.path, position: position, quiet: isQuiet)
        } catch TrainingError.inUse {
            return nil
        } catch TrainingError.folderExists where hasBegun() {
            return nil
        }
    }
}

extension ComparisonSession.Plan {
    /// Runs that are made side by side take each other's time, which the processor's clock does not count; and how long
    /// policies take is measured once, by whoever began the comparison.
    func requireSharable(_ path: String) throws(TrainingError) {
        guard kind == .timeToQuality, clock == .processor else {
            throw .mismatch(
                what: "\(path)/comparison.json", found: "\(kind.rawValue) by the \((clock ?? .wall).rawValue) clock",
                expected: "time-to-quality by the processor clock, to take part in it")
        }
        guard paces != nil else {
            throw .mismatch(
                what: "\(path)/comparison.json", found: "a comparison that still measures its policies' paces",
                expected: "one that trains, to take part in it")
        }
    }
}
