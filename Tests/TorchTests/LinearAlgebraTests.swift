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

    @Test("A matrix that is not square is an error with its shape") func notSquare() throws {
        let error = #expect(throws: TorchError.self) { _ = try Tensor.zeros([2, 3]).symmetricEigen() }
        #expect(error?.shapes == [[2, 3]])
    }
}
