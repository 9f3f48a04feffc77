/// A room with solids in it: what scene number `index` of a seed consists of, before it is rendered.
///
/// Its class says which kind of solid is the most frequent, and whether those are stacked or stand apart. Most scenes
/// are easy; a long tail has more other solids around, further away, darker, noisier and in the colours of the floor.
struct Scene {
    /// The room's walls stand so far from its middle, which is the origin; its floor is at height 0.
    static let roomReach: Float = 9

    let label: Int
    /// In 0..<1; its density falls steeply.
    let difficulty: Float
    let solids: [SceneSolid]
    let floor, wall: SceneTexture
    let camera: SceneCamera
    /// Towards the light.
    let light: SIMD3<Float>
    let brightness: Float
    /// The largest change of a pixel's intensity by noise.
    let noise: Float
    /// What the pixels' noise is drawn from.
    let grain: SceneDraws

    init(seed: UInt64, index: Int) {
        var draws = SceneDraws(seed: seed, scene: index)
        label = draws.integer(below: Scenes.classNames.count)
        let u = draws.uniform()
        difficulty = u * u * u
        floor = SceneTexture(&draws, frequency: 0.3...1)
        wall = SceneTexture(&draws, frequency: 0.15...0.5)
        camera = SceneCamera(&draws, difficulty)
        let (turn, height) = (draws.uniform(0...2 * .pi), draws.uniform(0.6...2.5))
        light = SIMD3(Float.cosine(turn), height, Float.sine(turn)).normalized
        brightness = draws.uniform(0.85...1) * (1 - 0.65 * difficulty)
        noise = 0.02 + 0.12 * difficulty
        grain = SceneDraws(seed: ~seed, scene: index)
        var composition = SceneComposition(floor: floor, difficulty: difficulty)
        composition.fill(label, &draws)
        solids = composition.solids
    }
}

/// A pinhole camera that looks at the middle of the room.
struct SceneCamera {
    let position, forward, right, up: SIMD3<Float>
    /// The tangent of half the vertical angle of view.
    let halfView: Float

    init(_ draws: inout SceneDraws, _ difficulty: Float) {
        let (turn, distance) = (draws.uniform(0...2 * .pi), draws.uniform(3.2...4.2) + 2.4 * difficulty)
        let slope = draws.uniform(0.2...0.6)
        let target = SIMD3(draws.uniform(-0.3...0.3), draws.uniform(0.4...0.8), draws.uniform(-0.3...0.3))
        position = target + distance * SIMD3(Float.cosine(turn), slope, Float.sine(turn)).normalized
        forward = (target - position).normalized
        right = forward.cross(SIMD3(0, 1, 0)).normalized
        up = right.cross(forward)
        halfView = draws.uniform(0.42...0.52)
    }

    /// The ray through a point of the image, whose height spans −1...1.
    func ray(right x: Float, up y: Float) -> SceneRay {
        SceneRay(origin: position, direction: (forward + halfView * (x * right + y * up)).normalized)
    }

    /// Depth is measured along the line of sight, as depth cameras do.
    func depth(of distance: Float, along ray: SceneRay) -> Float { distance * ray.direction.dot(forward) }
}

/// Solids being placed in a room.
private struct SceneComposition {
    let floor: SceneTexture
    let difficulty: Float
    var solids: [SceneSolid] = []

    init(floor: SceneTexture, difficulty: Float) { (self.floor, self.difficulty) = (floor, difficulty) }

    /// Two or three solids of the class's kind, and at most one of each other kind.
    mutating func fill(_ label: Int, _ draws: inout SceneDraws) {
        let kinds = SceneSolid.Kind.allCases
        let main = kinds[label / 2]
        let (count, isStacked) = (2 + draws.integer(below: 2), label % 2 == 1)
        for _ in 0..<count {
            if isStacked, let top = solids.last {
                stack(main, on: top, &draws)
            } else {
                place(main, within: isStacked ? 0.5 : 1.1, &draws)
            }
        }
        let others = Int(difficulty * Float(kinds.count))
        let first = draws.integer(below: kinds.count - 1)
        for step in 0..<min(others, kinds.count - 1) {
            let kind = kinds[(main.rawValue + 1 + (first + step) % (kinds.count - 1)) % kinds.count]
            place(kind, within: 1.6, &draws)
        }
    }

    private mutating func stack(_ kind: SceneSolid.Kind, on below: SceneSolid, _ draws: inout SceneDraws) {
        let shift = SIMD3(draws.uniform(-0.1...0.1), 0, draws.uniform(-0.1...0.1))
        add(kind, at: below.base + SIMD3(0, below.height, 0) + shift, &draws)
    }

    /// Where no other solid stands, if a few tries find such a place.
    private mutating func place(_ kind: SceneSolid.Kind, within reach: Float, _ draws: inout SceneDraws) {
        var spot = SIMD3<Float>.zero
        for _ in 0..<8 {
            spot = SIMD3(draws.uniform(-reach...reach), 0, draws.uniform(-reach...reach))
            if solids.allSatisfy({ ($0.base - spot).dot($0.base - spot) > 1 }) { break }
        }
        add(kind, at: spot, &draws)
    }

    private mutating func add(_ kind: SceneSolid.Kind, at base: SIMD3<Float>, _ draws: inout SceneDraws) {
        let radius = draws.uniform(0.32...0.5)
        let height: Float =
            switch kind {
            case .sphere: 2 * radius
            case .box: draws.uniform(1.2...2.2) * radius
            case .cylinder: draws.uniform(1.4...2.6) * radius
            case .cone: draws.uniform(1.8...2.8) * radius
            case .capsule: draws.uniform(2.6...3.4) * radius
            }
        let texture = SceneTexture(&draws, frequency: 1...3).blended(into: floor, 0.85 * difficulty)
        solids.append(
            SceneSolid(
                kind, base: base, radius: radius, height: height, turn: draws.uniform(0...2 * .pi), texture: texture))
    }
}
