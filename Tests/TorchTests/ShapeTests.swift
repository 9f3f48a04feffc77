import TestSupport
import Testing
import Torch

@Suite struct ShapeTests {
    let x: Tensor  // 0, 1, … 5 as [2, 3]

    init() throws { x = try Tensor.arange(6, dtype: .float32).reshaped(2, 3) }

    @Test("Views rearrange the elements")
    func views() throws {
        #expect(try x.reshaped(-1, 2).shape == [3, 2])
        #expect(try x.transposed(0, -1).floats == [0, 3, 1, 4, 2, 5])
        #expect(try x.unsqueezed(0).permuted(2, 0, 1).shape == [3, 1, 2])
        #expect(try x.unsqueezed(1).shape == [2, 1, 3])
        #expect(try x.unsqueezed(-1).squeezed(-1).shape == [2, 3])
        #expect(try x.flipped(1).floats == [2, 1, 0, 5, 4, 3])
        #expect(try x.sliced(1, 1..<3).floats == [1, 2, 4, 5])
        #expect(try x.sliced(-1, 0..<3, step: 2).floats == [0, 2, 3, 5])
        let row = try x.sliced(0, 0..<1).expanded(2, 3)
        #expect(try row.floats == [0, 1, 2, 0, 1, 2])
        #expect(x.size(0) == 2 && x.size(-1) == 3)
    }

    @Test("Joins undo splits")
    func joins() throws {
        let columns = try x.chunked(3, 1)
        #expect(columns.map(\.shape) == [[2, 1], [2, 1], [2, 1]])
        #expect(try Tensor.concatenated(columns, 1).floats == x.floats)
        let stacked = try Tensor.stacked([x, x + 10])
        #expect(stacked.shape == [2, 2, 3])
        #expect(try stacked.sliced(0, 1..<2).floats == [10, 11, 12, 13, 14, 15])
    }

    @Test("A dimension splits only into equal pieces")
    func unequalPieces() {
        let error = #expect(throws: TorchError.self) { try x.chunked(2, 1) }
        #expect(error?.operation == "chunked")
        #expect(error?.message.contains("3 elements does not divide into 2") == true)
    }

    @Test("Indices gather, scatter and select")
    func indexing() throws {
        let index = try Tensor([Int64(2), 0], shape: [2, 1])
        #expect(try x.gathered(1, index).floats == [2, 3])
        #expect(try x.scattered(1, index, Tensor.full([2, 1], -1)).floats == [0, 1, -1, -1, 4, 5])
        #expect(try x.floats == [0, 1, 2, 3, 4, 5])
        #expect(try x.selected(1, Tensor([Int64(2), 2, 0])).floats == [2, 2, 0, 5, 5, 3])
        #expect(try x.selected(where: x.greater(2)).floats == [3, 4, 5])
        #expect(try x.embedding(Tensor([Int64(1), 0, 1])).floats == [3, 4, 5, 0, 1, 2, 3, 4, 5])
    }

    @Test("Patterns are built as named")
    func patterns() throws {
        #expect(try Tensor.ones([3, 3]).lowerTriangle().floats == [1, 0, 0, 1, 1, 0, 1, 1, 1])
        #expect(try Tensor.ones([2, 2]).lowerTriangle(diagonal: -1).floats == [0, 0, 1, 0])
        #expect(try Tensor([Int64(1), 0]).oneHot(classes: 3).integers == [0, 1, 0, 1, 0, 0])
        #expect(try Tensor([Float(1), 2]).repeatInterleaved(2, 0).floats == [1, 1, 2, 2])
    }
}
