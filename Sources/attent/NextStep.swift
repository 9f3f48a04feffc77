import Checkpoints
import Datasets
import Foundation
import Reporting
import Training

/// The command that helps after an error, where there is one.
func nextStep(after error: any Error) -> String? {
    switch error {
    case TrainingError.folderExists(let path):
        guard let run = try? RunFolder.open(path) else { return nil }
        if ComparisonSession.exists(at: path) { return "attent resume \(path)" }
        return ((try? run.readSummary()) ?? nil) == nil ? "attent resume \(path)" : "attent report \(path)"
    case TrainingError.notARun(let path, let reason) where reason.contains("complete already"):
        return "attent report \(path)"
    case TrainingError.notARun(let path, let reason) where reason.contains("recipe.yaml"):
        let isModel = FileManager.default.fileExists(atPath: "\(path)/config.json")
        return isModel ? "attent evaluate \(path) --text FILE" : "attent recipes"
    case let error as RecipeError where error.message.hasPrefix("the file cannot be read"):
        return "attent recipes"
    case DatasetError.missing(let path, _) where path.hasPrefix(".native/"):
        return "attent doctor"
    case ReportingError.missingEvent(let path, _):
        return "attent resume \(path.replacing("/metrics.jsonl", with: ""))"
    default: return nil
    }
}
