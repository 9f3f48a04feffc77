/// What is known of how much each element (patch, token) of an example is worth showing.
public protocol ElementWorth: Sendable {
    /// Steps from one that is recorded to the next.
    static var recordingInterval: Int { get }

    /// Takes over what a step measured of the elements of its examples.
    ///
    /// - Parameter codes: `[examples.count, elementCount]`, as ``ElementTable/codes(of:)`` makes them.
    mutating func record(_ codes: [UInt8], for examples: [Int32])

    /// How much more worth showing an element is than others of its example; 1 for all where nothing is known.
    ///
    /// - Returns: `[examples.count, elementCount]`, for ``ElementSampler/indices(for:keeping:of:lesson:importance:)``.
    func importance(of examples: [Int32]) -> [Float]

    /// What ``init(bytes:exampleCount:elementCount:)`` makes the same of.
    var bytes: [UInt8] { get }

    /// - Returns: `nil` where the bytes are not of so many examples and elements.
    init?(bytes: [UInt8], exampleCount: Int, elementCount: Int)
}
