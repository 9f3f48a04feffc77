import Foundation
import Testing

@testable import Reporting
@testable import Training

@Suite struct StatusLineTests {
    private static let view = StatusView(
        label: "attent · seed 1 · run 4 of 9", progress: 0.42, remaining: 12, loss: 0.431, examplesPerSecond: 12_340,
        quality: ("val/accuracy", 0.931))

    @Test("A wide terminal shows everything")
    func wide() {
        #expect(
            Self.view.line(width: 200, color: false)
                == "attent · seed 1 · run 4 of 9  ━━━━━━━━────────────   42 %  0:12 left  loss 0.431  "
                + "val/accuracy 93.1 %  12,340 examples/s")
    }

    @Test("No line is wider than the terminal, and colour takes no room", arguments: 0...160)
    func narrow(width: Int) throws {
        let plain = Self.view.line(width: width, color: false)
        #expect(plain.count <= width)
        let colored = Self.view.line(width: width, color: true)
        #expect(try colored.replacing(Regex("\u{1B}\\[[0-9]*m"), with: "").count == plain.count)
        #expect(!plain.contains("\u{1B}"))
    }

    @Test("Where room is short, the rate goes first and the label last")
    func order() {
        let shown = stride(from: 120, to: 0, by: -1).map { Self.view.line(width: $0, color: false) }
        func places(_ text: String) -> Int { shown.count { $0.contains(text) } }
        let parts = ["examples/s", "val/accuracy", "━", "loss", "left", "%", "attent · seed 1"]
        #expect(zip(parts, parts.dropFirst()).allSatisfy { places($0) <= places($1) }, "\(parts.map(places))")
        #expect(places("examples/s") > 0 && places("examples/s") < places("left"))
    }

    @Test("What is not known is not shown, and not-a-number is a dash")
    func unknown() {
        #expect(StatusView(label: "a").plainLine == "a    0 %")
        #expect(StatusView(label: "a", progress: 1, loss: .nan).plainLine == "a  100 %  loss –")
    }

    /// What a run of `steps` steps, `interval` seconds apart, writes to a pipe or file.
    private static func output(steps: Int, interval: Double, quiet: Bool = false) throws -> String {
        let folder = try TemporaryFolder()
        let path = folder.file("out")
        try Data().write(to: URL(fileURLWithPath: path))
        let handle = try #require(FileHandle(forWritingAtPath: path))
        var time = 0.0
        let line = StatusLine(
            position: .init(4, of: 9), quiet: quiet, output: handle, environment: ["TERM": "xterm"], now: { time })
        line.observe(.started(Fixtures.start()))
        for step in 1...steps {
            time += interval
            line.observe(.stepped(Fixtures.step(step, of: steps)))
        }
        line.observe(.finished(Fixtures.summary()))
        try handle.close()
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test("Where lines cannot be rewritten, a plain line comes every five seconds and one at the end")
    func notATerminal() throws {
        let lines = try Self.output(steps: 200, interval: 0.1).split(separator: "\n")
        #expect((5...6).contains(lines.count))
        #expect(!lines.joined().contains("\u{1B}") && !lines.joined().contains("\r"))
        #expect(lines[1].hasPrefix("attent · seed 1 · run 4 of 9"))
        #expect(
            lines.last
                == "attent · seed 1 · run 4 of 9  done  test/accuracy 95.0 %  10.0 s  3,200 examples taught")
    }

    @Test("The time to go follows from the time so far")
    func remaining() throws {
        let lines = try Self.output(steps: 10, interval: 6).split(separator: "\n")
        #expect(lines[0].contains("10 %") && lines[0].contains("0:54 left"))
        #expect(lines[4].contains("50 %") && lines[4].contains("0:30 left"))
    }

    @Test("Quiet, nothing is written")
    func quiet() throws {
        #expect(try Self.output(steps: 10, interval: 6, quiet: true).isEmpty)
    }

    @Test("Only a terminal gets colour, and NO_COLOR turns it off")
    func color() throws {
        var (main, side): (Int32, Int32) = (-1, -1)
        try #require(openpty(&main, &side, nil, nil, nil) == 0)
        defer { close(main) }
        let handle = FileHandle(fileDescriptor: side)
        #expect(Terminal(handle, environment: ["TERM": "xterm"]).hasColor)
        #expect(!Terminal(handle, environment: ["TERM": "xterm", "NO_COLOR": "1"]).hasColor)
        #expect(Terminal(handle, environment: ["TERM": "xterm", "NO_COLOR": ""]).hasColor)
        #expect(!Terminal(handle, environment: ["TERM": "dumb"]).isInteractive)

        // A terminal sees at most ten redraws a second, each rewriting the one line.
        var size = winsize(ws_row: 24, ws_col: 60, ws_xpixel: 0, ws_ypixel: 0)
        try #require(ioctl(side, UInt(TIOCSWINSZ), &size) == 0)
        var time = 0.0
        let line = StatusLine(output: handle, environment: ["TERM": "xterm", "NO_COLOR": "1"], now: { time })
        line.observe(.started(Fixtures.start()))
        for step in 1...100 {
            time += 0.01
            line.observe(.stepped(Fixtures.step(step)))
        }
        close(side)
        let redraws = Self.everything(from: main).split(separator: "\r")
        #expect((9...11).contains(redraws.count))
        #expect(redraws.allSatisfy { $0.hasSuffix("\u{1B}[K") && $0.count - 3 < 60 && !$0.contains("\n") })
    }

    /// Reads to the end: a pseudo-terminal hands over what was written in pieces.
    private static func everything(from descriptor: Int32) -> String {
        var (bytes, buffer): ([UInt8], [UInt8]) = ([], [UInt8](repeating: 0, count: 4096))
        while case let count = read(descriptor, &buffer, buffer.count), count > 0 { bytes += buffer.prefix(count) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
