import Datasets
import Testing

private let small = ImageSize(height: 24, width: 32)

@Suite struct SceneTests {
    @Test("A scene is a function of seed, number and size, whatever dataset holds it")
    func purity() throws {
        let (a, b) = (
            try Scenes.dataset(seed: 3, indices: 0..<8, size: small),
            try Scenes.dataset(seed: 3, indices: 5..<12, size: small)
        )
        #expect(a[5] == b[0] && a[7] == b[2])
        #expect(a[5] != a[6])
        #expect(a[5] != (try Scenes.dataset(seed: 4, indices: 5..<6, size: small))[0])
        #expect(a.fingerprint != b.fingerprint)
        #expect(a.fingerprint == (try Scenes.dataset(seed: 3, indices: 0..<8, size: small)).fingerprint)
    }

    @Test(
        "Every pixel has a known class and a depth within the room; the classes are all there, floor below and wall above"
    )
    func ranges() throws {
        let data = try Scenes.dataset(seed: 1, indices: 0..<100, size: small)
        var seen = Set<UInt8>()
        for position in 0..<data.count {
            let scene = data[position]
            let (depth, semantics) = (try #require(scene.depth), try #require(scene.semantics))
            seen.formUnion(semantics)
            #expect(depth.allSatisfy { $0 > 0.5 && $0 < 40 })
            #expect((0..<10).contains(scene.label) && Set(semantics).count >= 2)
            // Where any wall is seen, it reaches the top.
            #expect(!semantics[..<small.width].contains(0) || !semantics.contains(1))
        }
        #expect(seen == Set(0..<7))
    }

    @Test("Scenes are easy for the most part, with a long tail, and every class is about as frequent")
    func difficulty() throws {
        let data = try Scenes.dataset(seed: 2, indices: 0..<1000, size: ImageSize(height: 4, width: 4))
        let sorted = (0..<1000).map { Scenes.difficulty(seed: 2, index: $0) }.sorted()
        #expect(sorted[0] >= 0 && sorted[999] < 1)
        #expect(sorted[500] < 0.2 && sorted[950] > 0.7)
        let counts = Dictionary(grouping: 0..<1000) { data[$0].label }.mapValues(\.count)
        #expect(counts.count == 10 && counts.values.allSatisfy { (60...140).contains($0) })
    }

    @Test("The class of a scene is the kind of solid that covers most pixels, more often than chance")
    func dominance() throws {
        let data = try Scenes.dataset(seed: 5, indices: 0..<300, size: small)
        let hits = try (0..<300).filter { position in
            let solids = try #require(data[position].semantics).filter { $0 >= 2 }
            let counts = Dictionary(grouping: solids) { $0 }.mapValues(\.count)
            return counts.max { $0.value < $1.value }.map { Int($0.key) - 2 == data[position].label / 2 } ?? false
        }
        #expect(hits.count > 240)
    }

    @Test("Depth is that of the geometry: a floor or wall seen at twice the size keeps it between neighbours")
    func resolution() throws {
        // The middle of a coarse pixel is the corner that four fine pixels share, so its depth lies among theirs on a plane.
        func scene(_ side: Int) throws -> (depth: [Float], semantics: [UInt8]) {
            let data = try Scenes.dataset(seed: 7, indices: 1..<2, size: ImageSize(height: side, width: side))
            return (try #require(data[0].depth), try #require(data[0].semantics))
        }
        let (coarse, fine) = (try scene(16), try scene(32))
        var compared = 0
        for row in 0..<16 {
            for column in 0..<16 {
                let four = [0, 1, 32, 33].map { row * 64 + column * 2 + $0 }
                let label = coarse.semantics[row * 16 + column]
                guard label < 2, four.allSatisfy({ fine.semantics[$0] == label }) else { continue }
                let depths = four.map { fine.depth[$0] }
                let depth = coarse.depth[row * 16 + column]
                #expect(depth >= depths.min()! - 1e-3 && depth <= depths.max()! + 1e-3)
                compared += 1
            }
        }
        #expect(compared > 50)
    }
}

@Suite struct SceneBatchTests {
    @Test("Depth is standardised by the middle four fifths of its values, and can be restored")
    func standardization() throws {
        let values = (0..<100).map(Float.init)
        let scale = DepthStandardization(values)
        #expect(scale.mean == 49.5)
        // The variance of 80 consecutive integers is (80² − 1) / 12.
        #expect(abs(scale.deviation - (6399.0 / 12).squareRoot()) < 1e-3)
        var outlier = values
        outlier[99] = 1e6
        #expect(DepthStandardization(outlier) == scale)
        let data = try Scenes.dataset(seed: 1, indices: 0..<3, size: small)
        let batch = try data.collate([2, 0], view: .plain)
        let depth = try #require(data[2].depth) + #require(data[0].depth)
        #expect(zip(batch.metricDepth, depth).allSatisfy { abs($0 - $1) < 1e-4 })
    }

    @Test("Mask seeds depend on the example alone in a plain view, on the visit too in an augmented one")
    func masks() throws {
        let data = try Scenes.dataset(seed: 1, indices: 0..<4, size: small)
        let plain = try data.collate([0, 1, 0], view: .plain).maskSeeds
        #expect(plain[0] == plain[2] && plain[0] != plain[1])
        #expect(try data.collate([0], view: .plain).maskSeeds == [plain[0]])
        let first = try data.collate([0, 1], view: .augmented(seed: 9, visit: 1)).maskSeeds
        #expect(try data.collate([1, 0], view: .augmented(seed: 9, visit: 1)).maskSeeds == first.reversed())
        #expect(try data.collate([0, 1], view: .augmented(seed: 9, visit: 2)).maskSeeds != first)
    }

    @Test("Mirroring turns all modalities alike, in about half of the visits, and never in a plain view")
    func mirroring() throws {
        let data = try Scenes.dataset(seed: 1, indices: 0..<2, size: small).augmented(by: Augmentation(flip: true))
        let plain = try data.collate([1], view: .plain)
        func mirrored<Value>(_ values: [Value]) -> [Value] {
            stride(from: 0, to: values.count, by: 32).flatMap { values[$0..<$0 + 32].reversed() }
        }
        var flips = 0
        for visit in 0..<40 {
            let batch = try data.collate([1], view: .augmented(seed: 2, visit: visit))
            guard batch.rgb != plain.rgb else { continue }
            flips += 1
            #expect(batch.rgb == mirrored(plain.rgb))
            #expect(batch.depth == mirrored(plain.depth))
            #expect(batch.semantics == mirrored(plain.semantics))
        }
        #expect((8...32).contains(flips))
    }

    @Test("Numbers outside the dataset and empty datasets are refused")
    func refused() throws {
        let data = try Scenes.dataset(seed: 1, indices: 0..<2, size: small)
        #expect(throws: DatasetError.exampleOutOfRange(source: "scenes", example: 2, count: 2)) {
            try data.collate([2], view: .plain)
        }
        #expect(throws: DatasetError.empty(source: "scenes")) {
            try Scenes.dataset(seed: 1, indices: 3..<3, size: small)
        }
    }
}
