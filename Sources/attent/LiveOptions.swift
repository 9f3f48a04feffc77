import ArgumentParser
import Foundation
import Reporting

/// How a run is followed in a browser while it goes on.
struct LiveOptions: ParsableArguments {
    @Option(
        defaultAsFlag: "0", parsing: .next,
        help: ArgumentHelp(
            """
            Serves the report while the run goes on, on this machine alone; from elsewhere over ssh -L. Give a port as --serve=PORT; \
            0 is one that is free.
            """,
            valueName: "port"))
    var serve: String?

    func validate() throws {
        // The parser takes what is no number for the flag alone, so the text is judged here.
        guard let serve, UInt16(serve) == nil else { return }
        throw ValidationError("--serve is \(serve), expected a port from 0 to 65535, as --serve=PORT")
    }

    /// Begins to serve a folder where that was asked for, and says where.
    func start(_ folder: String) throws -> LiveServer? {
        guard let port = serve.flatMap(UInt16.init) else { return nil }
        let server = try LiveServer(folder, port: port)
        // Not on standard output, which scripts read.
        StandardError.write(
            """
            Live: \(server.url)
            From elsewhere: ssh -L \(server.port):127.0.0.1:\(server.port) \(ProcessInfo.processInfo.hostName)

            """)
        return server
    }

    /// The same for a folder that was just made: of one that cannot be served nothing stays.
    func startAnew(_ folder: String) throws -> LiveServer? {
        do { return try start(folder) } catch {
            try FileManager.default.removeItem(atPath: folder)
            throw error
        }
    }
}
