/// Random changes that keep an image's class. All are a function of seed, visit and example.
public struct Augmentation: Sendable, Hashable {
    /// Pixels of black added on every side before a window of the image's own size is cut out at random; 0 crops nothing.
    public var cropPadding: Int
    /// Whether half of all images are mirrored left to right.
    public var flip: Bool
    /// A window that is resized to the whole image; before mirroring.
    public var crop: RandomResizedCrop?
    /// α of the Beta distribution by which images of a batch are mixed with each other; 0 mixes none.
    public var mixup: Double

    public init(cropPadding: Int = 0, flip: Bool = false, crop: RandomResizedCrop? = nil, mixup: Double = 0) {
        (self.cropPadding, self.flip, self.crop, self.mixup) = (cropPadding, flip, crop, mixup)
    }

    public static let none = Augmentation()

    /// What is drawn about an example, so that no two draws share their bits.
    enum Draw: Int { case down = 0, right, mirror, window, partner, share }

    func validate() throws(DatasetError) {
        guard cropPadding >= 0 else {
            throw .invalidSetting(name: "crop padding", found: "\(cropPadding)", expected: "0 or more pixels")
        }
        guard mixup >= 0, mixup.isFinite else {
            throw .invalidSetting(name: "mixup", found: "\(mixup)", expected: "0 (none) or a positive number")
        }
        guard let crop else { return }
        guard crop.scale.lowerBound > 0, crop.scale.upperBound <= 1 else {
            throw .invalidSetting(name: "random resized crop: scale", found: "\(crop.scale)", expected: "within 0...1")
        }
        guard crop.ratio.lowerBound > 0, crop.ratio.upperBound.isFinite else {
            throw .invalidSetting(
                name: "random resized crop: ratio", found: "\(crop.ratio)", expected: "positive numbers")
        }
    }

    /// Where the window of the image's own size lies for one example of one view.
    func placement(of example: Int32, in view: View) -> Placement {
        guard case .augmented(let seed, let visit) = view else { return Placement() }
        let draws = KeyedHash(seed: seed).keyed(by: visit).keyed(by: Int(example))
        func draw(_ draw: Draw, below bound: Int) -> Int { draws.keyed(by: draw.rawValue).below(bound) }
        let offsets = 2 * cropPadding + 1
        return Placement(
            down: draw(.down, below: offsets) - cropPadding, right: draw(.right, below: offsets) - cropPadding,
            isMirrored: flip && draw(.mirror, below: 2) == 1)
    }

    /// The window of an example that is resized to the whole; nil where it is seen as it is.
    func window(of example: Int32, in view: View, _ size: ImageSize) -> CropWindow? {
        guard let crop, case .augmented(let seed, let visit) = view else { return nil }
        let draws = KeyedHash(seed: seed).keyed(by: visit).keyed(by: Int(example))
        return crop.window(in: size, draws.keyed(by: Draw.window.rawValue))
    }

    /// How the images of a batch are mixed; nil where they are not.
    func mixing(of examples: [Int32], in view: View) -> Mixing? {
        guard mixup > 0, case .augmented(let seed, let visit) = view else { return nil }
        return Mixing(examples, alpha: mixup, seed: seed, visit: visit)
    }

    /// A window of the image's own size, moved and then perhaps mirrored.
    struct Placement: Hashable {
        var down = 0
        var right = 0
        var isMirrored = false
    }
}
