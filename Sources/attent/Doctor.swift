import ArgumentParser
import Foundation
import Torch
import Training

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells what the engine is, what this machine can do and what is missing.")

    func run() throws {
        let machine = Machine.current
        print("processor        \(machine.processor), \(machine.coreCount) cores, \(Int(machine.memory.rounded())) GiB")
        print("system           \(machine.system)")
        print("libtorch         \(machine.torchVersion), C++11 ABI \(Engine.usesCXX11ABI ? "yes" : "no")")
        print("cpu capability   \(machine.cpuCapability), oneDNN \(Engine.hasOneDNN ? "yes" : "no")")
        print("threads          \(Engine.threadCount)")
        print(
            "devices          \((["cpu"] + (0..<Engine.cudaDeviceCount).map { "cuda:\($0)" }).joined(separator: ", "))")
        try printRates()
        try printFindings()
    }

    private func printRates() throws {
        for (name, kernels, dtype) in [
            ("fp32", Engine.LinearKernels.standard, DType.float32), ("fp32-fast", .fast, .float32),
            ("bf16", Precision.bf16.linearKernels, .bfloat16),
        ] {
            let rate = try Machine.linearRate(kernels, dtype: dtype)
            let error = String(format: ", error %.1e", try Precision.linearError(kernels))
            let label = "gemm \(name)".padding(toLength: 16, withPad: " ", startingAt: 0)
            print(label + String(format: " %.1f GFLOP/s at 1024³", rate) + error)
        }
        for width in [64, 384, 1024] {
            let precision = try Precision.auto.resolved(on: .cpu, width: width)
            print("precision auto   means \(precision.rawValue) for a learner of width \(width)")
        }
    }

    /// What is missing, each with the command that fixes it.
    private func printFindings() throws {
        let digits = ".native/data/digits.csv.gz"
        var findings: [String] = []
        if !FileManager.default.fileExists(atPath: digits) {
            findings.append("\(digits) is missing, which the bundled recipe 'digits' reads; run scripts/bootstrap")
        }
        if Engine.cudaDeviceCount == 0 && Engine.buildDescription.contains("CUDA Runtime") {
            findings.append("libtorch was built for CUDA but finds no device; check the driver with nvidia-smi")
        }
        print(
            findings.isEmpty
                ? "missing          nothing" : findings.map { "missing          \($0)" }.joined(separator: "\n"))
    }
}
