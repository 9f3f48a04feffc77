import Checkpoints
import Foundation
import NN
import TestSupport
import Testing
import Torch

@Suite struct SafetensorsTests {
    @Test("Tensors of every type and shape come back bit by bit, with their metadata")
    func roundTrip() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/model.safetensors"
            let written = try everyType()
            try SafetensorsFile.write(written, metadata: ["format": "pt", "step": "12"], to: path)
            let file = try SafetensorsFile(path)
            #expect(file.metadata == ["format": "pt", "step": "12"])
            #expect(file.tensorNames == written.map(\.name).sorted())
            for entry in written {
                let read = try file.tensor(named: entry.name)
                #expect(file.dtype(of: entry.name) == entry.tensor.dtype && read.dtype == entry.tensor.dtype)
                #expect(file.shape(of: entry.name) == entry.tensor.shape && read.shape == entry.tensor.shape)
                #expect(try read.bytes() == entry.tensor.bytes(), "\(entry.name)")
            }
            #expect(try names(in: folder) == ["model.safetensors"])
        }
    }

    @Test("A file without tensors and a strided tensor are written as well")
    func corners() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/x.safetensors"
            try SafetensorsFile.write([], to: path)
            #expect(try SafetensorsFile(path).tensorNames.isEmpty)
            let strided = try Tensor.arange(6).reshaped(2, 3).transposed(0, 1)
            try SafetensorsFile.write([.init(name: "x", tensor: strided)], to: path)
            #expect(try SafetensorsFile(path).tensor(named: "x").integers == [0, 3, 1, 4, 2, 5])
        }
    }

    @Test("The data begins at a multiple of eight bytes")
    func alignment() throws {
        try withTemporaryFolder { folder in
            for length in 1...9 {
                let path = "\(folder)/\(length).safetensors"
                try SafetensorsFile.write(
                    [.init(name: String(repeating: "n", count: length), tensor: .zeros([1]))], to: path)
                #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count % 8 == 4)
            }
        }
    }

    @Test("A tensor outlives the file object it was read from")
    func lifetime() throws {
        let tensor = try withTemporaryFolder { folder in
            let path = "\(folder)/x.safetensors"
            try SafetensorsFile.write([.init(name: "x", tensor: Tensor([Float(1), 2, 3]))], to: path)
            return try SafetensorsFile(path).tensor(named: "x")
        }
        #expect(try tensor.floats == [1, 2, 3])
    }

    @Test("A name that the file does not hold is an error")
    func unknownName() throws {
        let file = try SafetensorsFile(golden("every-type"))
        #expect(file.shape(of: "absent") == nil && file.dtype(of: "absent") == nil)
        #expect(throws: CheckpointError.malformed(file: file.path, found: "no tensor absent", expected: "one")) {
            try file.tensor(named: "absent")
        }
    }

    @Test("What the reference implementation wrote is read here")
    func readsReference() throws {
        let file = try SafetensorsFile(golden("every-type"))
        for (index, dtype) in [DType.uint8, .int32, .int64, .float16, .bfloat16, .float32, .float64, .bool].enumerated()
        {
            let tensor = try file.tensor(named: dtype.description)
            #expect(tensor.dtype == dtype && tensor.shape == [index + 1, 3])
            let expected = (0..<3 * (index + 1)).map { Double(dtype == .bool ? min($0, 1) : $0) }
            #expect(try tensor.doubles == expected)
        }
        #expect(try file.tensor(named: "scalar").item() == -2.5)
        #expect(try file.tensor(named: "scalar").shape == [])
        #expect(try file.tensor(named: "empty").shape == [0, 4])
        let named = try file.tensor(named: #"a name, with “quotes” "and" \ slashes / and ünïcode"#)
        #expect(try named.floats.map(\.bitPattern) == [Float(1.5), -0.0].map(\.bitPattern))
        #expect(file.tensorNames.count == 11)
        #expect(file.metadata.keys.contains("safetensors"))
    }

    @Test(
        "What is written here is read by the reference implementation, and what that writes of it is read here",
        .enabled(if: Python.hasSafetensors, "python3 with safetensors and numpy is not installed"))
    func reference() throws {
        try withTemporaryFolder { folder in
            // numpy has no bfloat16.
            let written = try everyType().filter { $0.tensor.dtype != .bfloat16 }
            try SafetensorsFile.write(written, metadata: ["k": "v"], to: "\(folder)/ours.safetensors")
            let output = try Python.run(
                """
                import sys
                from safetensors import safe_open
                from safetensors.numpy import load_file, save_file
                tensors = load_file(sys.argv[1])
                with safe_open(sys.argv[1], "numpy") as file: metadata = file.metadata()
                save_file(tensors, sys.argv[2], metadata)
                print(len(tensors))
                """, "\(folder)/ours.safetensors", "\(folder)/theirs.safetensors")
            #expect(output == "\(written.count)\n")
            let file = try SafetensorsFile("\(folder)/theirs.safetensors")
            #expect(file.metadata == ["k": "v"])
            for entry in written {
                let read = try file.tensor(named: entry.name)
                #expect(read.dtype == entry.tensor.dtype && read.shape == entry.tensor.shape)
                #expect(try read.bytes() == entry.tensor.bytes(), "\(entry.name)")
            }
        }
    }
}
