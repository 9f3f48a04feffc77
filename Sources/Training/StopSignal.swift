import Dispatch
import Foundation
import Synchronization

/// Asks a run to stop after the step in hand and to save.
public final class StopSignal: Sendable {
    private let raised = Atomic<Bool>(false)

    public init() {}

    public var isRaised: Bool { raised.load(ordering: .acquiring) }
    public func raise() { raised.store(true, ordering: .releasing) }

    /// Raises at SIGINT and SIGTERM instead of ending the process; a second signal ends it.
    public static func onTermination() -> StopSignal {
        let stop = StopSignal()
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            nonisolated(unsafe) let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                _ = source  // A source ends with its last reference; this one listens as long as the process lives.
                if stop.isRaised { _exit(128 + number) }
                stop.raise()
            }
            source.activate()
        }
        return stop
    }
}
