import Foundation
import Torch

/// What a run ran on.
public struct Machine: Sendable, Equatable, CustomStringConvertible {
    public var processor: String
    public var coreCount: Int
    /// In GiB.
    public var memory: Double
    public var system: String
    public var torchVersion: String
    public var cpuCapability: String

    public static var current: Machine {
        let information = ProcessInfo.processInfo
        return Machine(
            processor: processorName() ?? "unknown processor", coreCount: information.activeProcessorCount,
            memory: Double(information.physicalMemory) / 0x1p30, system: information.operatingSystemVersionString,
            torchVersion: Engine.version, cpuCapability: Engine.cpuCapability)
    }

    public var description: String {
        "\(processor), \(coreCount) cores, \(Int(memory.rounded())) GiB, \(system), libtorch \(torchVersion) (\(cpuCapability))"
    }

    private static func processorName() -> String? {
        guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
        return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
    }

    /// Floating-point operations a second of a 1024³ linear map of numbers in fp32, in GFLOP/s: the median of `repeats`.
    public static func linearRate(_ kernels: Engine.LinearKernels, repeats: Int = 9) throws(TorchError) -> Double {
        try Engine.withLinearKernels(kernels) { () throws(TorchError) in
            let generator = try Generator(seed: 1)
            let (x, weight) = (try generator.normal([1024, 1024]), try generator.normal([1024, 1024]))
            var rates: [Double] = []
            for _ in 0..<repeats {
                let start = DispatchTime.now().uptimeNanoseconds
                _ = try x.linear(weight)
                rates.append(2 * 0x1p30 / Double(DispatchTime.now().uptimeNanoseconds - start))
            }
            return rates.sorted()[repeats / 2]
        }
    }
}
