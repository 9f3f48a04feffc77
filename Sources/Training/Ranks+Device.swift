import Foundation
import Torch

extension Ranks {
    /// Has tensors on this rank's CUDA device go over NCCL from then on, while what lies on the host stays with Gloo. All
    /// ranks call this; what keeps one of them from it, all say in the same sentence. Once connected it does nothing.
    public func connect(_ device: Device) throws {
        guard let group, case .cuda(let index) = device, mark.withLock({ $0?.device }) != device else { return }
        let identities = try everyone {
            if let absence = CommunicationBackend.nccl.absence { throw absence }
            return try Engine.identity(ofCUDADevice: index)
        }
        if let shared = Self.sharedDevice(identities) { throw shared }
        _ = try everyone {
            try group.connect(device, timeout: timeout)
            return ""
        }
        enter("while their devices connect")
        try setMark(on: device)
        // NCCL itself waits without a limit for ranks that it cannot reach.
        _ = try together { _ in try Self.within(seconds: timeout + 2) { [self] in try waitForDevices() } }
    }

    /// That two ranks have the same device, if they do: each would wait for the other.
    static func sharedDevice(_ identities: [String]) -> RankError? {
        for (rank, identity) in identities.enumerated() {
            guard let first = identities.firstIndex(of: identity), first < rank else { continue }
            return .unsupported(
                what: "the device of rank \(rank)", found: "that of rank \(first) (\(identity))",
                expected: "one of its own")
        }
        return nil
    }

    /// Prepares ``settle()`` for collectives on a device.
    func setMark(on device: Device) throws {
        let zero = try Tensor.zeros([1], device: device)
        mark.withLock { $0 = zero }
    }

    /// Waits until the device is through with the collectives that it was given, and finds out if a rank is lost meanwhile.
    ///
    /// A collective on a CUDA device is only queued by the host, which would then wait without a limit where it reads a
    /// number. Nothing to do for ranks on CPUs.
    func settle() throws { _ = try together { _ in try waitForDevices() } }

    private func waitForDevices() throws {
        guard let group, let mark = mark.withLock({ $0 }) else { return }
        // The last in the queue, so that all are done when it is.
        let work = try group.allReduce(mark)
        try watch { work.isDone }
        try work.wait()
    }
}

extension Recipe {
    /// Connects the ranks' devices, where the recipe is for CUDA; all ranks have the same recipe.
    public func connect(_ ranks: Ranks) throws { try ranks.connect(training.place) }

    /// The recipe with this rank's device: where it asks for `cuda`, that of the rank's number among its machine's. All
    /// ranks call this; where one lacks that device, all say so in the same sentence.
    ///
    /// - Parameter deviceCount: the CUDA devices that this rank sees.
    public func placed(among ranks: Ranks, deviceCount: Int = Engine.cudaDeviceCount) throws -> Recipe {
        guard ranks.rankCount > 1 else { return self }
        let asks = training.device == "cuda"
        // Whatever this rank's recipe says, as nobody knows yet that it is the others' too.
        _ = try ranks.everyone {
            guard asks, deviceCount > 0, ranks.localRank >= deviceCount else { return "" }
            let limit = "below \(deviceCount), the number of CUDA devices that this rank sees, for training.device cuda"
            throw RankError.variable(name: "LOCAL_RANK", found: "\(ranks.localRank)", expected: limit)
        }
        guard asks else { return self }
        var placed = self
        placed.training.rankDevice = .cuda(ranks.localRank)
        return placed
    }
}
