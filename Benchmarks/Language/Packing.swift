import Datasets
import Models
import NN
import Torch
import Training

/// One pass over the same instructions, forward and backward, laid out in different ways.
final class Packing {
    /// How examples become batches.
    enum Layout: String {
        /// In their order, each row padded to the longest of its batch.
        case padded
        /// The same, after sorting by length.
        case bucketed
        /// Several examples a row of the model's context.
        case packed
    }

    private static let (exampleCount, batchSize) = (32, 16)

    private let model: any LanguageModel
    private let parameters: Parameters
    private let dataset: TextDataset
    private let context: Int
    private let precision: Precision

    init(data: String) throws {
        let network = try Workload.small.network(data).network
        (model, parameters) = try ParameterBuilder.build(ParameterBuilder(seed: 0)) { path throws(TorchError) in
            try network.model(path)
        }
        dataset = try Workload.small.dataset(data)
        context = Workload.small.context
        precision = try Precision.auto.resolved(on: .cpu, width: model.head.weight.size(1))
    }

    /// - Returns: the pass; its value is the mean loss of the examples.
    func run(_ layout: Layout) throws -> Pass {
        Engine.linearKernels = precision.linearKernels
        let data = layout == .packed ? dataset.packed(intoRowsOf: context) : dataset
        var numbers = (0..<Int32(Self.exampleCount)).map { $0 }
        if layout == .bucketed,
            let order = data.arrangement(of: numbers, batchSize: Self.batchSize, seed: 0, visit: 0)
        {
            numbers = order.map { numbers[$0] }
        }
        let pass = try Pass {
            var total = 0.0
            for first in stride(from: 0, to: numbers.count, by: Self.batchSize) {
                let chosen = Array(numbers[first..<min(first + Self.batchSize, numbers.count)])
                let loss = try model.losses(of: data.collate(chosen, view: .plain)).examples.sum()
                try loss.backward()
                total += try loss.item()
            }
            return total / Double(numbers.count)
        }
        try parameters.list.zeroGradients()
        return pass
    }
}
