import CTorch

/// What carries tensors between processes.
public enum CommunicationBackend: String, Sendable {
    /// Over TCP, for tensors on the CPU.
    case gloo
    /// Between CUDA devices.
    case nccl

    public var isAvailable: Bool { absence == nil }

    /// What keeps it from being used here, and what to do about that.
    public var absence: MissingBackend? {
        guard self == .nccl, ct_nccl_load() != CT_OK else { return nil }
        return MissingBackend(backend: self, reason: String(cString: ct_last_error()))
    }
}

/// A backend that cannot be used here.
public struct MissingBackend: Error, Equatable, CustomStringConvertible {
    public let backend: CommunicationBackend
    public let reason: String

    public init(backend: CommunicationBackend, reason: String) { (self.backend, self.reason) = (backend, reason) }

    public var description: String { "\(backend.rawValue) cannot be used: \(reason)" }
}

/// Processes (ranks) that compute together over c10d's engine.
///
/// Every rank calls the same collectives in the same order. A collective works in place and in the background: wait for what
/// it returns. It fails where a rank is gone, at once where the connection tells and else after the timeout.
public final class ProcessGroup: @unchecked Sendable {
    let handle: ct_group
    public let rank: Int
    public let rankCount: Int
    private let store: Store

    /// Waits until all ranks are there.
    ///
    /// - Parameters:
    ///   - name: separates groups that share a store.
    ///   - address: this machine's own, by which the others reach it.
    ///   - timeout: seconds for the start and for every collective.
    public init(
        _ store: Store, name: String, rank: Int, rankCount: Int, address: String, timeout: Double
    ) throws(TorchError) {
        var handle: ct_group?
        let status = ct_group_new(store.handle, name, Int32(rank), Int32(rankCount), address, timeout, &handle)
        guard status == CT_OK, let handle else { throw TorchError(status, operation: "processGroup", operands: []) }
        (self.handle, self.rank, self.rankCount, self.store) = (handle, rank, rankCount, store)
    }

    deinit { ct_group_free(handle) }

    /// Has collectives on tensors of CUDA devices go from device to device over NCCL; those on the CPU stay with Gloo. Every
    /// rank has a device of its own, connected before the first such collective.
    ///
    /// - Parameter timeout: seconds for every collective on devices.
    /// - Throws: ``MissingBackend`` where NCCL or CUDA is missing.
    public func connect(_ device: Device, timeout: Double) throws {
        guard case .cuda(let index) = device else { return }
        if let absence = CommunicationBackend.nccl.absence { throw absence }
        try check(ct_group_connect(handle, Int32(index), timeout), "connect")
    }

    /// Ends collectives on CUDA devices that would wait for a lost rank for ever. None can begin after it.
    public func abort() throws(TorchError) { try check(ct_group_abort(handle), "abort") }

    public enum Reduction: Sendable {
        case sum
        case maximum
    }

    /// A collective under way. It keeps the tensors it works on.
    public final class Work: @unchecked Sendable {
        private let handle: ct_work
        private let tensors: [Tensor]

        fileprivate init(_ handle: ct_work, _ tensors: [Tensor]) { (self.handle, self.tensors) = (handle, tensors) }
        deinit { ct_work_free(handle) }

        public var isDone: Bool { ct_work_is_done(handle) }
        public func wait() throws(TorchError) { try check(ct_work_wait(handle), "collective", tensors) }
    }

    /// Replaces each rank's elements by their sum or maximum over all ranks.
    public func allReduce(_ x: Tensor, _ reduction: Reduction = .sum) throws(TorchError) -> Work {
        try begin("allReduce", [x]) { ct_all_reduce(handle, x.handle, reduction == .sum ? CT_SUM : CT_MAXIMUM, $0) }
    }

    /// Replaces each rank's elements by those of `root`.
    public func broadcast(_ x: Tensor, from root: Int) throws(TorchError) -> Work {
        try begin("broadcast", [x]) { ct_broadcast(handle, x.handle, Int32(root), $0) }
    }

    /// Fills `parts`, one tensor a rank of the shape of `x`, with what each rank has.
    public func allGather(_ x: Tensor, into parts: [Tensor]) throws(TorchError) -> Work {
        precondition(parts.count == rankCount, "one part a rank")
        let handles = parts.map { $0.handle as ct_tensor? }
        return try begin("allGather", [x] + parts) {
            ct_all_gather(handle, x.handle, handles, Int32(handles.count), $0)
        }
    }

    /// Waits until all ranks have come here.
    public func barrier() throws(TorchError) { try begin("barrier", []) { ct_barrier(handle, $0) }.wait() }

    private func begin(
        _ operation: StaticString, _ tensors: [Tensor], _ body: (UnsafeMutablePointer<ct_work?>) -> ct_status
    ) throws(TorchError) -> Work {
        var work: ct_work?
        let status = body(&work)
        guard status == CT_OK, let work else { throw TorchError(status, operation: operation, operands: tensors) }
        return Work(work, tensors)
    }
}

/// Averages gradients over the ranks of a group while the backward pass that makes them runs: c10d's Reducer, which sends
/// each bucket of gradients as soon as it is complete (Li et al., arXiv 2006.15704).
///
/// Around each pass whose gradients are to be averaged, call `beforeForward()` and `beforeBackward()`; a pass without them
/// adds its gradients up on its own rank. All parameters must take part in every averaged pass.
public final class GradientReducer: @unchecked Sendable {
    private let handle: ct_reducer
    private let group: ProcessGroup

    /// - Parameters:
    ///   - parameters: leaves that require gradients, in the order of the forward pass.
    ///   - firstBucketBytes: the size of the bucket sent first, small so that sending begins early.
    public init(
        _ group: ProcessGroup, _ parameters: [Tensor], firstBucketBytes: Int = 1 << 20, bucketBytes: Int = 25 << 20
    ) throws(TorchError) {
        let handles = parameters.map { $0.handle as ct_tensor? }
        var handle: ct_reducer?
        let status = ct_reducer_new(group.handle, handles, Int32(handles.count), firstBucketBytes, bucketBytes, &handle)
        guard status == CT_OK, let handle else {
            throw TorchError(status, operation: "gradientReducer", operands: parameters)
        }
        (self.handle, self.group) = (handle, group)
    }

    deinit { ct_reducer_free(handle) }

    public var bucketCount: Int { Int(ct_reducer_bucket_count(handle)) }
    public func beforeForward() throws(TorchError) { try check(ct_reducer_before_forward(handle), "gradientReducer") }
    public func beforeBackward() throws(TorchError) {
        try check(ct_reducer_before_backward(handle), "gradientReducer")
    }
}
