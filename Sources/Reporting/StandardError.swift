import Foundation

/// Standard error, which people read: that nobody can is no reason to end what a program is about.
public enum StandardError {
    public static func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
