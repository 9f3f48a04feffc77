import Foundation
import Testing

@testable import Reporting
@testable import Training

@Suite struct MetricsLogTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("metrics.jsonl") }

    init() throws { folder = try TemporaryFolder() }

    private func write(_ events: some Sequence<TrainingEvent>, to log: MetricsLog) throws {
        for event in events { try log.observe(event) }
    }

    private func text() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test("Every event reads back as it was written, odd names and large seeds included")
    func roundTrip() throws {
        var events = Fixtures.events()
        var start = Fixtures.start(seed: .max)
        start.recipe = "a \"quoted\"\\ name\nover two lines\t\u{1}, naïve 🎓"
        events[0] = .started(start)
        try write(events, to: MetricsLog(path: path))
        #expect(try MetricsLog.read(path: path) == events)
    }

    @Test("Every line is a JSON object with the documented keys")
    func keys() throws {
        try write(Fixtures.events(), to: MetricsLog(path: path))
        let lines = try text().split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(lines.allSatisfy { $0["event"] is String && $0["step"] is NSNumber })
        let step = try #require(lines.first { $0["event"] as? String == "step" })
        #expect(
            Set(step.keys) == [
                "event", "step", "progress", "train/loss", "train/learning_rate", "train/gradient_norm",
                "train/examples_taught", "train/examples_scored", "train/element_share", "train/seconds",
                "train/examples_per_second",
            ])
        let evaluation = try #require(lines.first { $0["event"] as? String == "evaluation" })
        #expect(evaluation["val/accuracy"] as? Double == 0.9)
        let end = try #require(lines.last)
        #expect(end["seconds/forward"] as? Double == 4 && end["test/accuracy"] as? Double == 0.95)
    }

    @Test("Numbers that JSON cannot express become null and read back as not-a-number")
    func notFinite() throws {
        var step = Fixtures.step(1, loss: .nan)
        step.gradientNorm = .infinity
        var selection = Fixtures.selection(0)
        selection.scoreQuantiles = [0, .infinity]
        try write([.stepped(step), .selected(selection)], to: MetricsLog(path: path))
        for line in try text().split(separator: "\n") {
            #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(line.utf8)) }
        }
        #expect(try text().contains("\"train/loss\":null,"))
        guard case .stepped(let readStep) = try MetricsLog.read(path: path)[0],
            case .selected(let readSelection) = try MetricsLog.read(path: path)[1]
        else {
            Issue.record("the events changed their kind")
            return
        }
        #expect(readStep.loss.isNaN && readStep.gradientNorm.isNaN && readStep.learningRate == step.learningRate)
        #expect(readSelection.scoreQuantiles[0] == 0 && readSelection.scoreQuantiles[1].isNaN)
    }

    @Test("A killed and resumed run's log equals that of a run never stopped, wherever it was cut", arguments: 0..<60)
    func resume(cut: Int) throws {
        let events = Fixtures.events()
        try write(events, to: MetricsLog(path: path))
        let undisturbed = try text()
        // Killed in the middle of a line, from the second checkpoint on.
        let checkpoint = try #require(events.firstIndex { $0.step == 4 && $0.name == "checkpoint" })
        let least = undisturbed.split(separator: "\n").prefix(checkpoint + 1).reduce(0) { $0 + $1.utf8.count + 1 }
        let length = least + (undisturbed.utf8.count - least) * cut / 59
        try Data(undisturbed.utf8.prefix(length)).write(to: URL(fileURLWithPath: path))

        let log = try MetricsLog(path: path, resumingFrom: 4)
        try log.observe(.started(Fixtures.start(firstStep: 4)))
        try write(events[(checkpoint + 1)...], to: log)
        #expect(try text() == undisturbed)
    }

    @Test("Without a checkpoint's line, what goes is every later step and an interrupted run's end")
    func resumeWithoutCheckpointLine() throws {
        let kept: [TrainingEvent] = [.started(Fixtures.start())] + (1...3).map { .stepped(Fixtures.step($0)) }
        try write(kept + [.finished(Fixtures.summary(isComplete: false))], to: MetricsLog(path: path))
        _ = try MetricsLog(path: path, resumingFrom: 3)
        #expect(try MetricsLog.read(path: path) == kept)
        _ = try MetricsLog(path: path, resumingFrom: 2)
        #expect(try MetricsLog.read(path: path) == Array(kept.dropLast()))
    }

    @Test("A run resumed beside no log starts one")
    func resumeWithoutLog() throws {
        let events: [TrainingEvent] = [.started(Fixtures.start(firstStep: 4)), .stepped(Fixtures.step(5))]
        try write(events, to: MetricsLog(path: path, resumingFrom: 4))
        #expect(try MetricsLog.read(path: path) == events)
    }

    @Test("A full disk is one clear sentence naming the file")
    func diskFull() throws {
        let file = try AppendingFile(creating: "/dev/full")
        #expect(throws: ReportingError.cannotWrite(path: "/dev/full", reason: "No space left on device")) {
            try file.append(Data("{}\n".utf8))
        }
        let error = ReportingError.cannotWrite(path: "/dev/full", reason: "No space left on device")
        #expect(error.description == "/dev/full could not be written: No space left on device.")
    }

    @Test("A folder that is missing is named")
    func missingFolder() {
        let path = folder.file("missing/metrics.jsonl")
        #expect(throws: ReportingError.cannotOpen(path: path, reason: "No such file or directory")) {
            try MetricsLog(path: path)
        }
        #expect(throws: ReportingError.cannotRead(path: path, reason: "No such file or directory")) {
            try MetricsLog.read(path: path)
        }
    }

    @Test(
        "A complete line that is no record is named with its number and what is wrong",
        arguments: [
            ("not JSON", "the line is not a JSON object"), ("{\"step\":1}", "the key `event` is missing"),
            ("{\"event\":\"lunch\",\"step\":1}", "`lunch` is not an event of this format"),
            ("{\"event\":\"checkpoint\",\"step\":1}", "the key `path` is missing"),
            ("{\"event\":\"checkpoint\",\"step\":\"x\",\"path\":\"\"}", "`step` is not of the expected type Int"),
        ])
    func malformed(line: String, reason: String) throws {
        let good = try #require(TrainingEvent.stepped(Fixtures.step(1)).jsonLine)
        try Data((good + "\n" + line + "\n").utf8).write(to: URL(fileURLWithPath: path))
        #expect(throws: ReportingError.malformedLine(path: path, line: 2, reason: reason)) {
            try MetricsLog.read(path: path)
        }
    }

    @Test("Keys of a later version of the format are passed over")
    func laterKeys() throws {
        let line =
            "{\"event\":\"evaluation\",\"step\":1,\"progress\":0.1,\"train/seconds\":2,\"val/loss\":3,\"new\":\"x\"}\n"
        try Data(line.utf8).write(to: URL(fileURLWithPath: path))
        let expected = EvaluationSummary(step: 1, progress: 0.1, seconds: 2, metrics: ["val/loss": 3])
        #expect(try MetricsLog.read(path: path) == [.evaluated(expected)])
    }

    @Test("A log becomes a run's record, and one without an end says so")
    func record() throws {
        let events = Fixtures.events()
        try write(events, to: MetricsLog(path: path))
        let record = try RunRecord(metricsLog: path)
        #expect(record.policy == "attent" && record.steps.count == 8 && record.selections.count == 4)
        #expect(record.evaluations.count == 4 && record.summary == Fixtures.summary())
        try write(events.dropLast(), to: MetricsLog(path: path))
        #expect(throws: ReportingError.missingEvent(path: path, event: "end")) { try RunRecord(metricsLog: path) }
    }

    @Test("A recorder's memory is bounded, and what it keeps is spread over the whole run")
    func recorder() throws {
        let recorder = RunRecorder()
        recorder.observe(.started(Fixtures.start()))
        for step in 1...50_000 { recorder.observe(.stepped(Fixtures.step(step, of: 50_000))) }
        recorder.observe(.finished(Fixtures.summary()))
        let steps = try #require(recorder.record).steps.map(\.step)
        #expect(steps.count < 4096 && steps.count > 2000)
        let gaps = Set(zip(steps, steps.dropFirst()).map { $1 - $0 })
        #expect(gaps.count == 1 && steps[0] == gaps.first)
    }
}
