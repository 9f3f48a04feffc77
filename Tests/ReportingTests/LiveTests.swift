import Foundation
import Testing

@testable import Reporting
@testable import Training

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A run's folder that grows as a test says.
private struct GrowingRun {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        let recipe = try Recipe(named: "digits").yaml()
        try recipe.write(toFile: folder.file("recipe.yaml"), atomically: true, encoding: .utf8)
    }

    var log: String { folder.file("metrics.jsonl") }

    /// Everything in the folder, by name.
    func contents() throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return Dictionary(
            uniqueKeysWithValues: names.map { ($0, FileManager.default.contents(atPath: folder.file($0)) ?? Data()) })
    }
}

@Suite struct FollowingTests {
    @Test("A log is followed line by line; half a line waits for its rest")
    func tail() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("metrics.jsonl")
        var tail = MetricsTail(path: path)
        try tail.update()
        #expect(tail.recorder.current == nil)
        let lines = Fixtures.events().compactMap(\.jsonLine)
        var written = lines[0] + "\n" + lines[1].prefix(20)
        try written.write(toFile: path, atomically: false, encoding: .utf8)
        try tail.update()
        #expect(tail.recorder.current?.selections.isEmpty == true)
        written = lines.joined(separator: "\n") + "\n"
        try written.write(toFile: path, atomically: false, encoding: .utf8)
        try tail.update()
        #expect(try tail.recorder.record == RunRecord(metricsLog: path))
        #expect(tail.offset == written.utf8.count)
    }

    @Test("A log that was cut by a resume is read anew, even where it has grown past the old end")
    func cut() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("metrics.jsonl")
        func write(_ events: [TrainingEvent]) throws {
            let text = events.compactMap(\.jsonLine).map { $0 + "\n" }.joined()
            try text.write(toFile: path, atomically: false, encoding: .utf8)
        }
        let start = TrainingEvent.started(Fixtures.start())
        try write([start] + (1...3).map { .stepped(Fixtures.step($0, loss: 9)) })
        var tail = MetricsTail(path: path)
        try tail.update()
        try write([start] + (1...5).map { .stepped(Fixtures.step($0, loss: 1)) })
        try tail.update()
        #expect(tail.recorder.current?.steps.map(\.loss) == [1, 1, 1, 1, 1])
    }

    @Test("A run under way says how far it is and judges nothing; one that has ended shows its report")
    func page() throws {
        let run = try GrowingRun()
        let followed = try FollowedFolder(run.folder.path)
        let live = LivePage(nonce: "abc")
        #expect(try followed.html(live).contains("The run has not begun yet."))
        let log = try MetricsLog(path: run.log)
        for event in Fixtures.events(steps: 8).dropLast() { try log.observe(event) }
        let during = try followed.html(live)
        #expect(during.contains("attent, seed 1, has spent 8\u{A0}% of its budget."))
        #expect(during.contains("<script nonce=\"abc\">") && during.contains("<noscript>"))
        let version = try followed.version()
        try log.observe(.finished(Fixtures.summary()))
        #expect(try followed.version() != version)
        #expect(try followed.html(live).contains("attent (seed 1) reached test accuracy"))
        let report = try followed.writeReport()
        #expect(try !String(contentsOfFile: report, encoding: .utf8).contains("<script"))
    }

    @Test("A folder without a run is refused")
    func refusal() throws {
        let folder = try TemporaryFolder()
        #expect(throws: TrainingError.notARun(path: folder.path, reason: "it holds no recipe.yaml")) {
            try FollowedFolder(folder.path)
        }
    }
}

@Suite(.serialized) struct LiveServerTests {
    private struct Answer {
        var status: Int
        var headers: [String: String]
        var text: String
    }

    private func fetch(_ url: String, method: String = "GET", headers: [String: String] = [:]) async throws -> Answer {
        var request = URLRequest(url: try #require(URL(string: url)))
        request.httpMethod = method
        if method != "GET" { request.httpBody = Data("x".utf8) }
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        let (data, response) = try await URLSession(configuration: .ephemeral).data(for: request)
        let answer = try #require(response as? HTTPURLResponse)
        var found: [String: String] = [:]
        for (name, value) in answer.allHeaderFields { found["\(name)".lowercased()] = "\(value)" }
        return Answer(status: answer.statusCode, headers: found, text: String(decoding: data, as: UTF8.self))
    }

    @Test("The page is found at its address alone, follows the run, and nothing is written")
    func requests() async throws {
        let run = try GrowingRun()
        let log = try MetricsLog(path: run.log)
        for event in Fixtures.events().dropLast() { try log.observe(event) }
        let server = try LiveServer(run.folder.path)
        let before = try run.contents()
        let page = try await fetch(server.url)
        #expect(page.status == 200 && page.text.contains("of its budget"))
        let policy = try #require(page.headers["content-security-policy"])
        #expect(policy.hasPrefix("default-src 'none'") && page.headers["cache-control"] == "no-store")
        let version = try #require(page.headers["etag"])
        #expect(try await fetch(server.url, headers: ["If-None-Match": version]).status == 304)
        for method in ["POST", "PUT", "DELETE", "PATCH"] {
            let refused = try await fetch(server.url, method: method)
            #expect(refused.status == 405 && refused.headers["allow"] == "GET", "\(method)")
        }
        #expect(try run.contents() == before)
        try log.observe(.finished(Fixtures.summary()))
        let after = try await fetch(server.url, headers: ["If-None-Match": version])
        #expect(after.status == 200 && after.text.contains("reached test accuracy"))
    }

    @Test("Any other address is answered alike, also those that climb to files")
    func elsewhere() async throws {
        let run = try GrowingRun()
        let server = try LiveServer(run.folder.path)
        let root = "http://127.0.0.1:\(server.port)"
        let token = server.url.dropFirst(root.count + 1).dropLast()
        #expect(token.count == 32)
        let wrong = String(repeating: "0", count: 32)
        for path in [
            "/", "/\(wrong)/", "/\(token.dropLast())/", "/\(token)/recipe.yaml", "/\(token)/../\(token)/recipe.yaml",
            "/\(token)/%2e%2e/%2e%2e/etc/passwd", "/\(token)/..%2f..%2fetc%2fpasswd", "/\(token)//etc/passwd",
        ] {
            let answer = try await fetch(root + path)
            #expect(answer.status == 404 && answer.text == "There is nothing here.\n", "\(path)")
        }
        #expect(try await fetch("\(root)/\(wrong)/", method: "POST").status == 404)
    }

    @Test("It listens on this machine's loopback alone, and a port that is taken is named")
    func addresses() throws {
        let run = try GrowingRun()
        let server = try LiveServer(run.folder.path)
        let sockets = try String(contentsOfFile: "/proc/net/tcp", encoding: .utf8).split(separator: "\n")
        let port = String(server.port, radix: 16, uppercase: true)
        let listening = sockets.filter {
            $0.contains(":" + String(repeating: "0", count: 4 - port.count) + port + " 00000000:0000 0A")
        }
        #expect(listening.count == 1 && listening[0].contains(" 0100007F:"))
        let error = #expect(throws: ReportingError.self) { try LiveServer(run.folder.path, port: server.port) }
        #expect(error?.description.contains("port \(server.port)") == true)
    }
}
