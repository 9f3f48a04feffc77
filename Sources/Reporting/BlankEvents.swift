import Foundation
import Training

/// Summaries with every property at zero, for a reader to fill in; made by decoding, the one public way to make them.
struct BlankEvents: Sendable {
    static let shared = Result { try BlankEvents() }

    let start: RunStart
    let step: StepSummary
    let selection: SelectionSummary
    let evaluation: EvaluationSummary
    let checkpoint: CheckpointSummary
    let end: RunSummary

    private init() throws {
        start = try Self.decode(
            #"{"recipe":"","policy":"","seed":0,"exampleCount":0,"parameterCount":0,"firstStep":0}"#)
        step = try Self.decode(
            #"""
            {"step":0,"progress":0,"loss":0,"learningRate":0,"gradientNorm":0,"examplesTaught":0,"examplesScored":0,
            "elementShare":0,"seconds":0,"examplesPerSecond":0}
            """#)
        selection = try Self.decode(
            #"""
            {"step":0,"cycle":0,"epoch":0,"ratio":0,"selectedCount":0,"scoreQuantiles":[],"selectionSeconds":0,
            "scoringSeconds":0}
            """#)
        evaluation = try Self.decode(#"{"step":0,"progress":0,"seconds":0,"metrics":{}}"#)
        checkpoint = try Self.decode(#"{"step":0,"path":""}"#)
        end = try Self.decode(
            #"""
            {"steps":0,"epochs":0,"examplesTaught":0,"examplesScored":0,"seconds":0,"processorSeconds":0,
            "secondsByPhase":{},"metrics":{},"isComplete":false}
            """#)
    }

    private static func decode<Summary: Decodable>(_ json: String) throws -> Summary {
        try JSONDecoder().decode(Summary.self, from: Data(json.utf8))
    }
}
