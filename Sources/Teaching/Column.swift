/// A fixed number of values next to each other in memory, or in a file mapped into it: one value an example.
///
/// Copies share their values until one of them is changed. The copy then made lies where the original does; where the
/// folder has no room for it, in memory.
public struct Column<Element: BitwiseCopyable & Sendable>: Sendable {
    private var region: Region
    public let count: Int

    /// - Parameter folder: where a file for the values is made, which no name leads to and which the process's end
    ///   removes, however it ends; `nil` for memory.
    /// - Throws: ``TeachingError/unwritable(path:reason:)`` where the folder cannot hold the values. Afterwards there
    ///   is room for every change.
    public init(repeating value: Element, count: Int, folder: String? = nil) throws(TeachingError) {
        try self.init(count: count, folder: folder) { (bytes) throws(TeachingError) in
            let values = bytes.bindMemory(to: Element.self)
            values.initialize(repeating: value)
        }
    }

    /// - Parameter fill: gets the column's bytes in order, one or more stretches of whole elements.
    init(
        count: Int, folder: String?, fill: (UnsafeMutableRawBufferPointer) throws(TeachingError) -> Void
    ) throws(TeachingError) {
        let byteCount = count * MemoryLayout<Element>.stride
        region = try Region(byteCount: byteCount, folder: folder, fill: fill)
        self.count = count
    }

    /// A copy of some neighbouring values, in memory.
    func part(_ range: Range<Int>) throws(TeachingError) -> Column {
        let values = Array(self[range])
        return try Column(values)
    }

    init(_ values: [Element]) throws(TeachingError) {
        var rest = values[...]
        try self.init(count: values.count, folder: nil) { (bytes) throws(TeachingError) in
            let output = bytes.bindMemory(to: Element.self)
            _ = output.initialize(from: rest.prefix(output.count))
            rest = rest.dropFirst(output.count)
        }
    }

    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        // Keeps the memory while it is in use.
        try withExtendedLifetime(region) {
            try body(UnsafeRawBufferPointer(start: region.base, count: region.byteCount))
        }
    }

    private func withElements<Result>(_ body: (UnsafeMutableBufferPointer<Element>) throws -> Result) rethrows -> Result
    {
        try withExtendedLifetime(region) {
            try body(UnsafeMutableBufferPointer(start: region.base.assumingMemoryBound(to: Element.self), count: count))
        }
    }
}

extension Column: RandomAccessCollection, MutableCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { count }

    public subscript(position: Int) -> Element {
        get {
            precondition(position >= 0 && position < count, "a position inside the column")
            return withElements { $0[position] }
        }
        set {
            precondition(position >= 0 && position < count, "a position inside the column")
            if !isKnownUniquelyReferenced(&region) { region = Region(copy: region) }
            withElements { $0[position] = newValue }
        }
    }

    public func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<Element>) throws -> Result
    ) rethrows -> Result? {
        try withElements { try body(UnsafeBufferPointer($0)) }
    }
}

extension Column: Equatable {
    /// Whether all bits are equal: an unknown score equals another.
    public static func == (left: Column, right: Column) -> Bool {
        left.withUnsafeBytes { left in
            right.withUnsafeBytes { right in left.elementsEqual(right) }
        }
    }
}
