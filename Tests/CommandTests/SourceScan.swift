import Foundation

/// What doc comments in this package's sources say of properties: enough of a reading for references, no more.
struct SourceScan {
    struct Property {
        var documentation: String
        /// As declared, empty where it is inferred.
        var type: String
    }

    /// By a type's name and its property's.
    private(set) var properties: [String: Property] = [:]
    /// By a type's name and a key on disk, the property.
    private(set) var keys: [String: String] = [:]

    /// - Parameter targets: folders in Sources.
    init(_ targets: [String]) throws {
        for target in targets {
            let folder = repository + "/Sources/\(target)"
            for file in try FileManager.default.contentsOfDirectory(atPath: folder) where file.hasSuffix(".swift") {
                read(try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8))
            }
        }
    }

    /// What is said of a key of `owner`, a type with its module's name before it.
    func property(_ key: String, of owner: String) -> Property? {
        let type = owner.split(separator: ".").dropFirst().joined(separator: ".")
        return properties["\(type).\(keys["\(type).\(key)"] ?? key)"]
    }

    private mutating func read(_ text: String) {
        var scopes: [(indent: Int, name: String)] = []
        var comment: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let indent = line.prefix { $0 == " " }.count
            let code = line.dropFirst(indent)
            if code.hasPrefix("///") {
                comment.append(code.dropFirst(3).trimmingCharacters(in: .whitespaces))
                continue
            }
            guard !code.isEmpty else { continue }
            scopes.removeAll { $0.indent >= indent }
            defer { comment = [] }
            guard code.split(separator: " ", maxSplits: 4).contains(where: Self.keywords.contains) else {
                readCases(code, in: scopes, comment)
                continue
            }
            if let match = code.firstMatch(
                of: /^(?:public |private |fileprivate |final )*(?:struct|enum|extension|class) ([\w.]+)/)
            {
                scopes.append((indent, String(match.1)))
                readCases(code, in: scopes, [])
            } else if let match = code.firstMatch(
                of: /^(?:public |private\(set\) |package )*(?:var|let) (\w+)(?:: ([^={]+))?/),
                indent == scopes.last.map({ $0.indent + 4 }) ?? 0
            {
                let type = (match.2.map(String.init) ?? "").trimmingCharacters(in: .whitespaces)
                properties[scopes.map(\.name).joined(separator: ".") + ".\(match.1)"] = Property(
                    documentation: comment.joined(separator: " "), type: type)
            }
        }
    }

    /// Lines without one of these are not worth a closer look.
    private static let keywords: Set<Substring> = ["struct", "enum", "extension", "class", "var", "let"]

    /// `case batchSize = "batch_size"`, within coding keys: what is said of a key itself goes for one without a property.
    private mutating func readCases(
        _ code: Substring, in scopes: [(indent: Int, name: String)], _ comment: [String]
    ) {
        guard scopes.last?.name == "CodingKeys" else { return }
        let owner = scopes.dropLast().map(\.name).joined(separator: ".")
        for match in code.matches(of: /(\w+) = "(\w+)"/) { keys["\(owner).\(match.2)"] = String(match.1) }
        guard !comment.isEmpty, let match = code.firstMatch(of: /^case (\w+)/) else { return }
        properties["\(owner).\(match.1)"] = Property(documentation: comment.joined(separator: " "), type: "")
    }
}

/// The package's folder.
let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
