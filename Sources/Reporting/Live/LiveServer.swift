import FlyingFox
import FlyingSocks
import Foundation
import Synchronization

/// Serves the page about a folder's run while it goes on, to whoever knows its address, and nothing else.
///
/// The address holds a random token. Only GET of that one page is answered; nothing can be written, and no part of a
/// request is used as a path. It listens on this machine alone, so from elsewhere it is reached over `ssh -L`.
public final class LiveServer: Sendable {
    /// Where a browser on this machine finds the page.
    public let url: String
    public let port: UInt16
    private let visits = Visits()

    /// Begins to listen; returns once it does, and serves until the process ends.
    ///
    /// - Parameters:
    ///   - folder: of a run or comparison, which need not have begun.
    ///   - port: 0 for any that is free.
    /// - Throws: ``ReportingError/cannotServe(port:reason:)``, or what is wrong with the folder.
    public init(_ folder: String, port: UInt16 = 0) throws {
        let token = Self.randomToken()
        let handler = LiveHandler(folder: try FollowedFolder(folder), path: "/\(token)/", visits: visits)
        let server = HTTPServer(
            address: try sockaddr_in.inet(ip4: "127.0.0.1", port: port), logger: .disabled, handler: handler)
        self.port = try Self.listen(server, port)
        url = "http://127.0.0.1:\(self.port)/\(token)/"
    }

    /// Waits until a page that follows has fetched the end, some seconds at most, and not at all where none follows.
    public func awaitLastVisit() {
        let end = ProcessInfo.processInfo.systemUptime
        guard visits.latest > end - 3 * LivePage.interval else { return }
        while visits.latest < end, ProcessInfo.processInfo.systemUptime < end + 2 * LivePage.interval {
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    /// 128 random bits as hexadecimal digits.
    static func randomToken() -> String {
        (0..<16).map { _ in
            let byte = UInt8.random(in: .min ... .max)
            return (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }

    private static func listen(_ server: HTTPServer, _ port: UInt16) throws(ReportingError) -> UInt16 {
        let startup = Startup()
        Task.detached {
            do { try await server.run() } catch { startup.settle(.failure(error)) }
        }
        Task.detached {
            do {
                try await server.waitUntilListening()
                guard case .ip4(_, let port) = await server.listeningAddress else { return }
                startup.settle(.success(port))
            } catch { startup.settle(.failure(error)) }
        }
        do { return try startup.outcome() } catch {
            throw .cannotServe(port: Int(port), reason: systemReason(error))
        }
    }
}

/// When the page was last fetched.
final class Visits: Sendable {
    private let time = Mutex(-Double.infinity)

    var latest: Double { time.withLock { $0 } }
    func note() { time.withLock { $0 = ProcessInfo.processInfo.systemUptime } }
}

/// The first outcome of two tasks, waited for by a thread.
private final class Startup: Sendable {
    private let result = Mutex<Result<UInt16, any Error>?>(nil)
    private let isSettled = DispatchSemaphore(value: 0)

    func settle(_ outcome: Result<UInt16, any Error>) {
        result.withLock { $0 = $0 ?? outcome }
        isSettled.signal()
    }

    func outcome() throws -> UInt16 {
        isSettled.wait()
        return try result.withLock { try ($0 ?? .failure(CancellationError())).get() }
    }
}
