import Training

/// Something that follows a run: a console, a log, a recorder.
///
/// Observers are called on the thread that trains, between steps, so they must be quick. An observer that throws ends
/// the run: throw only when what is lost cannot be made again.
public protocol RunObserver: AnyObject {
    func observe(_ event: TrainingEvent) throws
}

/// Several observers as one; each sees every event, in the order given.
public final class RunObservers: RunObserver {
    private let observers: [any RunObserver]

    public init(_ observers: [any RunObserver]) {
        self.observers = observers
    }

    public func observe(_ event: TrainingEvent) throws {
        for observer in observers { try observer.observe(event) }
    }
}
