extension TopK {
    /// Those of this rank's shard that are among the `min(k, N)` largest keys of all ranks, rising.
    ///
    /// The first key not chosen is found digit by digit, from histograms of the keys close to it; keys equal to it are
    /// taken in the order of their examples.
    func chooseShard(_ k: Int) throws(Ranks.Failure) -> [Int32] {
        guard k > 0 else { return [] }
        guard k < count else {
            return keys.scores.indices.map { Int32(keys.first + $0) }
        }
        if count >= sampledFrom, let bracket = try bracket(rank: k, every: sampleStride),
            let chosen = try chooseShard(k, inside: bracket)
        {
            return chosen
        }
        guard let bracket = try bracket(rank: k, every: 1) else { return [] }
        return try chooseShard(k, inside: bracket) ?? []
    }

    private func chooseShard(_ k: Int, inside bracket: ClosedRange<UInt64>) throws(Ranks.Failure) -> [Int32]? {
        let own = gatherShard(k, inside: bracket)
        let counts = try ranks.sum([Int64(own.found), Int64(own.candidates.count)])
        let missing = k - Int(counts[0])
        guard missing >= 0, missing < counts[1] else { return nil }
        let boundary = try boundary(ofRank: missing, among: own.candidates, inside: bracket)
        let tied = own.candidates.filter { $0.key == boundary.key }
        let before = try ranks.joined([Int64(tied.count)]).prefix(ranks.rank).reduce(0, +)
        let places = max(0, min(tied.count, boundary.places - Int(before)))
        let inside = own.candidates.filter { $0.key > boundary.key } + tied.prefix(places)
        return Self.merged(own.examples, inside.map(\.example).sorted())
    }

    /// Two rising lists as one.
    private static func merged(_ many: [Int32], _ few: [Int32]) -> [Int32] {
        var (result, next) = ([Int32](), 0)
        result.reserveCapacity(many.count + few.count)
        for example in few {
            while next < many.count && many[next] < example {
                result.append(many[next])
                next += 1
            }
            result.append(example)
        }
        return result + many[next...]
    }

    /// The key with `rank` larger ones or equal ones before it among the candidates of all ranks, and how many equal to
    /// it come before it.
    private func boundary(
        ofRank rank: Int, among candidates: [Candidate], inside bracket: ClosedRange<UInt64>
    ) throws(Ranks.Failure) -> (key: UInt64, places: Int) {
        var rank = rank
        var key = bracket.lowerBound
        var shift = UInt64(64 - (bracket.upperBound - bracket.lowerBound).leadingZeroBitCount)
        while shift > 0 {
            let bits = min(shift, Self.refiningBits)
            var histogram = [Int64](repeating: 0, count: 1 << bits)
            for candidate in candidates where candidate.key >= key {
                // What is left of the difference once the known digits are taken off; smart shifts make 0 of one by 64.
                let rest = candidate.key - key
                guard rest >> shift == 0 else { continue }
                histogram[Int(rest >> (shift - bits))] += 1
            }
            let place = place(ofRank: rank, in: try ranks.sum(histogram))
            rank -= place.above
            shift -= bits
            key += UInt64(place.digit) << shift
        }
        return (key, rank)
    }

    /// A histogram of 16 KiB a round.
    private static var refiningBits: UInt64 { 11 }
}
