import Torch

/// A Aᵀ of a matrix A [R, P] whose columns come piece by piece, summed up in float64. Of the symmetric result only blocks on
/// and above the diagonal are computed.
struct GramMatrix {
    /// A product of some rows with some others.
    private struct Block {
        let rows: Range<Int>
        let columns: Range<Int>
        var sum: Tensor
    }

    private let size: Int
    private var blocks: [Block] = []

    /// Smaller blocks on the diagonal compute less of what is known by symmetry; below that products lose their speed.
    private static let side = 64

    init(rows: Int) throws(TorchError) {
        size = rows
        try divide(0..<rows)
    }

    /// Two squares on the diagonal, each divided again, and the block that they leave above it.
    private mutating func divide(_ rows: Range<Int>) throws(TorchError) {
        guard rows.count > Self.side else { return try append(rows, rows) }
        let middle = rows.lowerBound + rows.count / 2
        let (upper, lower) = (rows.lowerBound..<middle, middle..<rows.upperBound)
        try append(upper, lower)
        try divide(upper)
        try divide(lower)
    }

    private mutating func append(_ rows: Range<Int>, _ columns: Range<Int>) throws(TorchError) {
        let sum = try Tensor.zeros([rows.count, columns.count], dtype: .float64)
        blocks.append(Block(rows: rows, columns: columns, sum: sum))
    }

    /// Adds a piece of A's columns, [R, any number].
    mutating func add(_ piece: Tensor) throws(TorchError) {
        for index in blocks.indices {
            let (rows, columns) = (blocks[index].rows, blocks[index].columns)
            let product = try piece.sliced(0, rows).linear(piece.sliced(0, columns))
            blocks[index].sum = try blocks[index].sum + product.to(.float64)
        }
    }

    /// [R, R]
    func matrix() throws(TorchError) -> Tensor {
        let result = try Tensor.zeros([size, size], dtype: .float64)
        for block in blocks {
            try result.sliced(0, block.rows).sliced(1, block.columns).copy(from: block.sum)
            try result.sliced(0, block.columns).sliced(1, block.rows).copy(from: block.sum.transposed(0, 1))
        }
        return result
    }
}
