import Foundation
import Testing
import Torch

/// Ranks on threads of this process, which talk over the loopback interface as processes would.
@Suite(.serialized) struct ProcessGroupTests {
    /// Runs `body` on every rank.
    private static func ranks<Outcome: Sendable>(
        _ count: Int, timeout: Double = 20, _ body: @escaping @Sendable (ProcessGroup, Store) throws -> Outcome
    ) async throws -> [Outcome] {
        let host = try Store(host: "127.0.0.1", port: 0, isHost: true, timeout: timeout)
        return try await withThrowingTaskGroup(of: (Int, Outcome).self) { tasks in
            for rank in 0..<count {
                tasks.addTask {
                    try await onThread {
                        let store = try Store(host: "127.0.0.1", port: host.port, isHost: false, timeout: timeout)
                        let group = try ProcessGroup(
                            store, name: "test", rank: rank, rankCount: count, address: "127.0.0.1", timeout: timeout)
                        return (rank, try body(group, store))
                    }
                }
            }
            return try await tasks.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// Blocks a thread of its own, not one that tasks share.
    private static func onThread<Outcome: Sendable>(
        _ body: @escaping @Sendable () throws -> Outcome
    ) async throws -> Outcome {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try body() }) }.start()
        }
    }

    @Test("sums, maxima, broadcasts and gathers are those of all ranks, on every rank")
    func collectives() async throws {
        let outcomes = try await Self.ranks(3) { group, _ in
            let mine = Float(group.rank + 1)
            let (sum, maximum) = (try Tensor([mine, 10]), try Tensor([mine, -mine]))
            let (sent, parts) = (try Tensor([mine]), try (0..<3).map { _ in try Tensor.zeros([1]) })
            let works = [
                try group.allReduce(sum), try group.allReduce(maximum, .maximum),
                try group.broadcast(sent, from: 1), try group.allGather(Tensor([mine]), into: parts),
            ]
            for work in works { try work.wait() }
            #expect(works.allSatisfy { $0.isDone })
            try group.barrier()
            return try sum.values() + maximum.values() + sent.values() + parts.flatMap { try $0.values() as [Float] }
        }
        for outcome in outcomes { #expect(outcome == [6, 30, 3, -1, 2, 1, 2, 3]) }
    }

    @Test("the store hands keys around, and names one that does not come")
    func store() async throws {
        let values = try await Self.ranks(2) { group, store in
            try store.set("from \(group.rank)", to: [UInt8(group.rank), 7])
            #expect(throws: TorchError.self) { try store.value(of: "absent", timeout: 0.2) }
            #expect(try !store.has("absent"))
            return try store.value(of: "from \(1 - group.rank)", timeout: 10)
        }
        #expect(values == [[1, 7], [0, 7]])
    }

    @Test("of the ranks that set a key first one does, and all get its bytes")
    func first() async throws {
        let values = try await Self.ranks(3) { group, store in
            try store.setFirst("first", to: [UInt8(group.rank), 7])
        }
        #expect(Set(values).count == 1 && values[0].count == 2, "\(values)")
    }

    @Test("the reducer's gradients are the mean of all ranks', bit for bit, and passes without it add up")
    func reducer() async throws {
        let gradients = try await Self.ranks(2) { group, _ in
            let weights = try (0..<3).map { try Tensor.full([4, 4], 0.1 * Double($0 + 1)).requiringGradient() }
            let reducer = try GradientReducer(group, weights, firstBucketBytes: 64, bucketBytes: 64)
            #expect(reducer.bucketCount == 3)
            func loss(_ value: Double) throws -> Tensor {
                var x = try Tensor.full([2, 4], value)
                for weight in weights { x = try x.matmul(weight) }
                return try x.sum()
            }
            // The first of two passes is not averaged; three steps, since buckets are rebuilt after the first.
            var results: [[Float]] = []
            for _ in 0..<3 {
                for weight in weights { try weight.setGradient(nil) }
                try loss(Double(group.rank + 1)).backward()
                try reducer.beforeForward()
                let last = try loss(Double(2 * group.rank + 4))
                try reducer.beforeBackward()
                try last.backward()
                results.append(try weights.flatMap { try $0.gradient()?.values() ?? [] })
            }
            var expected: [Float] = []
            for weight in weights { try weight.setGradient(nil) }
            // The mean of (1 + 4) and (2 + 6).
            try loss(6.5).backward()
            for weight in weights { expected += try weight.gradient()?.values() ?? [] }
            for result in results {
                #expect(zip(result, expected).allSatisfy { abs($0 - $1) <= 1e-6 * abs($1) } && !result.isEmpty)
            }
            return results
        }
        #expect(gradients[0] == gradients[1])
    }

    @Test("a rank that leaves ends the others' collectives with an error, and an absent one the start")
    func loss() async throws {
        let failures = try await Self.ranks(2, timeout: 2) { group, _ in
            guard group.rank == 0 else { return true }
            do {
                try group.allReduce(Tensor([1])).wait()
                return false
            } catch { return "\(error)".contains("allReduce") || "\(error)".contains("collective") }
        }
        #expect(failures == [true, true])
        let host = try Store(host: "127.0.0.1", port: 0, isHost: true, timeout: 1)
        #expect(throws: TorchError.self) {
            try ProcessGroup(host, name: "late", rank: 0, rankCount: 2, address: "127.0.0.1", timeout: 1)
        }
    }

    @Test(
        "between CUDA devices sums and gradients are those of all ranks, over NCCL, and the host's stay with Gloo",
        .enabled(
            if: Engine.cudaDeviceCount > 1 && CommunicationBackend.nccl.isAvailable,
            "this takes two CUDA devices and libattent_nccl.so"))
    func devices() async throws {
        let outcomes = try await Self.ranks(2) { group, _ in
            let device = Device.cuda(group.rank)
            try group.connect(device, timeout: 20)
            let mine = Float(group.rank + 1)
            let (sum, sent) = (try Tensor([mine, 10], device: device), try Tensor([mine], device: device))
            let (maximum, host) = (try Tensor([mine], device: device), try Tensor([mine]))
            let works = [
                try group.allReduce(sum), try group.broadcast(sent, from: 1), try group.allReduce(maximum, .maximum),
                try group.allReduce(host),
            ]
            for work in works { try work.wait() }
            let weight = try Tensor.full([3], 2.0, device: device).requiringGradient()
            let reducer = try GradientReducer(group, [weight])
            try reducer.beforeForward()
            let loss = try (weight * Double(group.rank + 1)).sum()
            try reducer.beforeBackward()
            try loss.backward()
            try group.allReduce(sent).wait()
            return try [sum, sent, maximum, host].flatMap { try $0.values() as [Float] }
                + (weight.gradient()?.values() ?? [])
        }
        for outcome in outcomes { #expect(outcome == [3, 20, 4, 2, 3, 1.5, 1.5, 1.5]) }
    }

    @Test("a port in use, and a backend that is not there, are said to be so")
    func refusals() async throws {
        let host = try Store(host: "127.0.0.1", port: 0, isHost: true, timeout: 5)
        let error = #expect(throws: TorchError.self) {
            try Store(host: "127.0.0.1", port: host.port, isHost: true, timeout: 1)
        }
        #expect(error?.message.contains("EADDRINUSE") == true)
        #expect(CommunicationBackend.gloo.isAvailable)
        if let absence = CommunicationBackend.nccl.absence {
            let group = try ProcessGroup(host, name: "x", rank: 0, rankCount: 1, address: "127.0.0.1", timeout: 5)
            #expect(throws: absence) { try group.connect(.cuda(0), timeout: 5) }
            // Nothing to end where nothing was connected.
            try group.abort()
            let advice = ["set ATTENT_TORCH", "check the driver", "run 'make cuda'", "with 'make cuda'"]
            #expect(advice.contains { absence.reason.contains($0) }, "\(absence)")
        }
        #expect(try Store.localAddress(reaching: "127.0.0.1", port: 29500) == "127.0.0.1")
    }
}
