import Checkpoints
import Foundation

/// How far a run has come.
struct RunPosition: Codable, Equatable {
    var step = 0
    /// Examples of the current lesson that have been taught, or judged as candidates.
    var offset = 0
    /// Candidates admitted and not yet taught.
    var pending: [Int32] = []
    var evaluationCount = 0
    var examplesTaught = 0
    var epochCount = 0
}

/// What a checkpoint holds beside weights, moments and teacher: its `state.json`.
struct RunState: Codable {
    static let fileName = "state.json"
    private static let currentVersion = 1

    private var version = RunState.currentVersion
    var position: RunPosition
    var clock: PhaseClock
    var metrics: [String: Double]
    /// What the trainer has emitted up to here, this checkpoint's own event included where a run that is never stopped
    /// makes it too. Absent in checkpoints of earlier versions, as the two below are.
    var eventCount: Int?
    /// Whether a run that is never stopped makes this checkpoint too.
    var isScheduled: Bool?
    /// Steps in a row that were rejected.
    var rejections: Int?
    /// Of the training data, so that a resume on other data is refused.
    var dataFingerprint: UInt64

    init(
        position: RunPosition, clock: PhaseClock, metrics: [String: Double], eventCount: Int?, isScheduled: Bool,
        rejections: Int, dataFingerprint: UInt64
    ) {
        (self.position, self.clock, self.metrics, self.eventCount) = (position, clock, metrics, eventCount)
        (self.isScheduled, self.rejections, self.dataFingerprint) = (isScheduled, rejections, dataFingerprint)
    }

    /// - Throws: ``CheckpointError`` for a file that cannot be the state of any run.
    init(contentsOf file: String) throws(CheckpointError) {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw .unreadable(file: file, reason: "it is missing")
        }
        guard let state = try? JSONDecoder.tolerant.decode(RunState.self, from: data) else {
            throw .malformed(file: file, found: "something else", expected: "the state of a run in JSON")
        }
        self = state
        guard version == Self.currentVersion else {
            throw .malformed(file: file, found: "version \(version)", expected: "\(Self.currentVersion)")
        }
        let counts = [
            ("step", position.step), ("offset", position.offset), ("evaluationCount", position.evaluationCount),
            ("examplesTaught", position.examplesTaught), ("epochCount", position.epochCount),
            ("eventCount", eventCount ?? 0), ("rejections", rejections ?? 0),
        ]
        for (name, count) in counts where !(0...1 << 50).contains(count) {
            throw .malformed(file: file, found: "\(name) \(count)", expected: "a count")
        }
    }
}

extension CheckpointFolder {
    /// How many lines of the run's log belong before this checkpoint; nil where it does not say.
    public var eventCount: Int? { (try? RunState(contentsOf: file(RunState.fileName)))?.eventCount }
}
