import CTorch

/// Where a tensor lives and its operations run.
public enum Device: Sendable, Hashable, CustomStringConvertible {
    case cpu
    case cuda(Int)
    case mps

    @usableFromInline var code: ct_device {
        switch self {
        case .cpu: ct_device(type: Int32(CT_CPU.rawValue), index: 0)
        case .cuda(let index): ct_device(type: Int32(CT_CUDA.rawValue), index: Int32(index))
        case .mps: ct_device(type: Int32(CT_MPS.rawValue), index: 0)
        }
    }

    init(_ code: ct_device) {
        switch UInt32(code.type) {
        case CT_CUDA.rawValue: self = .cuda(Int(code.index))
        case CT_MPS.rawValue: self = .mps
        default: self = .cpu
        }
    }

    var type: ct_device_type {
        switch self {
        case .cpu: CT_CPU
        case .cuda: CT_CUDA
        case .mps: CT_MPS
        }
    }

    /// Reads `cpu`, `cuda`, `cuda:1` or `mps`.
    public init?(_ name: String) {
        switch name {
        case "cpu": self = .cpu
        case "cuda": self = .cuda(0)
        case "mps": self = .mps
        default:
            guard name.hasPrefix("cuda:"), let index = Int(name.dropFirst(5)), index >= 0 else { return nil }
            self = .cuda(index)
        }
    }

    public var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        case .mps: "mps"
        }
    }
}
