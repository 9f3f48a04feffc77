import Foundation

/// A JSON object in a file.
enum JSONObject {
    static func read(_ path: String) throws(CheckpointError) -> [String: Any] { try parse(data(path), path) }

    static func data(_ path: String) throws(CheckpointError) -> Data {
        do { return try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
            throw .unreadable(file: path, reason: (error as NSError).localizedDescription)
        }
    }

    static func parse(_ data: Data, _ path: String) throws(CheckpointError) -> [String: Any] {
        guard let root = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw .malformed(file: path, found: "something else", expected: "a JSON object")
        }
        return root
    }

    static func write(_ object: [String: Any], to path: String) throws(CheckpointError) {
        do {
            let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try AtomicFile.write(try JSONSerialization.data(withJSONObject: object, options: options), to: path)
        } catch let error as CheckpointError {
            throw error
        } catch {
            throw .unwritable(file: path, reason: "\(error)")
        }
    }
}
