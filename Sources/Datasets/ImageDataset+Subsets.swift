extension ImageDataset {
    /// The examples of the given numbers, renumbered in that order.
    /// - Throws: `empty` or `exampleOutOfRange`.
    public func subset(_ examples: [Int32]) throws(DatasetError) -> ImageDataset {
        try validate(examples)
        let values = valuesPerImage
        var selected: [UInt8] = []
        selected.reserveCapacity(examples.count * values)
        for example in examples { selected += pixels[(Int(example) * values)..<(Int(example) + 1) * values] }
        return try ImageDataset(
            source: source, pixels: selected, labels: examples.map { labels[Int($0)] }, classNames: classNames,
            channels: channels, size: size, fullIntensity: fullIntensity
        ).normalized(by: normalization).augmented(by: augmentation).leavingOut(skipped)
    }

    /// Two disjoint parts that together hold every example, each with the classes in the whole's proportions and the
    /// examples in the whole's order. The same seed always gives the same split.
    /// - Throws: `invalidSetting` if either part would be empty.
    public func trainTestSplit(
        testShare: Double, seed: UInt64
    ) throws(DatasetError) -> (train: ImageDataset, test: ImageDataset) {
        let testCount = testShare > 0 && testShare < 1 ? Int((testShare * Double(count)).rounded()) : 0
        guard testCount > 0, testCount < count else {
            throw .invalidSetting(
                name: "test share", found: "\(testShare)",
                expected: "a share in 0...1 that leaves both parts of \(source)'s \(count) examples non-empty")
        }
        let order = stratifiedOrder(seed: seed)
        return (train: try subset(order[testCount...].sorted()), test: try subset(order[..<testCount].sorted()))
    }

    /// A random part of at most `limit` examples with the classes in the whole's proportions, in the whole's order.
    /// With the same seed a smaller part lies within every larger one.
    /// - Throws: `invalidSetting` unless the limit is positive.
    public func limited(to limit: Int, seed: UInt64) throws(DatasetError) -> ImageDataset {
        guard limit > 0 else {
            throw .invalidSetting(name: "example limit", found: "\(limit)", expected: "at least 1")
        }
        return limit < count ? try subset(stratifiedOrder(seed: seed).prefix(limit).sorted()) : self
    }

    /// The same images, a share of them with the label of another class; whose and which are functions of the seed.
    /// - Throws: `invalidSetting` unless the share is in 0...1, and where there is no other class.
    public func mislabelled(_ share: Double, seed: UInt64) throws(DatasetError) -> ImageDataset {
        guard share == 0 || (0...1).contains(share) && classNames.count > 1 else {
            throw .invalidSetting(
                name: "label noise", found: "\(share)", expected: "a share in 0...1 of examples of at least two classes"
            )
        }
        guard share > 0 else { return self }
        let hash = KeyedHash(seed: seed).keyed(by: 0x6e6f_6973)
        let order = labels.indices.sorted { hash.keyed(by: $0).bits < hash.keyed(by: $1).bits }
        var noisy = labels
        for example in order.prefix(Int((share * Double(count)).rounded())) {
            let step = 1 + hash.keyed(by: example).keyed(by: 1).below(classNames.count - 1)
            noisy[example] = (noisy[example] + Int64(step)) % Int64(classNames.count)
        }
        return try ImageDataset(
            source: source, pixels: pixels, labels: noisy, classNames: classNames, channels: channels, size: size,
            fullIntensity: fullIntensity
        ).normalized(by: normalization).augmented(by: augmentation).leavingOut(skipped)
    }

    /// All example numbers in a random order of which every prefix holds the classes in the whole's proportions, to
    /// within about one example a class.
    func stratifiedOrder(seed: UInt64) -> [Int32] {
        let hash = KeyedHash(seed: seed)
        let shuffled = labels.indices
            .map { (example: Int32($0), key: hash.keyed(by: $0).bits) }
            .sorted { ($0.key, $0.example) < ($1.key, $1.example) }
        var sizes = [Int](repeating: 0, count: classNames.count)
        for label in labels { sizes[Int(label)] += 1 }
        var ranks = [Int](repeating: 0, count: classNames.count)
        // The r-th example of a class of n stands at (r + 1/2) / n of the way: classes interleave evenly.
        let placed = shuffled.map { entry in
            let label = Int(labels[Int(entry.example)])
            defer { ranks[label] += 1 }
            return (example: entry.example, place: (Double(ranks[label]) + 0.5) / Double(sizes[label]), key: entry.key)
        }
        return placed.sorted { ($0.place, $0.key) < ($1.place, $1.key) }.map(\.example)
    }
}
