import NN
import Torch

/// Some rows of one of a learner's parameters, whose derivatives are made at a time.
struct DerivativePiece: Equatable {
    /// The parameter's place among the learner's.
    let parameter: Int
    let rows: Range<Int>

    /// Numbers in a piece: 4 MB of fp32, so that the processor's caches still have it when it is multiplied.
    private static let size = 1 << 20

    /// All of the parameters for derivatives of so many outputs.
    static func all(of parameters: Parameters, outputs: Int) -> [DerivativePiece] {
        parameters.entries.enumerated().flatMap { index, entry in
            let (count, rowSize) = ParameterTap.rows(of: entry.tensor)
            let height = max(1, size / max(1, outputs * rowSize))
            return stride(from: 0, to: count, by: height).map {
                DerivativePiece(parameter: index, rows: $0..<min($0 + height, count))
            }
        }
    }
}

/// The derivatives of all outputs of neighbouring examples by a learner's parameters, handed out piece by piece: only what they
/// follow from is held.
struct ExampleDerivatives {
    private enum Source {
        /// By parameter, the taps where it took part; and for each output the derivatives [B, …] at all taps, nil for zero.
        case taps([[(index: Int, tap: ParameterTap)]], gradients: [[Tensor?]])
        /// By parameter, [B · outputs, its scalars].
        case rows([Tensor])
    }

    private let source: Source
    private let parameters: Parameters
    private let examples: Int

    /// - Parameter rows: by parameter, [B · outputs, its scalars].
    init(rows: [Tensor], _ parameters: Parameters, examples: Int) {
        (source, self.parameters, self.examples) = (.rows(rows), parameters, examples)
    }

    /// - Parameters:
    ///   - taps: of a pass of the examples.
    ///   - outputs: what it gave, [B, outputs].
    init(_ taps: [ParameterTap], _ outputs: Tensor, _ parameters: Parameters) throws(TorchError) {
        let indices = Dictionary(
            uniqueKeysWithValues: parameters.entries.enumerated().map { (ObjectIdentifier($1.tensor), $0) })
        let chosen = taps.filter { indices[ObjectIdentifier($0.parameter)] != nil }
        var byParameter = [[(index: Int, tap: ParameterTap)]](repeating: [], count: parameters.entries.count)
        for (index, tap) in chosen.enumerated() {
            if let parameter = indices[ObjectIdentifier(tap.parameter)] { byParameter[parameter].append((index, tap)) }
        }
        let (places, examples) = (chosen.map(\.place), outputs.size(0))
        let choices = try Tensor.eye(outputs.size(1), dtype: outputs.dtype, device: outputs.device)
        var gradients: [[Tensor?]] = []
        for output in 0..<outputs.size(1) {
            let choice = try choices.sliced(0, output..<output + 1).expanded(examples, outputs.size(1))
            gradients.append(
                try Tensor.gradients(
                    of: [outputs], weightedBy: [choice], withRespectTo: places,
                    retainGraph: output + 1 < outputs.size(1)))
        }
        (source, self.parameters, self.examples) = (.taps(byParameter, gradients: gradients), parameters, examples)
    }

    /// The parameters that none of the outputs depends on in a way that can be differentiated.
    var missing: [String] {
        guard case .taps(let taps, let gradients) = source else { return [] }
        return parameters.entries.indices.filter { parameter in
            !taps[parameter].contains { tap in gradients.contains { $0[tap.index] != nil } }
        }.map { parameters.entries[$0].name }
    }

    /// The derivatives by a piece, [B · outputs, its scalars], rows example by example; nil where they are known to be zero.
    func callAsFunction(_ piece: DerivativePiece) throws(TorchError) -> Tensor? {
        let (count, size) = ParameterTap.rows(of: parameters.entries[piece.parameter].tensor)
        switch source {
        case .rows(let rows):
            let whole = rows[piece.parameter]
            guard piece.rows.count < count else { return whole }
            return try whole.sliced(1, piece.rows.lowerBound * size..<piece.rows.upperBound * size)
        case .taps(let taps, let gradients):
            var parts: [Tensor?] = []
            for given in gradients {
                var sum: Tensor?
                for (index, tap) in taps[piece.parameter] {
                    guard let gradient = given[index],
                        let part = try tap.derivative(gradient, rows: piece.rows)
                    else { continue }
                    sum = try sum.map { old throws(TorchError) in try old + part } ?? part
                }
                parts.append(sum)
            }
            return try stacked(parts)
        }
    }

    /// One [B, n] an output → [B · outputs, n].
    private func stacked(_ parts: [Tensor?]) throws(TorchError) -> Tensor? {
        guard let some = parts.compactMap({ $0 }).first else { return nil }
        guard parts.count > 1 else { return some }
        let zeros = try some.zerosLike()
        return try Tensor.stacked(parts.map { $0 ?? zeros }, 1).reshaped(examples * parts.count, -1)
    }
}
