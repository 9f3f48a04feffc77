import Checkpoints
import Foundation
import Teaching
import TestSupport
import Testing

@testable import Training

@Suite("Run folders") struct RunFolderTests {
    @Test("one process at a time trains in a folder; the lock of a dead one is recognised") func lock() throws {
        try withTemporaryFolder { folder in
            var first: RunLock? = try RunLock(folder)
            #expect(first?.deadProcess == nil)
            let error = TrainingError.inUse(path: folder, process: getpid())
            #expect(throws: error) { try RunLock(folder) }
            #expect(
                error.description
                    == "\(folder) is in use by process \(getpid()), which trains there; wait for it or stop it first")
            first = nil
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/lock"))
            try Data("4194305\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/lock"))
            #expect(try RunLock(folder).deadProcess == 4_194_305)
            #expect(throws: TrainingError.folderUnwritable(path: "\(folder)/no", reason: "No such file or directory")) {
                try RunLock("\(folder)/no")
            }
        }
    }

    @Test("a folder is made once; one whose maker was killed before it wrote a recipe is free") func creation() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/deep/run"
            _ = try RunFolder.create(path)
            try Data("4194305".utf8).write(to: URL(fileURLWithPath: "\(path)/lock"))
            #expect(try RunFolder.create(path).path == path)
            try Data("name: x".utf8).write(to: URL(fileURLWithPath: "\(path)/recipe.yaml"))
            #expect(throws: TrainingError.folderExists(path: path)) { try RunFolder.create(path) }
            try Data().write(to: URL(fileURLWithPath: "\(folder)/file"))
            #expect(throws: TrainingError.folderExists(path: "\(folder)/file")) {
                try RunFolder.create("\(folder)/file")
            }
            #expect(throws: TrainingError.self) { try RunFolder.create("\(folder)/file/run") }
        }
    }

    /// What a log keeps of the events, without the clock.
    private func trace(_ events: [TrainingEvent]) -> [String] {
        events.compactMap { event in
            switch event {
            case .started: "start"
            case .selected(let it): "selection \(it.step) \(it.selectedCount) \(it.scoreQuantiles)"
            case .stepped(let it): "step \(it.step) \(it.loss) \(it.gradientNorm)"
            case .rejected(let it): "rejection \(it.step)"
            case .evaluated(let it): "evaluation \(it.step) \(it.metrics.sorted { $0.key < $1.key })"
            case .checkpointed(let it): "checkpoint \(it.step)"
            case .exhibited: nil
            case .finished(let it): "end \(it.steps) \(it.isComplete)"
            }
        }
    }

    @Test(
        "what a resumed run emits, after what its checkpoint counts, is what one never stopped emits", arguments: 1...24
    )
    func eventCount(step: Int) throws {
        try withTemporaryFolder { root in
            var recipe = tinyRecipe(.attent, epochs: 4)
            recipe.checkpoints.everySteps = 3
            let run = try TinyRun(recipe)
            let whole = Recorder()
            _ = try run.trainer(folder: RunFolder(path: "\(root)/whole"), emit: whole.observe).run()
            let (first, second, stop) = (Recorder(), Recorder(), StopSignal())
            let folder = RunFolder(path: "\(root)/stopped")
            let before = try run.trainer(folder: folder) { event in
                first.observe(event)
                if case .stepped(let summary) = event, summary.step == step { stop.raise() }
            }.run(until: stop)
            guard !before.isComplete else { return #expect(trace(first.events) == trace(whole.events)) }
            let checkpoint = try folder.newestCheckpoint()
            let count = try #require(checkpoint.eventCount)
            let after = try run.trainer(folder: folder, emit: second.observe)
            try after.restore(checkpoint)
            _ = try after.run()
            #expect(trace(first.events).prefix(count) + trace(second.events).dropFirst() == trace(whole.events)[...])
        }
    }
}
