import Foundation

/// Where progress is shown, and what it can show.
struct Terminal {
    let handle: FileHandle
    /// Whether a line can be rewritten in place.
    let isInteractive: Bool
    /// Colour is wanted (no-color.org: `NO_COLOR` set to anything but nothing turns it off).
    let hasColor: Bool
    private let environment: [String: String]

    init(_ handle: FileHandle, environment: [String: String]) {
        self.handle = handle
        self.environment = environment
        isInteractive = isatty(handle.fileDescriptor) == 1 && environment["TERM"] != "dumb"
        hasColor = isInteractive && (environment["NO_COLOR"] ?? "").isEmpty
    }

    /// Columns, read anew each time since windows are resized.
    var width: Int {
        var size = winsize()
        if ioctl(handle.fileDescriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
        return environment["COLUMNS"].flatMap(Int.init).flatMap { $0 > 0 ? $0 : nil } ?? 80
    }

    /// Writes text; a reader that has gone away (a closed ssh session) must not end a run, so failure passes.
    func write(_ text: String) { try? handle.write(contentsOf: Data(text.utf8)) }
}
