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

/// One of every kind of isolation that works on this machine.
let sandboxes: [Sandbox] = {
    let kinds: [Sandbox.Isolation] = (Sandbox.tool("bwrap").map { [.bubblewrap($0)] } ?? []) + [.namespaces]
    return kinds.compactMap { try? Sandbox($0) }
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

/// Listens for TCP connections on this machine alone, as long as it is held.
final class LocalListener {
    private let descriptor: Int32
    let port: UInt16

    init?() {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) == 0 && listen(descriptor, 4) == 0
                    && getsockname(descriptor, address, &size) == 0
            }
        }
        (self.descriptor, port) = (descriptor, UInt16(bigEndian: address.sin_port))
        guard isListening else { return nil }
    }

    deinit { close(descriptor) }
}
