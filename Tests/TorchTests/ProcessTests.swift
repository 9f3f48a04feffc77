import NN
import TestSupport
import Testing
import Torch

#if compiler(>=6.2)
    /// What concerns the whole process, each in a process of its own: the count of tensors, the default generator.
    @Suite struct ProcessTests {
        @Test("A thousand training steps leave as many tensors as they found")
        func training() async {
            await #expect(processExitsWith: .success) {
                Engine.threadCount = 1
                let (learner, parameters) = try TinyLearner.make()
                let optimizer = try AdamW(parameters, .init(weightDecay: 0.01))
                let (points, quadrants) = try TinyLearner.examples(64)
                func step() throws -> Double {
                    let loss = try learner.logits(points).crossEntropy(quadrants)
                    try loss.backward()
                    _ = try optimizer.step(learningRate: 0.01, clippingTo: 1)
                    return try loss.item()
                }
                let first = try step()
                let before = Tensor.liveCount
                var last = first
                for _ in 0..<1000 { last = try step() }
                #expect(Tensor.liveCount == before)
                #expect(last < 0.2 * first)
            }
        }

        @Test("A failed operation leaves no tensor behind")
        func failures() async {
            await #expect(processExitsWith: .success) {
                let x = try Tensor.zeros([2, 3])
                let before = Tensor.liveCount
                for _ in 0..<100 {
                    #expect(throws: TorchError.self) { try x.matmul(x + 1) }
                    #expect(throws: TorchError.self) { try x.chunked(2, 1) }
                    #expect(throws: TorchError.self) { try (x + 1).top(4) }
                }
                #expect(Tensor.liveCount == before)
            }
        }

        @Test("Tensors are freed by whichever thread drops them last")
        func threads() async {
            await #expect(processExitsWith: .success) {
                let shared = try Tensor.ones([16, 16])
                let before = Tensor.liveCount
                let sums = try await withThrowingTaskGroup(of: [Tensor].self) { group in
                    for _ in 0..<8 { group.addTask { try (0..<250).map { try shared * Double($0) } } }
                    return try await group.reduce(into: [Double]()) { try $0.append($1[249].sum().item()) }
                }
                #expect(sums == [Double](repeating: 249 * 256, count: 8))
                // A finished task may hold its result for another moment.
                for _ in 0..<1000 where Tensor.liveCount > before { try await Task.sleep(for: .milliseconds(1)) }
                #expect(Tensor.liveCount == before)
            }
        }

        @Test("Dropout zeroes its share and scales up the rest, and depends on the seed alone")
        func dropout() async {
            await #expect(processExitsWith: .success) {
                let ones = try Tensor.ones([100_000])
                try Engine.seed(5)
                let first = try ones.dropout(0.25).floats
                #expect(Set(first) == [0, Float(1) / 0.75])
                #expect((Double(first.count { $0 == 0 }) / 100_000).isNear(0.25, 0.01))
                #expect(try ones.dropout(0.25).floats != first)
                try Engine.seed(5)
                #expect(try ones.dropout(0.25).floats == first)
                try Engine.seed(6)
                #expect(try ones.dropout(0.25).floats != first)
            }
        }

        @Test("The thread count is what it was set to")
        func threadCount() async {
            await #expect(processExitsWith: .success) {
                for count in [1, 2] {
                    Engine.threadCount = count
                    #expect(Engine.threadCount == count)
                }
            }
        }
    }
#endif
