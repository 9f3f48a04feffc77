import Datasets
import Models

/// A window of a training image that is resized to the whole; scoring and evaluation see the whole image.
public struct CropSettings: Codable, Sendable, Equatable {
    /// The least and largest share of the image's area; [0.08, 1] where absent.
    public var scale: [Double] = [0.08, 1]
    /// The least and largest width over height; [0.75, 1.333333] where absent.
    public var ratio: [Double] = [0.75, 1.333333]

    public init() {}

    private enum CodingKeys: String, CodingKey { case scale, ratio }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        scale = try container.decodeIfPresent([Double].self, forKey: .scale) ?? scale
        ratio = try container.decodeIfPresent([Double].self, forKey: .ratio) ?? ratio
    }

    func validate() throws(SettingError) {
        func require(_ holds: Bool, _ key: String, _ found: [Double], _ expected: String) throws(SettingError) {
            guard holds else {
                throw SettingError(key: "random_resized_crop.\(key)", found: "\(found)", expected: expected)
            }
        }
        func isRange(_ pair: [Double]) -> Bool {
            pair.count == 2 && pair[0] > 0 && pair[0] <= pair[1] && pair[1].isFinite
        }
        try require(
            isRange(scale) && scale[1] <= 1, "scale", scale, "[least, largest] share of the area, above 0, up to 1")
        try require(isRange(ratio), "ratio", ratio, "[least, largest] width over height, above 0")
    }

    /// - Precondition: the settings are valid.
    var crop: RandomResizedCrop { RandomResizedCrop(scale: scale[0]...scale[1], ratio: ratio[0]...ratio[1]) }
}
