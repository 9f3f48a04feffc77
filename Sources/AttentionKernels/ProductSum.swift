import Torch
import Training

/// A Bᵀ of matrices A [R, P] and B [S, P] whose columns come piece by piece, summed up in float64. Of A Aᵀ only blocks on and
/// above the diagonal are computed.
struct ProductSum {
    /// A product of some rows with some others.
    private struct Block {
        let rows: Range<Int>
        let columns: Range<Int>
        var sum: Tensor
    }

    private let shape: (rows: Int, columns: Int)
    private let isSymmetric: Bool
    private var blocks: [Block] = []
    /// That of the pieces that were rounded, [R, S]; of A Aᵀ only what stands on and above the diagonal.
    private var rounded: Tensor?

    /// Of few and very long rows oneDNN's kernels are faster than our own, where they are as exact.
    private static let instead: Engine.LinearKernels = (try? Precision.fastIsExact()) == true ? .fast : .own

    /// Smaller blocks on the diagonal compute less of what is known by symmetry; below that products lose their speed.
    private static let side = 64

    /// - Parameter columns: S; nil for A Aᵀ.
    init(rows: Int, columns: Int? = nil) throws(TorchError) {
        (shape, isSymmetric) = ((rows, columns ?? rows), columns == nil)
        if isSymmetric {
            try divide(0..<rows)
        } else {
            try append(0..<shape.rows, 0..<shape.columns)
        }
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

    /// Adds a piece of both matrices' columns, [R, any number] and [S, as many]; of A's alone where the sum is A Aᵀ.
    ///
    /// - Parameter rounding: to bfloat16, which takes fp32 on the CPU.
    mutating func add(_ piece: Tensor, _ other: Tensor? = nil, rounding: Bool) throws(TorchError) {
        precondition((other == nil) == isSymmetric, "a product of two matrices takes pieces of both")
        if rounding {
            if rounded == nil { rounded = try .zeros([shape.rows, shape.columns], dtype: .float64) }
            try rounded?.addBFloat16Products(piece, other)
            return
        }
        for index in blocks.indices {
            let (rows, columns) = (blocks[index].rows, blocks[index].columns)
            // As a linear map, which ``Engine/linearKernels`` may make faster.
            let kernels = Engine.linearKernels == .own ? Self.instead : Engine.linearKernels
            let product = try Engine.withLinearKernels(kernels) { () throws(TorchError) in
                try piece.sliced(0, rows).linear((other ?? piece).sliced(0, columns))
            }
            blocks[index].sum = try blocks[index].sum + product.to(.float64)
        }
    }

    /// [R, S]
    func matrix() throws(TorchError) -> Tensor {
        guard isSymmetric else {
            guard let rounded else { return blocks[0].sum }
            return try blocks[0].sum + rounded
        }
        let result = try Tensor.zeros([shape.rows, shape.columns], dtype: .float64)
        for block in blocks {
            try result.sliced(0, block.rows).sliced(1, block.columns).copy(from: block.sum)
            try result.sliced(0, block.columns).sliced(1, block.rows).copy(from: block.sum.transposed(0, 1))
        }
        guard let rounded else { return result }
        let lower = try rounded.transposed(0, 1).lowerTriangle()
        return try result + (lower + lower.lowerTriangle(diagonal: -1).transposed(0, 1))
    }
}
