import NN
import Testing
import Torch

@Suite("Gradients whose norm the host has not read") struct UnreadNormTests {
    @Test("Clipping by an unread norm is clipping")
    func clipping() throws {
        func clipped(_ body: (AdamW) throws -> Double) throws -> ([Float], Double) {
            let (x, parameters) = try ParameterBuilder.build(ParameterBuilder(seed: 0)) { path throws(TorchError) in
                try path.parameter("x", [64], .ones)
            }
            try (x * Generator(seed: 3).normal([64])).sum().backward()
            let norm = try body(AdamW(parameters, .init()))
            return (try #require(try x.gradient()).values(), norm)
        }
        for maximum in [0.5, 1000] {
            let read = try clipped { try $0.clipGradients(to: maximum) }
            let unread = try clipped { try $0.clippedNorm(to: maximum).item() }
            #expect(abs(read.1 - unread.1) <= 1e-6 * read.1)
            #expect(zip(read.0, unread.0).allSatisfy { abs($0 - $1) <= 1e-6 * abs($0) })
        }
    }

    @Test("An update by gradients that are no number changes nothing, moments and counters included")
    func spoilt() throws {
        let (x, parameters) = try ParameterBuilder.build(ParameterBuilder(seed: 0)) { path throws(TorchError) in
            try path.parameter("x", [64], .ones)
        }
        let optimizer = try AdamW(parameters, .init())
        func step(_ factor: Double) throws -> [[Float]] {
            try (x * factor).sum().backward()
            let norm = try optimizer.clippedNorm(to: 1)
            try optimizer.update(learningRate: 0.1, unlessSpoilt: norm)
            #expect(try x.gradient() == nil)
            return try [x.detached().values()] + optimizer.state.map { try $0.tensor.values() }
        }
        let first = try step(2)
        #expect(first[0] != Array(repeating: 1, count: 64))
        #expect(try step(.nan) == first)
        #expect(try step(.infinity) == first)
        #expect(try step(2) != first)
    }
}
