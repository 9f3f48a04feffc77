import Foundation

/// A server on this machine that speaks enough of OpenAI's protocol to be asked for ratings.
///
/// It rates an answer by the number in it, keeps what it was asked in a file, is too busy for its first request, and refuses
/// whatever holds the word `forbidden`.
final class ChatStub {
    private let process = Process()
    private let log: String
    let address: String

    private static let program = """
        import http.server, json, re, sys
        busy = [True]
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                text = body["messages"][1]["content"]
                status = 503 if busy[0] else 400 if "forbidden" in text else 200
                busy[0] = False
                if status == 200:
                    with open(sys.argv[1], "a") as log:
                        log.write(json.dumps([self.path, self.headers.get("Authorization"), body]) + "\\n")
                number = re.findall(r"says (\\d+)", text)
                rating = f"Rating: [[{number[-1]}]]" if number else "no idea"
                answer = json.dumps({"choices": [{"message": {"role": "assistant", "content": rating}}]}).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
            def log_message(self, *arguments): pass
        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        print(server.server_port, flush=True)
        server.serve_forever()
        """

    /// - Returns: nil where there is no python3.
    init?(log: String) throws {
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", Self.program, log]
        (process.standardOutput, process.standardError) = (output, FileHandle.nullDevice)
        try process.run()
        var line = ""
        while !line.hasSuffix("\n") {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { return nil }
            line += String(decoding: data, as: UTF8.self)
        }
        self.log = log
        address = "http://127.0.0.1:\(line.trimmingCharacters(in: .whitespacesAndNewlines))/v1"
    }

    // The gentler signal may be one that this process ignores, and a child inherits that.
    deinit { kill(process.processIdentifier, SIGKILL) }

    /// The requests it granted: path, authorisation and the texts of the messages.
    func requests() throws -> [(path: String, authorization: String?, texts: [String])] {
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        return try text.split(separator: "\n").map { line in
            let parts = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [Any] ?? []
            let body = parts.last as? [String: Any]
            let messages = body?["messages"] as? [[String: String]] ?? []
            return (parts.first as? String ?? "", parts[1] as? String, messages.compactMap { $0["content"] })
        }
    }
}
