// Bytes that one of 8 ranks sends while they choose 30 % of N examples softly, each for its own shard, against those of
// gathering all scores on every rank. The ranks are threads, the collectives those of processes.
//
// N = 1e9 takes about 10 GB of memory; `--without-billion` leaves it out.
import Foundation
import Teaching
import TeachingSimulation

let rankCount = 8

struct Outcome: Sendable {
    var bytes: Int
    var chosen: Int
}

/// What one rank has and does.
func choose(among rank: SimulatedRank, of count: Int) throws -> Outcome {
    let shard = Shard(rank: rank.rank, of: rank.rankCount, exampleCount: count).examples
    let random = CounterRandom(seed: 1)
    var scores = [Float](repeating: 0, count: shard.count)
    for place in scores.indices {
        // Four scores a block of random words would be quicker and no different.
        scores[place] = Float(random.bits(at: UInt64(shard.lowerBound + place))) * 0x1p-30
    }
    let chosen = try Ranking.soft(Selection.Soft()).chooseShard(
        count * 3 / 10, of: count, from: scores, random: CounterRandom(seed: 2), among: rank)
    return Outcome(bytes: rank.traffic, chosen: chosen.count)
}

var sizes = [("1e6", 1_000_000), ("1e7", 10_000_000), ("1e8", 100_000_000), ("1e9", 1_000_000_000)]
if CommandLine.arguments.contains("--without-billion") { sizes.removeLast() }
do {
    for (name, count) in sizes {
        let outcomes = try SimulatedRank.run(rankCount) { rank in Result { try choose(among: rank, of: count) } }
            .map { try $0.get() }
        precondition(outcomes.reduce(0) { $0 + $1.chosen } == count * 3 / 10)
        let bytes = outcomes.map(\.bytes).max() ?? 0
        let gathering = 4 * count * (rankCount - 1) / rankCount
        print("figure teacher.selection_bytes.\(name) \(bytes)")
        if count == sizes.last?.1 {
            print("figure teacher.selection_bytes_vs_allgather \(Double(bytes) / Double(gathering))")
        }
    }
} catch {
    print("shards-bench: \(error)")
    exit(1)
}
