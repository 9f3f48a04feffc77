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
        var form = elements.form == .auto ? learner.preferredElementForm : elements.form
        // Of a map, a subset without gaps is a window.
        if form == .subset, learner.elementForms == [.reduced] { form = .reduced }
        if let form, !learner.elementForms.contains(form) {
            let forms = learner.elementForms.map(\.rawValue).sorted().joined(separator: " or ")
            throw .mismatch(
                what: "teacher.elements.form", found: form.rawValue,
                expected: "\(forms) for what the model \(model.kind.rawValue) learns here")
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
