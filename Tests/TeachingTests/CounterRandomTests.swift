import Foundation
import Testing

@testable import Teaching

@Suite struct CounterRandomTests {
    @Test("Philox4x32-10 gives the known answers of its authors' test vectors")
    func knownAnswers() {
        let zero = CounterRandom(seed: 0, stream: 0)
        #expect(zero.block(0) == SIMD4(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
        let ones = CounterRandom(seed: .max, stream: .max)
        #expect(ones.block(.max) == SIMD4(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
        let pi = CounterRandom(seed: 0x299f_31d0_a409_3822, stream: 0x0370_7344_1319_8a2e)
        #expect(pi.block(0x85a3_08d3_243f_6a88) == SIMD4(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
    }

    @Test("a draw is a function of seed, stream and counter")
    func counters() {
        let random = CounterRandom(seed: 3, stream: 5)
        #expect((0..<4).map { random.bits(at: 8 + $0) } == (0..<4).map { random.block(2)[$0] })
        #expect(random.bits(at: 9) != CounterRandom(seed: 4, stream: 5).bits(at: 9))
        #expect(random.bits(at: 9) != CounterRandom(seed: 3, stream: 6).bits(at: 9))
    }

    @Test("uniform numbers lie inside (0, 1), with the mean and variance of a uniform distribution")
    func uniform() {
        let random = CounterRandom(seed: 1)
        let draws = (0..<20_000).map { random.uniform(at: $0) }
        #expect(draws.allSatisfy { $0 > 0 && $0 < 1 })
        let mean = draws.reduce(0, +) / 20_000
        let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
        #expect(abs(mean - 0.5) < 0.01)
        #expect(abs(variance - 1.0 / 12) < 0.003)
    }

    @Test("every order of three is equally likely")
    func permutations() {
        var counts: [[Int32]: Int] = [:]
        for seed in 0..<6000 { counts[CounterRandom(seed: UInt64(seed)).permutation(of: 3), default: 0] += 1 }
        #expect(counts.count == 6)
        // Chi-square with 5 degrees of freedom: above 25.7 once in 10,000.
        #expect(counts.values.reduce(0.0) { $0 + pow(Double($1) - 1000, 2) / 1000 } < 25.7)
    }

    @Test("a permutation holds each number once, at any length")
    func completeness() {
        for count in [0, 1, 2, 17, 1000] {
            #expect(CounterRandom(seed: 2).permutation(of: count).sorted() == Array(0..<Int32(count)))
        }
    }

    @Test("Gumbel noise has the mean and variance of the standard Gumbel distribution")
    func gumbel() {
        let random = CounterRandom(seed: 11)
        let draws = (0..<20_000).map { Double(random.gumbel(at: $0)) }
        let mean = draws.reduce(0, +) / 20_000
        let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
        #expect(abs(mean - 0.5772) < 0.035)
        #expect(abs(variance - Double.pi * Double.pi / 6) < 0.1)
    }
}

@Suite struct FloatMathTests {
    @Test("logarithm and exponential agree with the platform's to 4e-7")
    func accuracy() {
        for step in 0..<400 {
            let x = Float(exp(Double(step) * 0.4 - 80))
            let logarithm = Double(FloatMath.log(SIMD4(repeating: x))[0])
            #expect(abs(logarithm - log(Double(x))) <= 4e-7 * max(1, abs(log(Double(x)))))
            let y = Float(step) * 0.4 - 80
            let exponential = Double(FloatMath.exp(SIMD4(repeating: y))[0])
            #expect(abs(exponential / exp(Double(y)) - 1) < 4e-7)
        }
    }

    @Test("the ends of the range are infinite, zero or unknown, as for the platform's functions")
    func ends() {
        let logarithms = FloatMath.log(SIMD4(0, .infinity, .nan, -1))
        #expect(logarithms[0] == -.infinity && logarithms[1] == .infinity && logarithms[2].isNaN)
        #expect(logarithms[3] == -.infinity)
        let exponentials = FloatMath.exp(SIMD4(-.infinity, .infinity, -200, 200))
        #expect(exponentials == SIMD4(0, .infinity, 0, .infinity))
    }

    @Test("Gumbel noise follows -log(-log(1 - v)) over all 32-bit words, the extremes included")
    func gumbel() {
        for word: UInt32 in [0, 1, 2, 1000, 1 << 20, 1 << 30, 3 << 30, .max - 1000] {
            let v = (Double(word) + 0.5) * 0x1p-32
            let expected = -log(-log1p(-v))
            // 1 - v has few bits near 0, where the noise is lowest and matters least.
            let tolerance = v > 0.99 ? 2e-3 : 1e-5
            #expect(abs(Double(FloatMath.gumbel(SIMD4(repeating: word))[0]) - expected) < tolerance)
        }
        #expect(FloatMath.gumbel(SIMD4(repeating: .max))[0].isFinite)
    }
}
