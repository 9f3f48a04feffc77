import Testing

@testable import Tokenizers

@Suite("Normalisation form C")
struct NFCTests {
    @Test(
        "Marks compose and take their order",
        arguments: [
            ("e\u{301}", "\u{E9}"), ("\u{212B}", "\u{C5}"), ("\u{1100}\u{1161}\u{11A8}", "\u{AC01}"),
            ("a\u{307}\u{323}", "\u{1EA1}\u{307}"), ("\u{958}", "\u{915}\u{93C}"),
            ("\u{F75}\u{F75}\u{F80}", "\u{F71}\u{F71}\u{F80}\u{F74}\u{F74}"), ("漢字😀", "漢字😀"), ("é ×", "é ×"),
        ])
    func composes(text: String, expected: String) {
        #expect(Array(text.utf8)[...].inNFC == Array(expected.utf8))
    }
}
