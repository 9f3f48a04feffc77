import Foundation

/// Runs the built `attent` as a user would, in the package's folder or another one.
func attent(_ arguments: [String], in folder: String = repository) throws -> (
    status: Int32, output: String, error: String
) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        .appendingPathComponent("attent")
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    let (output, error) = (Pipe(), Pipe())
    (process.standardOutput, process.standardError) = (output, error)
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let complaint = String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text, complaint)
}

func attent(_ arguments: String...) throws -> (status: Int32, output: String, error: String) { try attent(arguments) }

func temporaryPath() -> String { NSTemporaryDirectory() + "attent-\(UUID().uuidString)" }
