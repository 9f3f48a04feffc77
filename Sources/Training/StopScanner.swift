/// Lets text through up to the first stop string, holding back only what may be the beginning of one.
///
/// Strings are compared byte by byte, so that no canonical equivalence joins what tokens have apart.
struct StopScanner {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []
    private(set) var hasStopped = false

    /// - Parameter stops: none of them empty.
    init(_ stops: [String]) {
        precondition(!stops.contains(""), "a stop string has at least one character")
        self.stops = stops.map { Array($0.utf8) }
    }

    /// Takes more text and returns what is certain to lie before a stop string: the first to be complete, the longest of
    /// those that end together. How the text was cut into pieces makes no difference.
    mutating func append(_ text: String) -> String {
        guard !hasStopped else { return "" }
        for byte in text.utf8 {
            held.append(byte)
            let ended = stops.filter { held.reversed().starts(with: $0.reversed()) }
            if let longest = ended.map(\.count).max() {
                hasStopped = true
                return release(held.count - longest)
            }
        }
        let open = held.indices.first { place in stops.contains { $0.starts(with: held[place...]) } }
        return release(open ?? held.count)
    }

    /// Returns what was held back, now that nothing follows.
    mutating func finish() -> String { hasStopped ? "" : release(held.count) }

    private mutating func release(_ count: Int) -> String {
        defer { held.removeFirst(count) }
        return String(decoding: held.prefix(count), as: UTF8.self)
    }
}
