import Models
import NN
import Torch

/// A vision transformer that learns one-hot classes by gradient descent on L = Σ_i ‖f(S_i) − f*(S_i)‖² ∕ 2N: the convex
/// functional of which the theorems speak, whose minimum the outputs can reach (that of cross-entropy lies at infinity).
struct LeastSquaresLearner {
    let model: ViT
    let parameters: Parameters
    let data: TheoryData
    private let images: Tensor
    private let targets: Tensor

    init(_ data: TheoryData, width: Int, dtype: DType, seed: UInt64) throws {
        (model, parameters) = try data.model(width: width, dtype: dtype, seed: seed)
        self.data = data
        images = try data.images.to(dtype)
        targets = try data.targets().to(dtype)
    }

    /// What a tangent kernel is computed of.
    func differentiable() throws -> DifferentiableLearner {
        try DifferentiableLearner(model, parameters, images: images)
    }

    /// f and ∂L/∂f = (f − f*)/N on all examples, [N, classes] without a graph.
    func outputs() throws -> (values: Tensor, gradient: Tensor) {
        try withoutGradients {
            let values = try model.logits(images)
            return (values, try (values - targets) / Double(data.count))
        }
    }

    /// The loss on the given examples, all where nil, with its graph.
    func loss(of examples: [Int]? = nil) throws -> Tensor {
        guard let examples else {
            return try (model.logits(images) - targets).square().sum() / (2 * Double(data.count))
        }
        let chosen = try Tensor(examples.map(Int64.init))
        let difference = try model.logits(images.selected(0, chosen)) - targets.selected(0, chosen)
        return try difference.square().sum() / (2 * Double(examples.count))
    }

    /// ∇_θ L of the given examples, one tensor a parameter.
    func gradient(of examples: [Int]? = nil) throws -> (loss: Double, gradient: [Tensor]) {
        let loss = try loss(of: examples)
        return (try loss.item(), try parameters.gradients(of: loss))
    }
}

extension Parameters {
    /// The gradient of a scalar, one tensor a parameter.
    func gradients(of scalar: Tensor) throws -> [Tensor] {
        let tensors = list.tensors
        let gradients = try Tensor.gradients(
            of: [scalar], weightedBy: [scalar.detached().zerosLike() + 1], withRespectTo: tensors)
        return try zip(gradients, tensors).map { try $0 ?? $1.zerosLike() }
    }

    /// θ ← θ − η·direction, in place.
    func descend(_ direction: [Tensor], rate: Double) throws {
        try withoutGradients {
            for (tensor, step) in zip(list.tensors, direction) { try tensor.copy(from: tensor - step * rate) }
        }
    }

    /// Copies of the parameters' present values.
    func snapshot() throws -> [Tensor] { try list.tensors.map { try $0.detached().clone() } }

    func restore(_ snapshot: [Tensor]) throws {
        for (tensor, value) in zip(list.tensors, snapshot) { try tensor.copy(from: value) }
    }
}

/// The sum of the squares of all elements.
func squaredNorm(_ tensors: [Tensor]) throws -> Double {
    try tensors.reduce(0) { try $0 + $1.square().sum().item() }
}

/// The sum of the products of all elements.
func innerProduct(_ a: [Tensor], _ b: [Tensor]) throws -> Double {
    try zip(a, b).reduce(0) { try $0 + ($1.0 * $1.1).sum().item() }
}
