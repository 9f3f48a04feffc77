import Checkpoints
import Datasets
import Foundation
import Models
import NN
import Teaching
import Tokenizers
import Torch

@testable import Training

func tinyLanguageRecipe(
    _ policy: Policy = .standard, epochs: Int = 2, count: Int = 40, dropout: Double = 0,
    model settings: LanguageModelSettings? = nil
) -> Recipe {
    var data = WordProblemData(count: count)
    data.testCount = 12
    data.levels = [1, 2]
    var network = Llama.Configuration()
    network.vocabularySize = 0
    network.hiddenSize = 16
    network.intermediateSize = 24
    network.layerCount = 3
    network.headCount = 2
    network.keyValueHeadCount = 2
    network.headSize = 8
    network.contextLength = 96
    network.windows = [nil, nil, nil]
    network.tiesWordEmbeddings = true
    network.attentionDropout = dropout
    network.initializerRange = 0.2
    var training = TrainingSettings(epochs: epochs)
    training.batchSize = 8
    training.precision = .fp32
    training.threads = 1
    var evaluation = EvaluationSettings()
    evaluation.count = 2
    return Recipe(
        name: "tiny", data: .wordProblems(data), model: .language(settings ?? .init(.llama, .fresh(.llama(network)))),
        training: training, evaluation: evaluation, checkpoints: CheckpointSettings(), teacher: policy)
}

/// Everything of a finished run that does not depend on the clock.
struct LanguageOutcome: Equatable {
    var weights: [String: [Float]]
    var moments: [String: [Float]]
    var teacher: TeacherState
    var metrics: [String: Double]

    /// Reads the newest checkpoint of a run's folder.
    init(_ folder: String, _ metrics: [String: Double]) throws {
        let checkpoint = try RunFolder(path: folder).newestCheckpoint()
        func values(_ name: String) throws -> [String: [Float]] {
            let file = try SafetensorsFile(checkpoint.file(name))
            return try Dictionary(
                uniqueKeysWithValues: file.tensorNames.map { ($0, try file.tensor(named: $0).values()) })
        }
        (weights, moments) = (try values("model.safetensors"), try values("optimizer.safetensors"))
        teacher = try TeacherState(serialized: Data(contentsOf: URL(fileURLWithPath: checkpoint.file("teacher.bin"))))
        self.metrics = metrics
    }
}

/// Trains in a folder, stopping after `step` and going on with everything made anew, where one is given.
func languageOutcome(of recipe: Recipe, in folder: String, stoppingAt step: Int? = nil) throws -> LanguageOutcome {
    let run = RunFolder(path: folder)
    let stop = StopSignal()
    var summary = try recipe.experiment().train(in: run, from: nil, until: stop) { event in
        if case .stepped(let summary) = event, summary.step == step { stop.raise() }
    }
    if step != nil {
        summary = try recipe.experiment().train(in: run, from: run.newestCheckpoint(), until: StopSignal()) { _ in }
    }
    return try LanguageOutcome(folder, summary.metrics)
}

/// A tiny Llama in a folder as Hugging Face lays it out, with the word problems' characters.
func writeTinyLanguageModel(to folder: String) throws {
    guard case .language(let settings) = tinyLanguageRecipe().model, case .fresh(var network) = settings.origin else {
        preconditionFailure("the tiny recipe is a fresh Llama's")
    }
    let tokenizer = CharacterTokenizer(of: WordProblemSet.scalars)
    network.vocabularySize = tokenizer.vocabularySize
    let learner = try LanguageLearner(ParameterBuilder(seed: 5), network)
    try ModelFolder.write(learner.parameters, configuration: network.json(), to: folder)
    try tokenizer.save(to: URL(fileURLWithPath: "\(folder)/\(CharacterTokenizer.fileName)"))
}
