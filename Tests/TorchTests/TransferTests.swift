import TestSupport
import Testing
import Torch

@Suite struct TransferTests {
    @Test("Values of every Swift element type come back unchanged")
    func elementTypes() throws {
        func roundTrip<Element: TensorElement & Equatable>(_ values: [Element]) throws {
            let tensor = try Tensor(values, shape: [values.count / 2, 2])
            #expect(tensor.dtype == Element.dtype)
            #expect(tensor.shape == [values.count / 2, 2])
            #expect(try tensor.values(as: Element.self) == values)
        }
        try roundTrip([Float(0), -0.1, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .infinity, -1e-30])
        try roundTrip([0.1, -.pi, .greatestFiniteMagnitude, .leastNonzeroMagnitude])
        try roundTrip([Int64.min, .max, 0, -1])
        try roundTrip([Int32.min, .max, 0, -1])
        try roundTrip([UInt8.min, .max, 1, 128])
    }

    @Test("The bytes of every dtype come back unchanged", arguments: DType.allCases)
    func bytes(dtype: DType) throws {
        // Patterns that are valid in every type: zeros and ones are the only Booleans.
        let pattern = (0..<6 * dtype.byteCount).map { UInt8($0 % 3 == 0 ? 1 : 0) }
        let tensor = try pattern.withUnsafeBytes { try Tensor(bytes: $0, dtype: dtype, shape: [3, 2]) }
        #expect(tensor.dtype == dtype)
        #expect(tensor.shape == [3, 2] && tensor.count == 6 && tensor.rank == 2)
        #expect(try tensor.bytes() == pattern)
        #expect(try tensor.clone().transposed(0, 1).transposed(0, 1).bytes() == pattern)
    }

    @Test("Small integers survive a conversion to every dtype and back", arguments: DType.allCases)
    func conversion(dtype: DType) throws {
        let values: [Float] = dtype == .bool ? [0, 1, 1, 0] : [0, 1, 2, 100]
        let converted = try Tensor(values).to(dtype)
        #expect(converted.dtype == dtype)
        #expect(try converted.floats == values)
        #expect(try converted.to(.float64).floats == values)
    }

    @Test("A tensor without elements keeps its shape and dtype", arguments: DType.allCases)
    func empty(dtype: DType) throws {
        let tensor = try Tensor(bytes: UnsafeRawBufferPointer(start: nil, count: 0), dtype: dtype, shape: [0, 3])
        #expect(tensor.shape == [0, 3] && tensor.count == 0)
        #expect(tensor.dtype == dtype)
        #expect(try tensor.bytes().isEmpty)
        #expect(try Tensor([Int64]()).integers.isEmpty)
    }

    @Test("Constructors fill as their names say")
    func constructors() throws {
        #expect(try Tensor.zeros([2, 2]).floats == [0, 0, 0, 0])
        #expect(try Tensor.ones([3], dtype: .int32).integers == [1, 1, 1])
        #expect(try Tensor.full([2], 2.5, dtype: .float64).doubles == [2.5, 2.5])
        #expect(try Tensor.arange(4).integers == [0, 1, 2, 3])
        #expect(try Tensor.eye(2).floats == [1, 0, 0, 1])
        #expect(try Tensor.empty([2, 5], dtype: .uint8).shape == [2, 5])
        #expect(try Tensor(3.5).item() == 3.5)
        #expect(try Tensor(3.5).shape == [])
        let leaf = try Tensor.ones([2], dtype: .float64).requiringGradient()
        let zeros = try leaf.zerosLike()
        #expect(try zeros.doubles == [0, 0])
        #expect(zeros.dtype == .float64 && !zeros.requiresGradient)
    }

    @Test("A copy is independent, a view is not")
    func sharing() throws {
        let original = try Tensor([Float(1), 2, 3, 4])
        let (copy, view) = (try original.clone(), try original.reshaped(2, 2))
        try original.copy(from: Tensor([Int64(5), 6, 7, 8]))
        #expect(try copy.floats == [1, 2, 3, 4])
        #expect(try view.floats == [5, 6, 7, 8])
        try view.fill(0)
        #expect(try original.floats == [0, 0, 0, 0])
    }

    @Test("Only equal shapes are copied into each other")
    func copyOfAnotherShape() throws {
        let target = try Tensor.zeros([2, 3])
        let error = #expect(throws: TorchError.self) { try target.copy(from: .ones([3])) }
        #expect(error?.shapes == [[2, 3], [3]])
    }

    @Test("A transposed view is read in its own row-major order")
    func strides() throws {
        let view = try Tensor([Float(1), 2, 3, 4, 5, 6], shape: [2, 3]).transposed(0, 1)
        #expect(!view.isContiguous)
        #expect(try view.floats == [1, 4, 2, 5, 3, 6])
        #expect(try view.contiguous().isContiguous)
    }

    @Test("Borrowed memory is shared, and its owner lives exactly as long as the tensors over it")
    func borrowing() throws {
        final class Owner {
            let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
            deinit { bytes.deallocate() }
        }
        var owner: Owner? = Owner()
        weak let released = owner
        owner?.bytes.storeBytes(of: 1.5, as: Double.self)
        var tensor = try owner.map { try Tensor.borrowing(.init($0.bytes), owner: $0, dtype: .float64, shape: [1]) }
        var view = try tensor?.reshaped(1, 1)
        owner?.bytes.storeBytes(of: 2.5, as: Double.self)
        owner = nil
        tensor = nil
        #expect(released != nil)
        #expect(try view?.item() == 2.5)
        view = nil
        #expect(released == nil)
    }

    @Test("Devices read as they are written, and nothing else does")
    func devices() throws {
        for device in [Device.cpu, .cuda(0), .cuda(3), .mps] { #expect(Device(device.description) == device) }
        #expect(Device("cuda") == .cuda(0))
        for name in ["", "CPU", "cuda:", "cuda:-1", "cuda:x", "gpu"] { #expect(Device(name) == nil) }
        #expect(try Tensor.zeros([1]).device == .cpu)
        #expect(try Tensor.zeros([1]).to(.cpu).device == .cpu)
    }
}
