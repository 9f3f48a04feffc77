import TestSupport
import Testing
import Torch

@Suite struct ErrorTests {
    @Test("A product of shapes that do not fit names the operation, the shapes and libtorch's reason")
    func matmul() throws {
        let (a, b) = (try Tensor.zeros([2, 3]), try Tensor.zeros([4, 5]))
        let error = try #require(throws: TorchError.self) { try a.matmul(b) }
        #expect(error.kind == .failed)
        #expect(error.operation == "matmul")
        #expect(error.shapes == [[2, 3], [4, 5]])
        #expect(error.message.contains("cannot be multiplied (2x3 and 4x5)"))
        #expect(error.description == "matmul([2, 3], [4, 5]): \(error.message)")
        #expect(!error.message.contains("frame #"), "a C++ backtrace is no help to a user")
    }

    @Test("Memory that cannot be had is told apart")
    func outOfMemory() throws {
        let error = try #require(throws: TorchError.self) { try Tensor.empty([1 << 50]) }
        #expect(error.kind == .outOfMemory)
        #expect(error.description.hasPrefix("out of memory in empty()"))
    }

    @Test("An index out of range is told apart")
    func index() throws {
        let x = try Tensor.zeros([2, 3])
        let error = try #require(throws: TorchError.self) { try x.sum(2) }
        #expect(error.kind == .invalidIndex)
        #expect(error.operation == "sum" && error.shapes == [[2, 3]])
        let table = try #require(throws: TorchError.self) { try x.embedding(Tensor([Int64(2)])) }
        #expect(table.operation == "embedding" && table.message.contains("index out of range"))
        let rows = try #require(throws: TorchError.self) { try x.selected(0, Tensor([Int64(-1)])) }
        #expect(rows.operation == "selected" && rows.shapes == [[2, 3], [1]])
    }

    @Test("Every family of operations fails with its own name and operands")
    func operations() throws {
        let (x, y) = (try Tensor.zeros([2, 3]), try Tensor.zeros([2, 4]))
        let labels = try Tensor([Int64(0), 7])
        let failures: [(String, [[Int]], () throws -> Void)] = [
            ("add", [[2, 3], [2, 4]], { _ = try x + y }),
            ("reshaped", [[2, 3]], { _ = try x.reshaped(4, 2) }),
            ("concatenated", [[2, 3], [2, 4]], { _ = try Tensor.concatenated([x, y], 0) }),
            ("linear", [[2, 3], [2, 4]], { _ = try x.linear(y) }),
            ("crossEntropy", [[2, 3], [2]], { _ = try x.crossEntropy(labels) }),
            ("item", [[2, 3]], { _ = try x.item() }),
            ("backward", [[2, 3]], { try x.backward() }),
            ("top", [[2, 3]], { _ = try x.top(4) }),
        ]
        for (name, shapes, body) in failures {
            let error = try #require(throws: TorchError.self) { try body() }
            #expect(error.operation == name)
            #expect(error.shapes == shapes)
            #expect(!error.message.isEmpty)
        }
    }

    @Test("An error leaves the engine usable and the next error carries its own message")
    func recovery() throws {
        let x = try Tensor.zeros([2, 3])
        let first = try #require(throws: TorchError.self) { try x.matmul(x) }
        let second = try #require(throws: TorchError.self) { try x.reshaped(7) }
        #expect(first.message != second.message)
        #expect(try (x + 1).sum().item() == 6)
    }
}
