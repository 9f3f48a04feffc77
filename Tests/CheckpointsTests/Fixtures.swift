import Checkpoints
import Foundation
import NN
import Testing
import Torch

/// A safetensors file by hand: the header's JSON, then `data` bytes.
func write(header: String, data: Int, trailing: String = "", in folder: String) throws -> String {
    let path = "\(folder)/by-hand.safetensors"
    var content = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
    content += Data(header.utf8) + Data(repeating: 0, count: data) + Data(trailing.utf8)
    try content.write(to: URL(fileURLWithPath: path))
    return path
}

/// One tensor of every type, and shapes without and with a zero.
func everyType() throws -> [Parameters.Entry] {
    var entries = try DType.allCases.enumerated().map { index, dtype in
        Parameters.Entry(name: dtype.description, tensor: try Tensor.arange(3 * (index + 1)).to(dtype).reshaped(-1, 3))
    }
    entries.append(.init(name: "scalar", tensor: try Tensor(-2.5)))
    entries.append(.init(name: "empty", tensor: try .zeros([0, 4])))
    entries.append(.init(name: #"with "quotes", \ / and ünïcode"#, tensor: try Tensor([Float(1.5), -0.0])))
    return entries
}

func golden(_ name: String) throws -> String {
    try #require(Bundle.module.url(forResource: name, withExtension: "safetensors", subdirectory: "Goldens")).path
}

/// The names in a folder, hidden ones too.
func names(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}
