/// A colour at every point of space: two colours and a pattern between them.
struct SceneTexture {
    enum Pattern: Int, CaseIterable { case plain, stripes, checks, clouds, rings }

    let pattern: Pattern
    let first, second: SIMD3<Float>
    /// Periods a unit of length.
    let frequency: Float
    /// The unit vector across the stripes.
    let direction: SIMD3<Float>

    init(_ draws: inout SceneDraws, frequency: ClosedRange<Float>) {
        pattern = Pattern(rawValue: draws.integer(below: Pattern.allCases.count)) ?? .plain
        (first, second) = (draws.color(), draws.color())
        self.frequency = draws.uniform(frequency)
        direction = SIMD3(draws.uniform(-1...1), draws.uniform(-1...1), draws.uniform(0.1...1)).normalized
    }

    private init(_ texture: SceneTexture, _ first: SIMD3<Float>, _ second: SIMD3<Float>) {
        (pattern, frequency, direction) = (texture.pattern, texture.frequency, texture.direction)
        (self.first, self.second) = (first, second)
    }

    /// The same pattern in colours that come nearer to those of `other`: camouflage.
    func blended(into other: SceneTexture, _ share: Float) -> SceneTexture {
        SceneTexture(self, first.mixed(with: other.first, share), second.mixed(with: other.second, share))
    }

    func color(at point: SIMD3<Float>) -> SIMD3<Float> { first.mixed(with: second, share(at: frequency * point)) }

    private func share(at point: SIMD3<Float>) -> Float {
        switch pattern {
        case .plain: return 0
        case .stripes: return wave(point.dot(direction))
        case .rings: return wave((point.x * point.x + point.z * point.z).squareRoot())
        case .checks:
            let cell = point.rounded(.down)
            return Int(cell.x + cell.y + cell.z) & 1 == 0 ? 0 : 1
        case .clouds: return Self.noise(2 * point)
        }
    }

    /// A triangle wave of period 1 between 0 and 1.
    private func wave(_ x: Float) -> Float { abs(2 * (x - x.rounded(.down)) - 1) }

    /// Value noise: random numbers on a unit lattice, interpolated linearly.
    private static func noise(_ point: SIMD3<Float>) -> Float {
        let cell = point.rounded(.down)
        let share = point - cell
        let corner = SIMD3<Int32>(cell)
        func row(_ y: Int32, _ z: Int32) -> Float {
            let (a, b) = (lattice(corner &+ SIMD3(0, y, z)), lattice(corner &+ SIMD3(1, y, z)))
            return a + share.x * (b - a)
        }
        let near = row(0, 0) + share.y * (row(1, 0) - row(0, 0))
        let far = row(0, 1) + share.y * (row(1, 1) - row(0, 1))
        return near + share.z * (far - near)
    }

    private static func lattice(_ cell: SIMD3<Int32>) -> Float {
        let keys = SIMD3<UInt32>(truncatingIfNeeded: cell)
        var bits = keys.x &* 0x9E37_79B1 ^ keys.y &* 0x85EB_CA77 ^ keys.z &* 0xC2B2_AE3D
        bits = (bits ^ (bits >> 15)) &* 0x2C1B_3C6D
        return Float((bits ^ (bits >> 13)) & 0xFFFF) * 0x1p-16
    }
}
