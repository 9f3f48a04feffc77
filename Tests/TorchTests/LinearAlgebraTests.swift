import TestSupport
import Testing
import Torch

@Suite struct LinearAlgebraTests {
    @Test("Eigenvalues rise, and eigenvectors rebuild the matrix") func rebuilds() throws {
        let factor = try Tensor.random([6, 9], seed: 1)
        let matrix = try factor.matmul(factor.transposed(0, 1))
        let (values, vectors) = try matrix.symmetricEigen()
        #expect(try values.doubles == values.doubles.sorted())
        let rebuilt = try (vectors * values).matmul(vectors.transposed(0, 1))
        #expect(try mismatch(rebuilt, matrix, .numerical) == nil)
        #expect(try mismatch(vectors.transposed(0, 1).matmul(vectors), .eye(6, dtype: .float64), .numerical) == nil)
    }

    /// What rounding leaves of fp32.
    private func rounded(_ x: Tensor) throws -> Tensor { try x.to(.bfloat16).to(.float64) }

    @Test(
        "Products in bfloat16 are those of rounded elements, for all sizes",
        arguments: [[1, 1, 1], [3, 70, 45], [64, 64, 32], [130, 65, 1100], [16, 128, 31]])
    func roundedProducts(sizes: [Int]) throws {
        let a = try Tensor.random([sizes[0], sizes[2]], seed: 1).to(.float32)
        let b = try Tensor.random([sizes[1], sizes[2]], seed: 2).to(.float32)
        let start = try Tensor.random([sizes[0], sizes[1]], seed: 3)
        let sum = try start.clone()
        try sum.addBFloat16Products(a, b)
        let expected = try start + rounded(a).matmul(rounded(b).transposed(0, 1))
        #expect(try mismatch(sum, expected, Tolerance(absolute: 1e-4, relative: 1e-5)) == nil)
        // Of a matrix with itself one half is left out.
        let square = try Tensor.zeros([sizes[0], sizes[0]], dtype: .float64)
        try square.addBFloat16Products(a)
        try square.addBFloat16Products(a)
        let half = try square.transposed(0, 1).lowerTriangle()
        let whole = try rounded(a).matmul(rounded(a).transposed(0, 1)) * 2
        #expect(try mismatch(half, whole.lowerTriangle(), Tolerance(absolute: 2e-4, relative: 1e-5)) == nil)
    }

    @Test("Products in bfloat16 of what does not fit are errors") func badProducts() throws {
        let sum = try Tensor.zeros([2, 3], dtype: .float64)
        for (a, b) in [([2, 4], [3, 5]), ([2, 4], [2, 4]), ([8], [8])] {
            #expect(throws: TorchError.self) { try sum.addBFloat16Products(.zeros(a), .zeros(b)) }
        }
        #expect(throws: TorchError.self) {
            try sum.addBFloat16Products(.zeros([2, 4], dtype: .float64), .zeros([3, 4]))
        }
        #expect(throws: TorchError.self) { try sum.addBFloat16Products(.zeros([2, 4])) }
    }

    @Test(
        "Products of many transposed matrices with short ones are those in fp64",
        arguments: [[3, 17, 32, 16], [2, 1, 5, 48], [5, 128, 7, 64], [2, 129, 7, 16], [2, 9, 7, 10]])
    func outerProducts(sizes: [Int]) throws {
        let (batch, length, rows, columns) = (sizes[0], sizes[1], sizes[2], sizes[3])
        // Columns of something wider, as slices of a gradient are.
        let a = try Tensor.random([batch, length, rows + 4], seed: 1).to(.float32).sliced(2, 3..<rows + 3)
        let b = try Tensor.random([batch, length, columns], seed: 2).to(.float32)
        let found = try a.transposed(1, 2).matmul(b)
        let expected = try a.to(.float64).transposed(1, 2).matmul(b.to(.float64))
        #expect(try mismatch(found, expected, Tolerance(absolute: 1e-4, relative: 1e-5)) == nil)
        // With a graph it is an operation like any other: the derivative of the sum by b is what meets it of a.
        let leaf = try b.clone().requiringGradient()
        try a.transposed(1, 2).matmul(leaf).sum().backward()
        let gradient = try #require(try leaf.gradient())
        let sums = try a.sum(2).unsqueezed(-1).expanded(batch, length, columns)
        #expect(try mismatch(gradient, sums, Tolerance(absolute: 1e-4, relative: 1e-5)) == nil)
    }

    @Test("A matrix that is not square is an error with its shape") func notSquare() throws {
        let error = #expect(throws: TorchError.self) { _ = try Tensor.zeros([2, 3]).symmetricEigen() }
        #expect(error?.shapes == [[2, 3]])
    }
}
