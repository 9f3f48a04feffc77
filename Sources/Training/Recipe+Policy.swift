import Teaching

extension Recipe {
    /// The teacher's policy, with the form and the choice of a schedule of elements that suit the learner. Without that
    /// schedule where an example has but one: a part of it cannot be taught, and would count as cheaper than it is.
    ///
    /// - Throws: ``TrainingError/mismatch(what:found:expected:)`` for what the learner cannot do, and for a choice by loss
    ///   among more elements than ``ElementTable/mostElements``.
    func policy(for learner: some Learner, exampleCount: Int) throws(TrainingError) -> Policy {
        guard var elements = teacher.elements else { return teacher }
        var policy = teacher
        policy.elements = nil
        guard learner.elementCount > 1, let form = try form(of: elements, for: learner) else { return policy }
        elements.choice = try choice(of: elements, form, for: learner, exampleCount: exampleCount)
        elements.form = form
        policy.elements = elements
        return policy
    }

    /// nil where showing parts does not pay.
    private func form(
        of elements: ElementSchedule, for learner: some Learner
    ) throws(TrainingError) -> ElementSchedule.Form? {
        let form = elements.form == .auto ? learner.preferredElementForm : elements.form
        guard form.map(learner.elementForms.contains) ?? true else {
            throw .mismatch(
                what: "teacher.elements.form", found: ElementSchedule.Form.reduced.rawValue,
                expected:
                    "subset for the model \(model.kind.rawValue), except a vision transformer or texts without packing")
        }
        return form
    }

    private func choice(
        of elements: ElementSchedule, _ form: ElementSchedule.Form, for learner: some Learner, exampleCount: Int
    ) throws(TrainingError) -> ElementSchedule.Choice {
        let (count, overflow) = exampleCount.multipliedReportingOverflow(by: learner.elementCount)
        let choice = elements.choice == .auto ? learner.preferredElementChoice : elements.choice
        let isPossible = choice == .uniform || (form == .subset && learner.elementChoices.contains(choice))
        let fits = choice != .loss || (!overflow && count <= ElementTable.mostElements)
        if isPossible && fits { return choice }
        guard elements.choice != .auto else { return .uniform }
        throw .mismatch(
            what: "teacher.elements.choice", found: choice.rawValue + (isPossible ? " among \(count) elements" : ""),
            expected: isPossible
                ? "uniform for more than \(ElementTable.mostElements)"
                : "loss for language models and attention for vision transformers, if they are shown subsets, or uniform"
        )
    }
}
