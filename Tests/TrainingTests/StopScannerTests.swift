import Teaching
import Testing

@testable import Training

@Suite("Stop strings") struct StopScannerTests {
    private func passed(_ pieces: [String], _ stops: [String]) -> (text: String, hasStopped: Bool) {
        var scanner = StopScanner(stops)
        var text = ""
        for piece in pieces { text += scanner.append(piece) }
        let hasStopped = scanner.hasStopped
        return (text + scanner.finish(), hasStopped)
    }

    @Test("text ends before the first stop string, wherever pieces end") func acrossPieces() {
        for pieces in [["one STOP two"], ["one S", "T", "OP two"], ["one STO", "P"], "one STOP".map(String.init)] {
            #expect(passed(pieces, ["END", "STOP"]) == ("one ", true))
        }
        #expect(passed(["one STO", "NE"], ["STOP"]) == ("one STONE", false))
        #expect(passed(["one STO"], ["STOP"]) == ("one STO", false))
        #expect(passed(["STOP"], ["STOP"]) == ("", true))
        #expect(passed(["a", "b"], []) == ("ab", false))
    }

    @Test("only what may begin a stop string is held back") func holding() {
        var scanner = StopScanner(["\n\n", "\nQ"])
        #expect(scanner.append("line\n") == "line")
        #expect(scanner.append("next") == "\nnext")
        #expect(scanner.append("\n") == "")
        #expect(scanner.append("Q: more") == "")
        #expect(scanner.hasStopped)
        #expect(scanner.append("more") == "")
        #expect(scanner.finish() == "")
    }

    @Test("characters stay whole") func characters() {
        var scanner = StopScanner(["é!"])
        #expect(scanner.append("caf") == "caf")
        #expect(scanner.append("é") == "")
        #expect(scanner.append("?") == "é?")
    }

    @Test("however a text is cut, the same comes through") func invariance() {
        let random = CounterRandom(seed: 3)
        var draw: UInt64 = 0
        func below(_ count: Int) -> Int {
            draw += 1
            return Int(random.uniform(at: draw) * Double(count))
        }
        for _ in 0..<2000 {
            let text = (0..<12).map { _ in ["a", "b", "c"][below(3)] }.joined()
            let stops = (0...below(3)).map { _ in (0...below(3)).map { _ in ["a", "b", "c"][below(3)] }.joined() }
            var (pieces, rest) = ([String](), text[...])
            while !rest.isEmpty {
                pieces.append(String(rest.prefix(1 + below(4))))
                rest = rest.dropFirst(pieces[pieces.count - 1].count)
            }
            let (found, hasStopped) = passed(pieces, stops)
            #expect((found, hasStopped) == passed([text], stops), "\(pieces) \(stops)")
            // The shortest beginning of the text that ends in a stop string, without it.
            let end = text.indices.map { text[...$0] }.first { head in stops.contains { head.hasSuffix($0) } }
            let longest = end.flatMap { head in stops.filter { head.hasSuffix($0) }.map(\.count).max() } ?? 0
            #expect(found == (end.map { String($0.dropLast(longest)) } ?? text))
            #expect(hasStopped == (end != nil))
        }
    }
}
