import TestSupport
import Testing
import Torch

@Suite struct ThreadTests {
    @Test("A tensor made on one thread is used and freed on another")
    func handOver() async throws {
        let tensor = try Tensor([Float(1), 2, 3])
        let sum = try await Task.detached { try (tensor + 1).sum().item() }.value
        #expect(sum == 9)
        let made = try await Task.detached { try Tensor.full([4], 2) }.value
        #expect(try made.sum().item() == 8)
    }

    @Test("Each thread reads the message of its own failure")
    func messages() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for size in 3..<35 {
                group.addTask {
                    let x = try Tensor.zeros([2, size])
                    do {
                        _ = try x.matmul(x)
                        return false
                    } catch let error as TorchError {
                        return error.message.contains("(2x\(size) and 2x\(size))")
                    }
                }
            }
            for try await ownMessage in group { #expect(ownMessage) }
        }
    }
}
