import Teaching

#if TRAINING
    import Training

    let recipe = try Recipe(named: "digits")
    print("the trainer's recipe \(recipe.name)")
#endif

var teacher = try Teacher(policy: .infobatch, exampleCount: 100, epochs: 10, seed: 0)
var count = 0
while let lesson = try teacher.next(score: { $0.map { Float($0) } }) {
    for batch in lesson.batches(of: 20) { teacher.record(batch.examples.map { Float($0) }, for: batch.examples) }
    count += 1
}
print("taught \(count) lessons with \(teacher.spending.taught) examples")
