import ArgumentParser
import Torch

/// Where a command that uses a trained model computes.
struct DeviceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where to compute [default: where the run trained, else cpu].", valueName: "cpu|cuda|cuda:N|mps"))
    var device: String?

    /// Nil where none was asked for.
    var place: Device? { device.flatMap { Device($0) } }

    func validate() throws {
        guard let device, place == nil else { return }
        throw ValidationError("--device is \(device), expected cpu, cuda, cuda:N or mps")
    }
}
