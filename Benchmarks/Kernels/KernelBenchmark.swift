import AttentionKernels
import Checkpoints
import Foundation
import Models
import NN
import Torch
import Training

struct UsageError: Error, CustomStringConvertible { let description: String }

/// Our side of the comparison that `compare.py` makes: the ANTK of a vision transformer.
///
///     kernels-bench SCRATCH EXAMPLES OUTPUTS WIDTH LAYERS THREADS
///
/// Writes learner and images to SCRATCH, then computes the kernel for every line of standard input, which names a precision,
/// writes it to SCRATCH and answers with the seconds that it took.
@main
struct KernelBenchmark {
    private let scratch: String
    private let parameters: Parameters
    private let images: Tensor
    private let learner: DifferentiableLearner

    static func main() {
        do {
            let arguments = CommandLine.arguments
            let numbers = arguments.dropFirst(2).compactMap { Int($0) }
            guard arguments.count == 7, numbers.count == 5 else {
                throw UsageError(description: "expected kernels-bench SCRATCH EXAMPLES OUTPUTS WIDTH LAYERS THREADS")
            }
            Engine.threadCount = numbers[4]
            Engine.keepFreedMemory()
            Engine.linearKernels = try Precision.auto.resolved(on: .cpu, width: numbers[2]).linearKernels
            let benchmark = try KernelBenchmark(arguments[1], numbers)
            try benchmark.write()
            while let line = readLine() {
                guard let precision = KernelPrecision(rawValue: line) else {
                    throw UsageError(description: "found the line '\(line)', expected a precision")
                }
                let answer = try benchmark.run(precision)
                // Unbuffered, so that the reader need not wait.
                FileHandle.standardOutput.write(try JSONEncoder().encode(answer) + Data("\n".utf8))
            }
        } catch {
            FileHandle.standardError.write(Data("kernels-bench: \(error)\n".utf8))
            exit(1)
        }
    }

    private init(_ scratch: String, _ numbers: [Int]) throws {
        self.scratch = scratch
        var configuration = ViT.Configuration()
        (configuration.imageSize, configuration.patchSize, configuration.channelCount) = (8, 2, 1)
        (configuration.classCount, configuration.hiddenSize, configuration.layerCount) = (
            numbers[1], numbers[2], numbers[3]
        )
        (configuration.intermediateSize, configuration.headCount) = (4 * numbers[2], 4)
        (configuration.pooling, configuration.initializerRange) = (.mean, 0.05)
        try configuration.validate()
        let (model, parameters) = try ParameterBuilder.build(ParameterBuilder(seed: 1)) { path throws(TorchError) in
            try ViT(path, configuration)
        }
        self.parameters = parameters
        images = try Generator(seed: 2).normal([numbers[0], 1, 8, 8])
        learner = try DifferentiableLearner(model, parameters, images: images)
    }

    private func write() throws {
        let weights = try parameters.entries.map {
            Parameters.Entry(name: $0.name, tensor: try $0.tensor.detached())
        }
        try SafetensorsFile.write(
            weights + [.init(name: "images", tensor: images)], to: "\(scratch)/learner.safetensors")
    }

    /// What a kernel took on the wall and of the processor.
    private func run(_ precision: KernelPrecision) throws -> [String: Double] {
        let (start, processorStart) = (Self.now(CLOCK_MONOTONIC), Self.now(CLOCK_PROCESS_CPUTIME_ID))
        let kernel = try TangentKernel(learner, memory: 1 << 34, precision: precision).matrix()
        let (end, processorEnd) = (Self.now(CLOCK_MONOTONIC), Self.now(CLOCK_PROCESS_CPUTIME_ID))
        try SafetensorsFile.write([.init(name: "kernel", tensor: kernel)], to: "\(scratch)/kernel.safetensors")
        return ["seconds": end - start, "processor": processorEnd - processorStart]
    }

    private static func now(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
