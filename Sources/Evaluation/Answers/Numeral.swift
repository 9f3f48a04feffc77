/// Decimal numbers as people write them in text.
enum Numeral {
    /// One way of writing each number: `-1,050.50` becomes `-1050.5`. nil where the text is no plain decimal.
    static func canonical(_ text: some StringProtocol) -> String? {
        var digits = String(text.filter { $0 != "," })[...]
        let isNegative = digits.first == "-"
        if isNegative || digits.first == "+" { digits = digits.dropFirst() }
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.contains(where: { !$0.isEmpty }),
            parts.allSatisfy({ $0.allSatisfy(isDigit) })
        else { return nil }
        let whole = parts[0].drop { $0 == "0" }
        var fraction = parts.count == 2 ? parts[1] : ""
        while fraction.last == "0" { fraction.removeLast() }
        let magnitude = (whole.isEmpty ? "0" : String(whole)) + (fraction.isEmpty ? "" : ".\(fraction)")
        return isNegative && magnitude != "0" ? "-\(magnitude)" : magnitude
    }

    /// Every number in the text, in order, each in its one way of writing.
    ///
    /// A dollar sign may stand between the sign and the digits. A hyphen after a letter, a digit or a bracket is no sign.
    static func all(in text: some StringProtocol) -> [String] {
        let characters = Array(text)
        var (numbers, place): ([String], Int) = ([], 0)
        while place < characters.count {
            guard isDigit(characters[place]) || startsFraction(characters, place) else {
                place += 1
                continue
            }
            let start = place
            while place < characters.count, continues(characters, place) { place += 1 }
            let sign = isNegated(characters, start) ? "-" : ""
            if let number = canonical(sign + String(characters[start..<place])) { numbers.append(number) }
        }
        return numbers
    }

    static func isDigit(_ character: Character) -> Bool { character.isASCII && character.isNumber }

    private static func startsFraction(_ text: [Character], _ place: Int) -> Bool {
        text[place] == "." && place + 1 < text.count && isDigit(text[place + 1])
    }

    /// A comma or a point belongs to a number only where a digit follows.
    private static func continues(_ text: [Character], _ place: Int) -> Bool {
        if isDigit(text[place]) { return true }
        return (text[place] == "," || text[place] == ".") && place + 1 < text.count && isDigit(text[place + 1])
    }

    private static func isNegated(_ text: [Character], _ start: Int) -> Bool {
        var before = start - 1
        if before >= 0, text[before] == "$" { before -= 1 }
        guard before >= 0, text[before] == "-" else { return false }
        guard before > 0 else { return true }
        let left = text[before - 1]
        return !left.isLetter && !left.isNumber && left != ")"
    }
}
