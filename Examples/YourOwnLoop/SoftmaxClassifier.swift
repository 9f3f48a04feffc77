#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A learner with no library under it: softmax regression by stochastic gradient descent.
struct SoftmaxClassifier: Equatable {
    /// [classes][width + 1], the bias last.
    var weights = Array(
        repeating: [Float](repeating: 0, count: Clusters.width + 1), count: Clusters.classCount)

    /// One step on a batch.
    ///
    /// - Parameter weights: how much each example's loss weighs; 1 where nil.
    /// - Returns: the losses before the step.
    mutating func train(on batch: [Int32], of data: Clusters, weights: [Float]?, rate: Float) -> [Float] {
        var gradient = self.weights.map { $0.map { _ in Float(0) } }
        let losses = batch.enumerated().map { position, example in
            let (point, label) = (data.points[Int(example)], data.labels[Int(example)])
            let probabilities = probabilities(of: point)
            for index in gradient.indices {
                let error = (weights?[position] ?? 1) * (probabilities[index] - (index == label ? 1 : 0))
                for axis in point.indices { gradient[index][axis] += error * point[axis] }
                gradient[index][point.count] += error
            }
            return loss(probabilities, label)
        }
        for index in gradient.indices {
            for axis in gradient[index].indices {
                self.weights[index][axis] -= rate / Float(batch.count) * gradient[index][axis]
            }
        }
        return losses
    }

    func losses(of examples: [Int32], in data: Clusters) -> [Float] {
        examples.map { loss(probabilities(of: data.points[Int($0)]), data.labels[Int($0)]) }
    }

    private func loss(_ probabilities: [Float], _ label: Int) -> Float { -log(max(probabilities[label], 1e-30)) }

    func accuracy(on data: Clusters) -> Double {
        let right = data.points.indices.filter { example in
            let probabilities = probabilities(of: data.points[example])
            return probabilities.indices.max { probabilities[$0] < probabilities[$1] } == data.labels[example]
        }
        return Double(right.count) / Double(data.count)
    }

    private func probabilities(of point: [Float]) -> [Float] {
        let logits = weights.map { row in
            zip(row, point).reduce(row[point.count]) { $0 + $1.0 * $1.1 }
        }
        let highest = logits.max() ?? 0
        let exponentials = logits.map { exp($0 - highest) }
        let sum = exponentials.reduce(0, +)
        return exponentials.map { $0 / sum }
    }
}
