/// Random numbers as a function of (seed, stream, counter), with no state: any draw can be made again, in any order, on
/// any machine.
///
/// The generator is Philox4x32-10: Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
public struct CounterRandom: Sendable, Equatable {
    public let seed: UInt64
    public let stream: UInt64

    /// - Parameter stream: separates uses of one seed; two streams never share a draw.
    public init(seed: UInt64, stream: UInt64 = 0) {
        self.seed = seed
        self.stream = stream
    }

    /// The four words at counters `4 index ..< 4 index + 4`.
    @inlinable @inline(__always)
    public func block(_ index: UInt64) -> SIMD4<UInt32> {
        var x0 = UInt32(truncatingIfNeeded: index)
        var x1 = UInt32(truncatingIfNeeded: index >> 32)
        var x2 = UInt32(truncatingIfNeeded: stream)
        var x3 = UInt32(truncatingIfNeeded: stream >> 32)
        var key0 = UInt32(truncatingIfNeeded: seed)
        var key1 = UInt32(truncatingIfNeeded: seed >> 32)
        for _ in 0..<10 {
            let product0 = UInt64(x0) &* 0xD251_1F53
            let product1 = UInt64(x2) &* 0xCD9E_8D57
            x0 = UInt32(truncatingIfNeeded: product1 >> 32) ^ x1 ^ key0
            x1 = UInt32(truncatingIfNeeded: product1)
            x2 = UInt32(truncatingIfNeeded: product0 >> 32) ^ x3 ^ key1
            x3 = UInt32(truncatingIfNeeded: product0)
            key0 &+= 0x9E37_79B9
            key1 &+= 0xBB67_AE85
        }
        return SIMD4(x0, x1, x2, x3)
    }

    /// `block(index)` and `block(index + 1)`, in less time than two.
    @inline(__always)
    func twoBlocks(_ index: UInt64) -> (SIMD4<UInt32>, SIMD4<UInt32>) {
        var pair = PhiloxPair(index, stream: stream)
        // A loop would be compiled with the shuffles of the end in each of its rounds.
        pair.round(seed, 0)
        pair.round(seed, 1)
        pair.round(seed, 2)
        pair.round(seed, 3)
        pair.round(seed, 4)
        pair.round(seed, 5)
        pair.round(seed, 6)
        pair.round(seed, 7)
        pair.round(seed, 8)
        pair.round(seed, 9)
        return pair.words
    }

    /// 32 random bits.
    @inlinable
    public func bits(at counter: UInt64) -> UInt32 {
        block(counter >> 2)[Int(counter & 3)]
    }

    /// Uniform in the open interval (0, 1), with 32 bits of resolution.
    @inlinable
    public func uniform(at counter: UInt64) -> Double {
        (Double(bits(at: counter)) + 0.5) * 0x1p-32
    }

    /// Standard Gumbel noise, `-log(-log(u))`.
    public func gumbel(at counter: UInt64) -> Float {
        FloatMath.gumbel(block(counter >> 2))[Int(counter & 3)]
    }

    /// Uniform in `0..<bound`; the bias is below `bound / 2^64`.
    @inlinable
    public func integer(below bound: Int, at counter: UInt64) -> Int {
        let words = block(counter >> 1)
        let lane = Int(counter & 1) * 2
        let wide = UInt64(words[lane]) << 32 | UInt64(words[lane + 1])
        return Int(wide.multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// Reorders `elements` uniformly (Fisher-Yates); equal lengths get equal permutations.
    @inlinable
    public func shuffle<Element>(_ elements: inout [Element]) {
        elements.withUnsafeMutableBufferPointer { buffer in
            var index = buffer.count - 1
            while index > 0 {
                buffer.swapAt(index, integer(below: index + 1, at: UInt64(index)))
                index -= 1
            }
        }
    }

    /// A uniformly random order of `0..<count`.
    public func permutation(of count: Int) -> [Int32] {
        var order = Array(0..<Int32(count))
        shuffle(&order)
        return order
    }
}

/// The state of two neighbouring blocks.
///
/// A word lies in the low half of a 64-bit lane, and what is above it is ignored: so do the processors' products of
/// 32-bit lanes, and no lane has to move between rounds.
private struct PhiloxPair {
    private typealias Lanes = SIMD2<UInt64>

    private var x0: Lanes
    private var x1: Lanes
    private var x2: Lanes
    private var x3: Lanes

    @inline(__always)
    init(_ index: UInt64, stream: UInt64) {
        x0 = Lanes(index, index &+ 1)
        x1 = x0 &>> 32
        x2 = Lanes(repeating: stream)
        x3 = x2 &>> 32
    }

    @inline(__always)
    mutating func round(_ seed: UInt64, _ number: UInt32) {
        let key0 = UInt32(truncatingIfNeeded: seed) &+ number &* 0x9E37_79B9
        let key1 = UInt32(truncatingIfNeeded: seed >> 32) &+ number &* 0xBB67_AE85
        let product0: Lanes = (x0 & 0xFFFF_FFFF) &* Lanes(repeating: 0xD251_1F53)
        let product1: Lanes = (x2 & 0xFFFF_FFFF) &* Lanes(repeating: 0xCD9E_8D57)
        x0 = (product1 &>> 32) ^ x1 ^ Lanes(repeating: UInt64(key0))
        x2 = (product0 &>> 32) ^ x3 ^ Lanes(repeating: UInt64(key1))
        x1 = product1
        x3 = product0
    }

    @inline(__always)
    var words: (SIMD4<UInt32>, SIMD4<UInt32>) {
        let left: Lanes = (x0 & 0xFFFF_FFFF) | (x1 &<< 32)
        let right: Lanes = (x2 & 0xFFFF_FFFF) | (x3 &<< 32)
        return (
            unsafeBitCast(Lanes(left[0], right[0]), to: SIMD4<UInt32>.self),
            unsafeBitCast(Lanes(left[1], right[1]), to: SIMD4<UInt32>.self)
        )
    }
}

extension CounterRandom {
    /// What the teacher draws for; each has its own streams.
    enum Purpose: UInt64 {
        case selection = 1
        case order
        case admission
        case elements
        case recording
    }

    /// - Parameters:
    ///   - number: below 2^24, usually a lesson's.
    ///   - index: usually an example's.
    init(seed: UInt64, purpose: Purpose, number: Int, index: Int32 = 0) {
        let number = UInt64(truncatingIfNeeded: number) & 0xFF_FFFF
        self.init(seed: seed, stream: purpose.rawValue << 56 | number << 32 | UInt64(UInt32(bitPattern: index)))
    }
}
