import Foundation

/// The whole file.
/// - Parameter expected: what the file should be, for the error if it is not there.
/// - Throws: `missing` or `unreadable`.
func readFile(_ path: String, expected: String) throws(DatasetError) -> Data {
    do {
        return try Data(contentsOf: URL(filePath: path, directoryHint: .notDirectory))
    } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
        throw .missing(path: path, expected: expected)
    } catch {
        throw .unreadable(path: path, reason: reason(of: error))
    }
}

/// The names in a folder in the order of their Unicode scalars, hidden ones (a leading dot) left out.
/// - Parameter expected: what the folder should be, for the error if it is not there.
/// - Throws: `missing` or `unreadable`.
func listFolder(_ path: String, expected: String) throws(DatasetError) -> [String] {
    do {
        return try FileManager.default.contentsOfDirectory(atPath: path).filter { !$0.hasPrefix(".") }.sorted()
    } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
        throw .missing(path: path, expected: expected)
    } catch {
        throw .unreadable(path: path, reason: reason(of: error))
    }
}

func isFolder(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
}

/// A path inside a folder, whether or not the folder's path ends in a slash.
func join(_ folder: String, _ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : folder + "/" + name
}

/// The system's own words where it gave any: Foundation's descriptions repeat the path and vary between platforms.
private func reason(of error: any Error) -> String {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error ?? error
    guard let posix = underlying as? POSIXError else { return (error as NSError).localizedDescription }
    return String(cString: strerror(posix.code.rawValue))
}
