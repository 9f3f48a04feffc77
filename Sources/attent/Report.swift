import ArgumentParser
import Foundation
import Reporting

struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes the report of a run or comparison anew, also of one that still goes on.",
        discussion: "With --serve it is served until interrupted, and follows a run that another process makes.")

    @Argument(help: "The folder of the run or comparison.", completion: .directory)
    var folder: String

    @OptionGroup var live: LiveOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let report = try FollowedFolder(folder).writeReport()
        try output.show([("report", .text(report))]) { "Report: \(report)" }
        guard try live.start(folder) != nil else { return }
        while true { sleep(3600) }
    }
}
