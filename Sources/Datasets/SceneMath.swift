import Foundation

extension SIMD3<Float> {
    func dot(_ other: SIMD3<Float>) -> Float { (self * other).sum() }
    var normalized: SIMD3<Float> { self / dot(self).squareRoot() }

    func cross(_ other: SIMD3<Float>) -> SIMD3<Float> {
        SIMD3(y * other.z - z * other.y, z * other.x - x * other.z, x * other.y - y * other.x)
    }

    func mixed(with other: SIMD3<Float>, _ share: Float) -> SIMD3<Float> { self + share * (other - self) }
}

extension Float {
    static func cosine(_ x: Float) -> Float { cosf(x) }
    static func sine(_ x: Float) -> Float { sinf(x) }
}

/// A sequence of numbers that depends on its keys alone.
struct SceneDraws {
    private let hash: KeyedHash
    private var count = 0

    init(seed: UInt64, scene: Int) { hash = KeyedHash(seed: seed).keyed(by: scene) }

    /// Uniform in 0..<1, with 24 bits.
    mutating func uniform() -> Float {
        count += 1
        return Float(hash.keyed(by: count).bits >> 40) * 0x1p-24
    }

    mutating func uniform(_ range: ClosedRange<Float>) -> Float {
        range.lowerBound + uniform() * (range.upperBound - range.lowerBound)
    }

    mutating func integer(below bound: Int) -> Int {
        count += 1
        return hash.keyed(by: count).below(bound)
    }

    mutating func color() -> SIMD3<Float> { SIMD3(uniform(0.1...0.95), uniform(0.1...0.95), uniform(0.1...0.95)) }
}
