import Torch

extension Device {
    /// Whether this machine has it and libtorch was built for it.
    public var isPresent: Bool {
        switch self {
        case .cpu: true
        case .cuda(let index): index < Engine.cudaDeviceCount
        // libtorch tells of this one only by making something there.
        case .mps: (try? Tensor.zeros([1], device: .mps)) != nil
        }
    }

    /// This device, or one error where it is absent.
    ///
    /// - Parameter setting: what named it, such as `training.device`.
    func required(by setting: String) throws(TrainingError) -> Device {
        guard !isPresent else { return self }
        let present = ([.cpu] + (0..<Engine.cudaDeviceCount).map(Device.cuda) + [.mps]).filter(\.isPresent)
        let names = present.map(\.description).joined(separator: ", ")
        throw TrainingError.mismatch(
            what: setting, found: "\(self)", expected: "one of what this machine and its libtorch have: \(names)")
    }
}
