/// A half-line from `origin` along the unit vector `direction`.
struct SceneRay {
    let origin, direction: SIMD3<Float>

    func point(at distance: Float) -> SIMD3<Float> { origin + distance * direction }
}

/// An upright solid: its base is a disc or square around `base`, its axis points up (y).
struct SceneSolid {
    enum Kind: Int, CaseIterable { case sphere, box, cylinder, cone, capsule }

    let kind: Kind
    let base: SIMD3<Float>
    /// Half the width.
    let radius: Float
    let height: Float
    let texture: SceneTexture
    /// Cosine and sine of the turn around the axis.
    let heading: SIMD2<Float>
    private let center: SIMD3<Float>
    private let squaredReach: Float

    init(
        _ kind: Kind, base: SIMD3<Float>, radius: Float, height: Float, turn: Float, texture: SceneTexture
    ) {
        (self.kind, self.base, self.radius, self.height, self.texture) = (kind, base, radius, height, texture)
        heading = SIMD2(Float.cosine(turn), Float.sine(turn))
        center = base + SIMD3(0, height / 2, 0)
        // The square's corner is the farthest that any base reaches.
        squaredReach = height * height / 4 + 2 * radius * radius
    }

    /// The first point at which a ray from outside enters, and the outward normal there.
    func hit(_ ray: SceneRay) -> (distance: Float, normal: SIMD3<Float>)? {
        let offset = center - ray.origin
        let along = offset.dot(ray.direction)
        guard offset.dot(offset) - along * along <= squaredReach else { return nil }
        let local = SceneRay(origin: turned(ray.origin - base, 1), direction: turned(ray.direction, 1))
        guard let (distance, normal) = localHit(local) else { return nil }
        return (distance, turned(normal, -1))
    }

    /// A point as the solid's texture sees it: fixed to the solid, whatever its place and turn.
    func local(_ point: SIMD3<Float>) -> SIMD3<Float> { turned(point - base, 1) }

    private func turned(_ v: SIMD3<Float>, _ sign: Float) -> SIMD3<Float> {
        let (c, s) = (heading.x, sign * heading.y)
        return SIMD3(c * v.x + s * v.z, v.y, c * v.z - s * v.x)
    }

    private func localHit(_ ray: SceneRay) -> (Float, SIMD3<Float>)? {
        switch kind {
        case .sphere: return ball(ray, at: radius, heights: -1...height + 1)
        case .box: return block(ray)
        case .cylinder:
            return nearest(side(ray, slope: 0, heights: 0...height), nearest(cap(ray, at: 0), cap(ray, at: height)))
        case .cone: return nearest(side(ray, slope: -radius / height, heights: 0...height), cap(ray, at: 0))
        case .capsule:
            let (low, high) = (radius, height - radius)
            let ends = nearest(ball(ray, at: low, heights: -1...low), ball(ray, at: high, heights: high...height + 1))
            return nearest(side(ray, slope: 0, heights: low...high), ends)
        }
    }
}

private typealias SolidHit = (distance: Float, normal: SIMD3<Float>)

/// Hits nearer than this are the surface that a ray starts from.
private let closest: Float = 1e-3

private func nearest(_ a: SolidHit?, _ b: SolidHit?) -> SolidHit? {
    guard let a else { return b }
    guard let b else { return a }
    return a.distance <= b.distance ? a : b
}

extension SceneSolid {
    /// The ball of the solid's radius around a point of its axis, between two heights.
    private func ball(_ ray: SceneRay, at y: Float, heights: ClosedRange<Float>) -> SolidHit? {
        let offset = ray.origin - SIMD3(0, y, 0)
        let b = offset.dot(ray.direction)
        let discriminant = b * b - offset.dot(offset) + radius * radius
        guard discriminant > 0 else { return nil }
        let distance = -b - discriminant.squareRoot()
        let point = offset + distance * ray.direction
        guard distance > closest, heights.contains(point.y + y) else { return nil }
        return (distance, point / radius)
    }

    /// The surface of revolution whose radius at height y is `radius` + `slope` · y.
    private func side(_ ray: SceneRay, slope: Float, heights: ClosedRange<Float>) -> SolidHit? {
        let (o, d) = (ray.origin, ray.direction)
        let width = radius + slope * o.y
        let a = d.x * d.x + d.z * d.z - slope * slope * d.y * d.y
        let b = o.x * d.x + o.z * d.z - width * slope * d.y
        let c = o.x * o.x + o.z * o.z - width * width
        let discriminant = b * b - a * c
        guard discriminant > 0, abs(a) > 1e-9 else { return nil }
        let root = discriminant.squareRoot()
        let (first, second) = a > 0 ? ((-b - root) / a, (-b + root) / a) : ((-b + root) / a, (-b - root) / a)
        return sidePoint(ray, at: first, slope, heights) ?? sidePoint(ray, at: second, slope, heights)
    }

    private func sidePoint(
        _ ray: SceneRay, at distance: Float, _ slope: Float, _ heights: ClosedRange<Float>
    ) -> SolidHit? {
        let point = ray.point(at: distance)
        guard distance > closest, heights.contains(point.y) else { return nil }
        return (distance, SIMD3(point.x, -slope * (radius + slope * point.y), point.z).normalized)
    }

    /// A disc of the solid's radius across its axis; that of the base looks down, any other up.
    private func cap(_ ray: SceneRay, at y: Float) -> SolidHit? {
        let distance = (y - ray.origin.y) / ray.direction.y
        guard distance > closest, distance < .infinity else { return nil }
        let point = ray.point(at: distance)
        guard point.x * point.x + point.z * point.z <= radius * radius else { return nil }
        return (distance, SIMD3(0, y == 0 ? -1 : 1, 0))
    }

    private func block(_ ray: SceneRay) -> SolidHit? {
        let low = SIMD3(-radius, 0, -radius), high = SIMD3(radius, height, radius)
        let (a, b) = ((low - ray.origin) / ray.direction, (high - ray.origin) / ray.direction)
        let (entries, exits) = (pointwiseMin(a, b), pointwiseMax(a, b))
        let distance = entries.max()
        guard distance > closest, distance <= exits.min() else { return nil }
        let axis = entries.x == distance ? 0 : entries.y == distance ? 1 : 2
        var normal = SIMD3<Float>.zero
        normal[axis] = ray.direction[axis] > 0 ? -1 : 1
        return (distance, normal)
    }
}
