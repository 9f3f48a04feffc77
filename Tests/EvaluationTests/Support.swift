import Foundation

@testable import Evaluation

/// Real data: $ATTENT_DATA, else a folder shared/data beside the package.
enum DataFiles {
    private static let folder =
        ProcessInfo.processInfo.environment["ATTENT_DATA"]
        ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/data").path

    static func path(_ name: String) -> String? {
        let path = "\(folder)/\(name)"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }
}

/// The kinds of isolation that work on this machine.
let isolations: [Sandbox.Isolation] = {
    let kinds: [Sandbox.Isolation] = (Sandbox.tool("bwrap").map { [.bubblewrap($0)] } ?? []) + [.namespaces]
    return kinds.filter { (try? Sandbox($0)) != nil }
}()

/// Draws that a seed repeats (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
