/// BPE over characters in which the pair that makes the piece of the highest score merges first, of equals the
/// leftmost: SentencePiece's BPE and llama2.c's. A character without a piece becomes its bytes.
///
/// Pieces are given with plain spaces.
struct ScoredPieces: Sendable {
    struct Piece {
        var bytes: [UInt8] = []
        var score: Float = 0
        /// Whether text can become this piece.
        var isText = true
    }

    private static let space = UInt8(ascii: " ")

    private let vocabulary: Vocabulary
    private let merges: MergeTable
    /// The piece of each byte.
    private let byteIDs: [Int32]
    /// Whether a text may be cut at the start of each run of spaces without changing its ids: as no piece holds a space
    /// behind another character, no merge crosses there.
    private let isCutAtSpaces: Bool
    private let workspaces = Pool(Workspace.init)

    /// What one call of `encode` works with.
    private final class Workspace {
        let cache = WordCache()
        let merger = PairMerger()
        var tokens: [Int32] = []
    }

    init(_ pieces: [Piece], byteIDs: [Int32]) {
        vocabulary = Vocabulary(pieces.map(\.bytes)) { pieces[$0].isText }
        merges = Self.mergeTable(pieces, vocabulary)
        isCutAtSpaces = !pieces.contains { $0.isText && Self.hasInnerSpace($0.bytes) }
        self.byteIDs = byteIDs
    }

    func bytes(of id: Int) -> ArraySlice<UInt8> {
        vocabulary.bytes(of: id)
    }

    /// Appends the ids of `text`, which is UTF-8, with a space in front unless told otherwise.
    func encode(_ text: [UInt8], addingSpace: Bool = true, into ids: inout [Int32]) {
        guard !text.isEmpty else { return }
        let workspace = workspaces.take()
        defer { workspaces.give(workspace) }
        let spaced = addingSpace ? [Self.space] + text : text
        spaced.withUnsafeBufferPointer { spaced in
            var start = 0
            var previous = spaced[0]
            for index in 1..<spaced.count {
                if spaced[index] == Self.space, previous != Self.space, isCutAtSpaces {
                    encode(UnsafeBufferPointer(rebasing: spaced[start..<index]), with: workspace, into: &ids)
                    start = index
                }
                previous = spaced[index]
            }
            encode(UnsafeBufferPointer(rebasing: spaced[start...]), with: workspace, into: &ids)
        }
    }

    private func encode(_ chunk: UnsafeBufferPointer<UInt8>, with workspace: Workspace, into ids: inout [Int32]) {
        if workspace.cache.append(chunk, to: &ids) { return }
        workspace.tokens.removeAll(keepingCapacity: true)
        var index = 0
        while index < chunk.count {
            let end = min(index + Self.characterLength(chunk[index]), chunk.count)
            let character = UnsafeBufferPointer(rebasing: chunk[index..<end])
            if let id = vocabulary.id(of: character) {
                workspace.tokens.append(id)
            } else {
                workspace.tokens.append(contentsOf: character.lazy.map { byteIDs[Int($0)] })
            }
            index = end
        }
        workspace.merger.merge(&workspace.tokens, by: merges)
        workspace.cache.insert(chunk, ids: workspace.tokens[...])
        ids += workspace.tokens
    }

    private static func characterLength(_ lead: UInt8) -> Int {
        lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    }

    private static func hasInnerSpace(_ bytes: [UInt8]) -> Bool {
        bytes.drop { $0 == space }.contains(space)
    }

    /// Each way to make a piece of two others merges at the rank of the piece's score; equal scores share a rank.
    private static func mergeTable(_ pieces: [Piece], _ vocabulary: Vocabulary) -> MergeTable {
        var table = MergeTable(minimumCapacity: pieces.count * 2)
        let scores = Set(pieces.map(\.score)).sorted(by: >)
        let ranks = Dictionary(uniqueKeysWithValues: zip(scores, UInt32(0)...))
        for (id, piece) in pieces.enumerated() where piece.bytes.count > 1 {
            guard vocabulary.id(of: piece.bytes) == Int32(id), let rank = ranks[piece.score] else { continue }
            for cut in 1..<piece.bytes.count {
                guard let left = vocabulary.id(of: Array(piece.bytes[..<cut])),
                    let right = vocabulary.id(of: Array(piece.bytes[cut...]))
                else { continue }
                table.insert(left, right, .init(rank: rank, token: Int32(id)))
            }
        }
        return table
    }
}
