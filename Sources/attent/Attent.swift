import ArgumentParser

@main
struct Attent: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "attent", abstract: "x")
}
