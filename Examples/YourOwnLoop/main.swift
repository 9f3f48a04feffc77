// The teacher in a training loop of your own: this program imports `Teaching` and nothing else of AtteNT.
//
//     swift run your-own-loop
import Teaching

let training = Clusters(count: 4000, seed: 1, stream: 1)
let heldOut = Clusters(count: 2000, seed: 1, stream: 2)

/// Trains until the teacher says it is enough, or until `lessonCount` lessons were taught.
func train(_ learner: inout SoftmaxClassifier, _ teacher: inout Teacher, lessonCount: Int = .max) throws {
    while let lesson = try teacher.next(score: { learner.losses(of: $0, in: training) }) {
        for batch in lesson.batches(of: 50) {
            let rate = 0.5 * (1 - lesson.progress(after: batch.positions.lowerBound))
            let losses = learner.train(on: batch.examples, of: training, weights: batch.weights, rate: Float(rate))
            teacher.record(losses, for: batch.examples)
        }
        if lesson.number + 1 == lessonCount { return }
    }
}

for policy in [Policy.standard, .random, .infobatch, .attent, .attentSimple] {
    var learner = SoftmaxClassifier()
    var teacher = try Teacher(policy: policy, exampleCount: training.count, epochs: 10, seed: 0)
    try train(&learner, &teacher)
    let accuracy = (1000 * learner.accuracy(on: heldOut)).rounded() / 10
    print("\(policy.name): \(teacher.spending.taught) examples taught, \(accuracy) % right")
}

// Stopped after four lessons, saved, restored and gone on with: the same weights as without the stop.
var whole = SoftmaxClassifier()
var undisturbed = try Teacher(policy: .infobatch, exampleCount: training.count, epochs: 10, seed: 0)
try train(&whole, &undisturbed)

var stopped = SoftmaxClassifier()
var first = try Teacher(policy: .infobatch, exampleCount: training.count, epochs: 10, seed: 0)
try train(&stopped, &first, lessonCount: 4)
let bytes = first.state.serialized()
var second = try Teacher(restoring: TeacherState(serialized: bytes))
try train(&stopped, &second)
print("restored from \(bytes.count) bytes: \(stopped == whole ? "the same weights" : "other weights")")
