import Foundation
import Yams

extension Encodable {
    /// As YAML in the order of its keys, each number in as many digits as bring the same number back: Yams itself writes 15.
    func exactYAML() throws -> String {
        let encoder = JSONEncoder.tolerant
        encoder.outputFormatting = .withoutEscapingSlashes
        let text = try YAMLEncoder().encode(self)
        // JSON is YAML too.
        guard let node = try Yams.compose(yaml: text),
            let exact = try Yams.compose(yaml: String(decoding: encoder.encode(self), as: UTF8.self))
        else { return text }
        return try Yams.serialize(node: node.withNumbers(of: exact))
    }
}

extension Node {
    /// The same with what is a fraction here as `exact`, which has the same keys, has it.
    fileprivate func withNumbers(of exact: Node) -> Node {
        switch (self, exact) {
        case (.mapping(var mapping), .mapping(let exact)):
            for (key, value) in mapping {
                if let number = exact[key] { mapping[key] = value.withNumbers(of: number) }
            }
            return .mapping(mapping)
        case (.sequence(var sequence), .sequence(let exact)):
            for index in sequence.indices where index < exact.count {
                sequence[index] = sequence[index].withNumbers(of: exact[index])
            }
            return .sequence(sequence)
        case (.scalar(let scalar), .scalar(let exact)):
            guard scalar.style == .plain, Int(scalar.string) == nil, Double(scalar.string) != nil,
                let number = Double(exact.string)
            else {
                return self
            }
            return Node("\(number)", scalar.tag)
        default: return self
        }
    }
}
