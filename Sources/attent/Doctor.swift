import ArgumentParser
import Foundation
import Torch
import Training

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells what the engine is, what this machine can do and what is missing.")

    @OptionGroup var output: OutputOptions

    func run() throws {
        let facts = try machine + rates() + precisions()
        let findings = findings
        try output.show(
            facts.map { ($0.name, .text($0.value)) } + [("missing", .list(findings.map { .text($0) }))]
        ) {
            let missing = findings.isEmpty ? ["nothing"] : findings
            return (facts + missing.map { ("missing", $0) }).map { name, value in
                name.padding(toLength: 16, withPad: " ", startingAt: 0) + " " + value
            }.joined(separator: "\n")
        }
    }

    private typealias Fact = (name: String, value: String)

    private var machine: [Fact] {
        let machine = Machine.current
        let devices = ["cpu"] + (0..<Engine.cudaDeviceCount).map { "cuda:\($0)" }
        return [
            ("processor", "\(machine.processor), \(machine.coreCount) cores, \(Int(machine.memory.rounded())) GiB"),
            ("system", machine.system),
            ("libtorch", "\(machine.torchVersion), C++11 ABI \(Engine.usesCXX11ABI ? "yes" : "no")"),
            ("cpu capability", "\(machine.cpuCapability), oneDNN \(Engine.hasOneDNN ? "yes" : "no")"),
            ("threads", "\(Engine.threadCount)"),
            ("devices", devices.joined(separator: ", ")),
        ]
    }

    private func rates() throws -> [Fact] {
        try [
            ("fp32", Engine.LinearKernels.own), ("libtorch's fp32", .standard), ("fp32-fast", .fast),
            ("bf16", Precision.bf16.linearKernels),
        ].map { name, kernels in
            let rate = try Machine.linearRate(kernels)
            let error = String(format: ", error %.1e", try Precision.linearError(kernels))
            return ("gemm \(name)", String(format: "%.1f GFLOP/s at 1024³", rate) + error)
        }
    }

    private func precisions() throws -> [Fact] {
        let meanings = try [64, 384, 1024].map { width in
            "\(try Precision.auto.resolved(on: .cpu, width: width).rawValue) for a learner of width \(width)"
        }
        return [("precision auto", "means " + meanings.joined(separator: ", "))]
    }

    /// What is missing, each with the command that fixes it.
    private var findings: [String] {
        let digits = BundledData.digits
        var findings: [String] = []
        if !FileManager.default.fileExists(atPath: digits) {
            findings.append("\(digits) is missing, which the bundled recipe 'digits' reads; run scripts/bootstrap")
        }
        if Engine.hasCUDA && Engine.cudaDeviceCount == 0 {
            findings.append("libtorch was built for CUDA but finds no device; check the driver with nvidia-smi")
        }
        if Engine.cudaDeviceCount > 1, let absence = CommunicationBackend.nccl.absence {
            findings.append("several ranks can only use CPUs, as \(absence)")
        }
        return findings
    }
}
