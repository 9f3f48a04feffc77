/// How ranks that share one teacher's work agree: each has the scores of its shard, and this is one of them.
///
/// All ranks call the same functions in the same order. What goes through here is integers and bytes, never sums of
/// floating-point numbers, so that what comes out does not depend on how many ranks there are.
public protocol Reduction<Failure>: Sendable {
    associatedtype Failure: Error

    var rank: Int { get }
    var rankCount: Int { get }

    /// The sums over all ranks, element by element, on every rank.
    func sum(_ values: [Int64]) throws(Failure) -> [Int64]

    /// The bytes of every rank, which may differ in number, in the order of ranks, on every rank.
    func gather(_ bytes: [UInt8]) throws(Failure) -> [[UInt8]]
}

/// A teacher that shares with nobody.
public struct Alone<Failure: Error>: Reduction {
    public init() {}

    public var rank: Int { 0 }
    public var rankCount: Int { 1 }
    public func sum(_ values: [Int64]) throws(Failure) -> [Int64] { values }
    public func gather(_ bytes: [UInt8]) throws(Failure) -> [[UInt8]] { [bytes] }
}

extension Reduction {
    func sum(_ value: Int) throws(Failure) -> Int { Int(try sum([Int64(value)])[0]) }

    /// The values of every rank, in the order of ranks.
    public func gathered<Value: BitwiseCopyable>(_ values: [Value]) throws(Failure) -> [[Value]] {
        guard rankCount > 1 else { return [values] }
        return try gather(values.withUnsafeBytes { Array($0) }).map { bytes in
            let count = bytes.count / MemoryLayout<Value>.stride
            return [Value](unsafeUninitializedCapacity: count) { output, initialized in
                UnsafeMutableRawBufferPointer(output).copyBytes(from: bytes)
                initialized = count
            }
        }
    }

    /// The columns of all ranks, one rank's after the other's.
    func gathered<Value>(_ column: Column<Value>) throws -> Column<Value> {
        try Column(joined(Array(column)))
    }

    /// The values of all ranks, one rank's after the other's.
    func joined<Value: BitwiseCopyable>(_ values: [Value]) throws(Failure) -> [Value] {
        guard rankCount > 1 else { return values }
        return Array(try gathered(values).joined())
    }

    /// Example numbers of all ranks, rising; those of each rank rise and lie in its shard. Takes one bit an example.
    func joined(_ examples: [Int32], of exampleCount: Int) throws(Failure) -> [Int32] {
        guard rankCount > 1 else { return examples }
        let shard = Shard(rank: rank, of: rankCount, exampleCount: exampleCount)
        var bits = [UInt8](repeating: 0, count: (shard.examples.count + 7) / 8)
        for example in examples {
            let place = Int(example) - shard.examples.lowerBound
            bits[place >> 3] |= 1 << UInt8(place & 7)
        }
        var result: [Int32] = []
        for (rank, bits) in try gather(bits).enumerated() {
            let first = Shard(rank: rank, of: rankCount, exampleCount: exampleCount).examples.lowerBound
            for (index, byte) in bits.enumerated() where byte != 0 {
                for bit in 0..<8 where byte >> UInt8(bit) & 1 == 1 { result.append(Int32(first + 8 * index + bit)) }
            }
        }
        return result
    }
}

/// The neighbouring examples whose scores a rank has.
public struct Shard: Sendable, Equatable {
    /// Their numbers. The first is a multiple of 8, the unit in which random words are drawn and bits are packed.
    public let examples: Range<Int>

    public init(rank: Int, of rankCount: Int, exampleCount: Int) {
        let size = ((exampleCount + 7) / 8 + rankCount - 1) / rankCount * 8
        examples = min(exampleCount, rank * size)..<min(exampleCount, (rank + 1) * size)
    }

    public func contains(_ example: Int32) -> Bool { examples.contains(Int(example)) }
}

/// The shards of all ranks.
struct Shards {
    let count: Int
    let exampleCount: Int

    /// Where a rank's own of some examples stand in its shard, in their order.
    func places(of examples: [Int32], in rank: Int) -> [Int32] {
        guard count > 1 else { return examples }
        let shard = Shard(rank: rank, of: count, exampleCount: exampleCount)
        let first = Int32(shard.examples.lowerBound)
        return examples.lazy.filter(shard.contains).map { $0 - first }
    }

    /// The values that the ranks have for their own of some examples, in the order of the examples.
    func merged<Value>(_ values: [[Value]], like examples: [Int32]) -> [Value] {
        guard count > 1 else { return values[0] }
        let size = max(1, Shard(rank: 0, of: count, exampleCount: exampleCount).examples.count)
        var next = [Int](repeating: 0, count: count)
        return examples.map { example in
            let owner = Int(example) / size
            defer { next[owner] += 1 }
            return values[owner][next[owner]]
        }
    }
}
