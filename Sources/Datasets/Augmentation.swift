/// Random changes that keep an image's class.
public struct Augmentation: Sendable, Hashable {
    /// Pixels of black added on every side before a window of the image's own size is cut out at random; 0 crops nothing.
    public var cropPadding: Int
    /// Whether half of all images are mirrored left to right.
    public var flip: Bool

    public init(cropPadding: Int = 0, flip: Bool = false) {
        self.cropPadding = cropPadding
        self.flip = flip
    }

    public static let none = Augmentation()

    func validate() throws(DatasetError) {
        guard cropPadding >= 0 else {
            throw .invalidSetting(name: "crop padding", found: "\(cropPadding)", expected: "0 or more pixels")
        }
    }

    /// Where the window lies for one example of one view.
    func placement(of example: Int32, in view: View) -> Placement {
        guard case .augmented(let seed, let visit) = view else { return Placement() }
        let draws = KeyedHash(seed: seed).keyed(by: visit).keyed(by: Int(example))
        let offsets = 2 * cropPadding + 1
        return Placement(
            down: draws.keyed(by: 0).below(offsets) - cropPadding,
            right: draws.keyed(by: 1).below(offsets) - cropPadding,
            isMirrored: flip && draws.keyed(by: 2).below(2) == 1)
    }

    /// A window of the image's own size, moved and then perhaps mirrored.
    struct Placement: Hashable {
        var down = 0
        var right = 0
        var isMirrored = false
    }
}
