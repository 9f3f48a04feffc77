import Datasets
import Testing
import Torch

@testable import AttentionKernels

@Suite struct ExperimentTests {
    /// Images of 4×4 pixels, of which a class lights up one quarter.
    func images(_ count: Int) throws -> TheoryData {
        let noise = try Generator(seed: 3).uniform([count * 16], in: 0..<120).values(as: Double.self)
        let labels = (0..<count).map { Int64($0 % 4) }
        let pixels = (0..<count * 16).map { index in
            let (image, row, column) = (index / 16, index % 16 / 4, index % 4)
            return UInt8(noise[index]) + (row / 2 * 2 + column / 2 == image % 4 ? 120 : 0)
        }
        return try TheoryData(
            ImageDataset(
                source: "quarters", pixels: pixels, labels: labels, classNames: ["a", "b", "c", "d"], channels: 1,
                size: .init(height: 4, width: 4)))
    }

    @Test("The closed form's error is that of rounding, and importance is drawn for every picture") func gradients()
        throws
    {
        var experiment = GradientExperiment()
        (experiment.trials, experiment.pictures) = (4, 2)
        experiment.text = try TheoryText(String(repeating: "aab", count: 60), name: "aab")
        let result = try experiment.run(on: images(12))
        #expect(result.isSupported)
        #expect((result.figures["theory.closed_form.error"] ?? 1) < 1e-10)
        #expect(result.heatMaps.map(\.values.count) == [16, 16, 16, 16, 24, 24])
        for map in [result.heatMaps[1], result.heatMaps[5]] {
            #expect(abs(map.values.reduce(0, +)) < 1e-9 && map.values.contains { $0 > 0 })
        }
        #expect(result.heatMaps[4].labels == "aabaabaabaabaabaabaabaab".map(String.init))
    }

    @Test("A text's next character is learnt, and white space is drawn as a sign") func text() throws {
        let text = try TheoryText(String(repeating: "xyzw, ", count: 60), name: "rounds")
        let (maps, accuracy) = try text.importanceMaps(2, seed: 0)
        #expect(accuracy == 1)
        #expect(maps[0].labels?.count == 24 && maps[0].labels?.contains("␣") == true)
    }

    @Test("A text that is too short or too varied is an error that says so") func badText() {
        let short = #expect(throws: AntkError.self) { _ = try TheoryText("abc", name: "f") }
        #expect(short?.description == "the text f is 3 characters long, expected at least 96")
        let varied = String(String.UnicodeScalarView((0x4E00..<0x4F80).compactMap(UnicodeScalar.init)))
        let error = #expect(throws: AntkError.self) { _ = try TheoryText(varied, name: "f") }
        #expect(error?.description == "the text f is of 384 different characters, expected at most 256")
    }

    @Test("The parts of a vision learner are all of its parameters", arguments: [TheoryLearner.vit, .multimae])
    func parts(learner: TheoryLearner) throws {
        let data = try images(4)
        func count(_ part: String?) throws -> Int {
            try learner.make(data, .init(width: 8, restriction: part)).learner.parameters.count
        }
        let counts = try learner.parts.map(count)
        #expect(try counts.reduce(0, +) == count(nil) && !counts.contains(0))
    }

    @Test("The kernel's experiment tells the error of its projection") func kernel() throws {
        var experiment = KernelExperiment()
        (experiment.examples, experiment.width, experiment.sketchWidth) = (4, 8, 256)
        let result = try experiment.run(on: images(8))
        #expect(result.isSupported, "\(result.verdict)")
        let (error, expected) = (
            result.figures["antk.sketch.error"] ?? 9, result.figures["antk.sketch.expected_error"] ?? 0
        )
        #expect(error < 3 * expected && expected < 3 * error)
        #expect(throws: AntkError.self) { _ = try experiment.run(on: images(3)) }
    }

    @Test("The distance to the last kernel ends at 0, and a kernel that hardly moves has settled") func convergence()
        throws
    {
        var experiment = ConvergenceExperiment()
        (experiment.widths, experiment.steps, experiment.examples) = ([8], 20, 4)
        (experiment.trainingExamples, experiment.batchSize) = (16, 8)
        let result = try experiment.run(on: images(24))
        let distances = try #require(result.charts.first?.lines.first)
        #expect(distances.x.first == 0 && distances.x.last == 20 && distances.y.last == 0)
        #expect(distances.y[0] > 0 && distances.y[0] == result.figures["theory.antk.moved.8"])
        let losses = try #require(result.charts.last?.lines.first?.y)
        #expect(losses[losses.count - 1] < losses[0])
        experiment.optimizer = .adamw
        let adapted = try #require(try experiment.run(on: images(24)).charts.last?.lines.first?.y)
        #expect(adapted[0] == losses[0] && adapted[adapted.count - 1] < losses[0])
        #expect(adapted[1] != losses[1])
        experiment.threshold = .infinity
        #expect(try experiment.run(on: images(24)).figures["theory.antk.settled_at_step"] == 0)
        experiment.steps = 1
        #expect(throws: AntkError.setting(name: "the number of steps", found: "1", expected: "at least 4")) {
            _ = try experiment.run(on: images(24))
        }
    }

    @Test("Projected kernels move as the exact ones do, within their error bars") func projectedConvergence() throws {
        var experiment = ConvergenceExperiment()
        (experiment.widths, experiment.steps, experiment.examples) = ([8], 10, 3)
        (experiment.trainingExamples, experiment.batchSize) = (8, 8)
        let data = try images(12)
        let exact = try #require(try experiment.run(on: data).charts.first?.lines.first)
        (experiment.sketchWidth, experiment.repeats) = (256, 8)
        let result = try experiment.run(on: data)
        let projected = try #require(result.charts.first?.lines.first)
        let error = try #require(result.figures["theory.antk.uncertainty.8"])
        #expect(error > 0 && error < 0.2)
        #expect(exact.x == projected.x)
        for (a, b) in zip(exact.y, projected.y) { #expect(abs(a - b) < 4 * error, "\(a) against \(b)") }
        experiment.repeats = 1
        #expect(throws: AntkError.self) { _ = try experiment.run(on: data) }
    }

    @Test("The functional step is the real one up to the second order, and the loss falls") func descent() throws {
        var experiment = DescentExperiment()
        (experiment.examples, experiment.width, experiment.steps, experiment.interval) = (6, 4, 6, 3)
        let result = try experiment.run(on: images(12))
        #expect(abs((result.figures["theory.step_error.slope"] ?? 0) - 2) < 0.05)
        #expect(abs((result.figures["theory.step_error.slope.trained"] ?? 0) - 2) < 0.05)
        let losses = try #require(result.charts.last?.lines.first?.y)
        #expect(losses == losses.sorted(by: >) && losses.count == 6)
        // The paper's bound is linear in γ: with the share of it that is told, it holds in every step.
        let share = try #require(result.figures["theory.descent.gamma_share"])
        #expect(share > 0 && (share >= 1) == (result.figures["theory.descent.bound_holds"] == 1))
    }

    @Test("Slopes are those of power laws") func slope() {
        let rates = [0.1, 0.05, 0.025]
        #expect(
            abs(DescentExperiment.StepErrors(rates: rates, errors: rates.map { 7 * $0 * $0 * $0 }).slope - 3) < 1e-12)
    }

    @Test("Every score is compared with the true decrease") func greedy() throws {
        var experiment = GreedyExperiment()
        (experiment.examples, experiment.pickSize, experiment.randomPicks) = (16, 4, 8)
        (experiment.width, experiment.steps) = (8, 8)
        let result = try experiment.run(on: images(40))
        for score in ["loss", "residual", "ntk", "reducible", "gradient"] {
            let correlation = try #require(result.figures["theory.greedy.rank_correlation.\(score)"])
            #expect((-1...1).contains(correlation))
            #expect((0...1).contains(result.figures["theory.greedy.beats_random.\(score)"] ?? -1))
            #expect((0...1).contains(result.figures["theory.greedy.finite_beats_random.\(score)"] ?? -1))
        }
        #expect(result.tables[0].rows.count == 5)
        #expect(try experiment.run(on: images(40)) == result)
    }

    @Test("Rank correlation knows order, ties and opposition") func ranks() {
        #expect(rankCorrelation([1, 2, 3, 4], [10, 100, 1000, 10000]) == 1)
        #expect(rankCorrelation([1, 2, 3], [3, 2, 1]) == -1)
        #expect(abs(rankCorrelation([1, 1, 2], [1, 2, 3]) - 0.75.squareRoot()) < 1e-12)
        #expect(rankCorrelation([1, 1], [1, 2]).isNaN)
    }
}
