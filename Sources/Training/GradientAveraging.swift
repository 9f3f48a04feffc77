import NN
import Teaching
import Torch

/// Gradients of a mean over a batch whose examples several ranks share: c10d's reducer while the backward pass runs, or
/// all at once after it.
final class GradientAveraging {
    private let parameters: Parameters
    private let reducer: GradientReducer
    private let ranks: Ranks

    /// - Returns: nil for one rank.
    init?(of parameters: Parameters, among ranks: Ranks) throws {
        // Making it takes collectives.
        guard let reducer = try ranks.together({ try GradientReducer($0, parameters.entries.map(\.tensor)) }) else {
            return nil
        }
        (self.parameters, self.reducer, self.ranks) = (parameters, reducer, ranks)
    }

    /// By what a rank's part of the mean is multiplied, since the reducer divides by the number of ranks.
    var scale: Double { Double(ranks.rankCount) }

    /// Before a pass after whose backward pass the gradients so far are those of all ranks.
    func beforeForward() throws(TorchError) { try reducer.beforeForward() }
    func beforeBackward() throws(TorchError) { try reducer.beforeBackward() }

    /// After a pass whose gradients were averaged, before they are read.
    func settle() throws { try ranks.settle() }

    /// Adds up the gradients of all ranks, some of which may have none, for a step without the reducer.
    func addUp() throws {
        _ = try ranks.together { group in
            var sums: [(tensor: Tensor, gradient: Tensor, work: ProcessGroup.Work)] = []
            for entry in parameters.entries {
                let gradient = try (entry.tensor.gradient() ?? entry.tensor.zerosLike()) / scale
                sums.append((entry.tensor, gradient, try group.allReduce(gradient)))
            }
            for sum in sums {
                try sum.work.wait()
                try sum.tensor.setGradient(sum.gradient)
            }
        }
    }
}
