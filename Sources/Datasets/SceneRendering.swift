extension Scene {
    /// The scene as its camera sees it: colour, depth and class of every pixel, exact for the ray through the pixel's
    /// middle.
    func rendered(_ size: ImageSize) -> MultimodalImage {
        let area = size.height * size.width
        var rgb = [UInt8](repeating: 0, count: 3 * area)
        var depth = [Float](repeating: 0, count: area)
        var semantics = [UInt8](repeating: 0, count: area)
        var grain = grain
        let scale = 2 / Float(size.height)
        for pixel in 0..<area {
            let (row, column) = (pixel / size.width, pixel % size.width)
            let x = (Float(column) + 0.5 - Float(size.width) / 2) * scale
            let ray = camera.ray(right: x, up: 1 - (Float(row) + 0.5) * scale)
            let surface = surface(along: ray)
            depth[pixel] = camera.depth(of: surface.distance, along: ray)
            semantics[pixel] = surface.label
            let color = shade(surface, ray) + noise * (2 * grain.uniform() - 1)
            let levels = (255 * color.clamped(lowerBound: .zero, upperBound: .one)).rounded(.toNearestOrEven)
            for channel in 0..<3 { rgb[channel * area + pixel] = UInt8(levels[channel]) }
        }
        return MultimodalImage(rgb: rgb, depth: depth, semantics: semantics, label: label)
    }
}

/// What a ray meets first.
private struct SceneSurface {
    var distance: Float
    var normal: SIMD3<Float>
    /// Floor, wall, then the kinds of solids.
    var label: UInt8
    var solid: Int?
}

extension Scene {
    fileprivate func surface(along ray: SceneRay) -> SceneSurface {
        var nearest = room(along: ray)
        for (index, solid) in solids.enumerated() {
            guard let (distance, normal) = solid.hit(ray), distance < nearest.distance else { continue }
            nearest = SceneSurface(
                distance: distance, normal: normal, label: UInt8(2 + solid.kind.rawValue), solid: index)
        }
        return nearest
    }

    /// The floor or a wall: every ray from within the room that does not go straight up meets one.
    private func room(along ray: SceneRay) -> SceneSurface {
        let (o, d, reach) = (ray.origin, ray.direction, Self.roomReach)
        let x = d.x == 0 ? Float.greatestFiniteMagnitude : ((d.x > 0 ? reach : -reach) - o.x) / d.x
        let z = d.z == 0 ? Float.greatestFiniteMagnitude : ((d.z > 0 ? reach : -reach) - o.z) / d.z
        let down = d.y < 0 ? -o.y / d.y : .greatestFiniteMagnitude
        if down <= min(x, z) { return SceneSurface(distance: down, normal: SIMD3(0, 1, 0), label: 0) }
        let normal = x <= z ? SIMD3(d.x > 0 ? -1 : 1, 0, 0) : SIMD3<Float>(0, 0, d.z > 0 ? -1 : 1)
        return SceneSurface(distance: min(x, z), normal: normal, label: 1)
    }

    /// Diffuse light with shadows, in 0...1.
    fileprivate func shade(_ surface: SceneSurface, _ ray: SceneRay) -> SIMD3<Float> {
        let point = ray.point(at: surface.distance)
        let albedo =
            switch (surface.solid, surface.label) {
            case (let solid?, _): solids[solid].texture.color(at: solids[solid].local(point))
            case (nil, 0): floor.color(at: point)
            case (nil, _): wall.color(at: point)
            }
        let facing = surface.normal.dot(light)
        let shadow = SceneRay(origin: point + 2e-3 * surface.normal, direction: light)
        // Walls are lit alike everywhere: the light comes from beyond them.
        let isLit = facing > 0 && surface.label != 1 && !solids.contains { $0.hit(shadow) != nil }
        return brightness * (0.4 + (isLit ? 0.6 * facing : surface.label == 1 ? 0.3 : 0)) * albedo
    }
}
