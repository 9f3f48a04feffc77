import Synchronization
import Torch

/// A place in a forward pass of several examples where a parameter took part, and how the parameter's derivatives for each
/// example follow from those at the place.
///
/// One backward pass down to the places gives every example's derivatives, and the parameters' own gradients, sums over the
/// examples, are never computed. Goodfellow (arXiv 1510.01799): the derivative by a linear map's weight is the product of
/// what went in and the derivative of what came out.
public struct ParameterTap: Sendable {
    /// From a derivative at the place, [B, …], to those by some rows of the parameter, [B, rows · size of a row]; nil where they
    /// are known to be zero.
    public typealias Rule = @Sendable (_ gradient: Tensor, _ rows: Range<Int>) throws(TorchError) -> Tensor?

    public let parameter: Tensor
    /// [B, …], with its graph.
    public let place: Tensor
    private let rule: Rule

    /// The derivatives of each example by some of the parameter's rows, [B, rows · size of a row]; nil where they are known to
    /// be zero.
    ///
    /// - Parameter gradient: the derivative at the place, each example's of its own output: [B, …].
    public func derivative(_ gradient: Tensor, rows: Range<Int>) throws(TorchError) -> Tensor? {
        try rule(gradient, rows)
    }

    /// A parameter as rows: a matrix has those of its first dimension, a vector is one row.
    public static func rows(of parameter: Tensor) -> (count: Int, size: Int) {
        parameter.rank > 1 ? (parameter.size(0), parameter.count / parameter.size(0)) : (1, parameter.count)
    }
}

// MARK: Recording

extension ParameterTap {
    /// What the modules of a pass tell while it is recorded.
    final class Recorder: Sendable {
        let batch: Int
        /// Nil once a module could not tell its examples apart.
        let taps = Mutex<[ParameterTap]?>([])

        init(batch: Int) { self.batch = batch }
    }

    @TaskLocal static var recorder: Recorder?

    /// Runs a forward pass of `batch` examples, of which modules tell where their parameters take part.
    ///
    /// The modules of `NN` and `Models` do; whoever uses a parameter otherwise tells by ``add(_:at:_:)`` or
    /// ``shared(_:addingDimension:)``, or that use is missing.
    ///
    /// - Returns: the taps in the order of the pass; nil where some module's result is not [batch, …].
    public static func recording<Result>(
        batch: Int, _ body: () throws -> Result
    ) rethrows -> (result: Result, taps: [ParameterTap]?) {
        let recorder = Recorder(batch: batch)
        let result = try $recorder.withValue(recorder, operation: body)
        return (result, recorder.taps.withLock { $0 })
    }

    /// Whether the pass is recorded.
    static var isRecording: Bool { recorder != nil }

    /// Tells that a parameter took part at a place [B, …], while a pass is recorded.
    public static func add(_ parameter: Tensor, at place: Tensor, _ rule: @escaping Rule) {
        guard let recorder, parameter.requiresGradient else { return }
        let isTold = place.rank > 0 && place.size(0) == recorder.batch
        recorder.taps.withLock { taps in
            guard isTold else { return taps = nil }
            taps?.append(.init(parameter: parameter, place: place, rule: rule))
        }
    }
}

// MARK: Rules

extension ParameterTap {
    /// Tells of x Wᵀ + b at [B, …, in] → [B, …, out].
    ///
    /// - Parameter weight: a parameter that, seen as a matrix of its first dimension by the others, is W.
    public static func linear(
        _ weight: Tensor, _ bias: Tensor?, _ layout: Linear.Layout = .outputsFirst, from x: Tensor, to y: Tensor
    ) throws(TorchError) {
        guard isRecording else { return }
        let (input, outputs) = (try x.detached().reshaped(x.size(0), -1, x.size(-1)), y.size(-1))
        add(weight, at: y) { gradient, rows throws(TorchError) in
            let given = try gradient.reshaped(input.size(0), -1, outputs)
            guard layout == .outputsFirst else {
                return try product(input.sliced(2, rows), given)
            }
            let part = try given.sliced(2, rows)
            // Of a vocabulary most tokens have no part in an output.
            if outputs >= 1024, try part.abs().max().item() == 0 { return nil }
            return try product(part, input)
        }
        if let bias { addBias(bias, at: y) }
    }

    /// Tells of a vector that is added to the last dimension.
    private static func addBias(_ bias: Tensor, at y: Tensor) {
        add(bias, at: y) { gradient, _ throws(TorchError) in
            try gradient.reshaped(gradient.size(0), -1, gradient.size(-1)).sum(1)
        }
    }

    /// Σ_t a_tᵀ b_t of [B, T, p] and [B, T, q], [B, p · q].
    private static func product(_ a: Tensor, _ b: Tensor) throws(TorchError) -> Tensor {
        try a.transposed(1, 2).matmul(b).reshaped(a.size(0), -1)
    }

    /// Tells of a vector by which normalised features are multiplied, and one that is added.
    static func normalization(
        _ weight: Tensor, _ bias: Tensor?, at y: Tensor,
        _ normalized: @escaping @Sendable () throws(TorchError) -> Tensor
    ) {
        add(weight, at: y) { gradient, _ throws(TorchError) in
            try (gradient * normalized()).reshaped(gradient.size(0), -1, gradient.size(-1)).sum(1)
        }
        if let bias { addBias(bias, at: y) }
    }

    /// Tells of rows of a table, looked up by `indices` [B, …].
    static func lookup(_ table: Tensor, _ indices: Tensor, at y: Tensor) throws(TorchError) {
        guard isRecording else { return }
        let flat = try indices.reshaped(indices.size(0), -1)
        add(table, at: y) { gradient, rows throws(TorchError) in
            let places = try Tensor.arange(rows.upperBound, device: flat.device).sliced(0, rows)
            let isThere = try flat.unsqueezed(-1).equal(places).to(gradient.dtype)  // [B, T, rows]
            guard try isThere.max().item() > 0 else { return nil }
            return try product(isThere, gradient.reshaped(flat.size(0), -1, gradient.size(-1)))
        }
    }

    /// Tells of any operation that treats examples alone: it is differentiated by itself, example by example.
    ///
    /// - Parameter body: from an input [1, …] and the parameter to what stands at the place, [1, …].
    public static func operation(
        _ parameter: Tensor, from x: Tensor, to y: Tensor,
        _ body: @escaping @Sendable (_ input: Tensor, _ parameter: Tensor) throws(TorchError) -> Tensor
    ) throws(TorchError) {
        guard isRecording else { return }
        let input = try x.detached()
        add(parameter, at: y) { gradient, rows throws(TorchError) in
            let leaf = try parameter.detached().requiringGradient()
            let ((count, size), zeros) = (Self.rows(of: parameter), try leaf.zerosLike())
            var parts: [Tensor] = []
            for example in 0..<input.size(0) {
                let result = try body(input.sliced(0, example..<example + 1), leaf)
                let found = try Tensor.gradients(
                    of: [result], weightedBy: [gradient.sliced(0, example..<example + 1)], withRespectTo: [leaf])
                parts.append(try (found[0] ?? zeros).reshaped(count, size).sliced(0, rows).reshaped(-1))
            }
            return try .stacked(parts)
        }
    }

    /// A parameter [1, …] that every example of a batch uses as it is. A recorded pass gets a view of it for each, [B, …].
    ///
    /// - Parameter addingDimension: that the parameter lacks the dimension of the examples, which is put in front.
    public static func shared(_ parameter: Tensor, addingDimension: Bool = false) throws(TorchError) -> Tensor {
        let view = addingDimension ? try parameter.unsqueezed(0) : parameter
        guard let recorder else { return view }
        let place = try view.expanded([recorder.batch] + view.shape.dropFirst())
        add(parameter, at: place) { gradient, rows throws(TorchError) in
            let (count, size) = Self.rows(of: parameter)
            return try gradient.reshaped(gradient.size(0), count, size).sliced(1, rows)
                .reshaped(gradient.size(0), -1)
        }
        return place
    }
}
