import Testing

@testable import Teaching

@Suite struct PlaceTableTests {
    @Test("a place's mean moves by a share for each element at it; what is unknown leaves it as it is")
    func means() {
        var table = PlaceTable(elementCount: 3)
        #expect(table.importance(of: [5, 0]) == Array(repeating: 1, count: 6))
        // Two examples: twice the average and three times it at the first place, nothing known at the last.
        table.record(ElementTable.codes(of: [2, 0, -1, 3, -1, -1]), for: [5, 0])
        let expected: [Float] = [1.046875, 0.984375, 1]  // 1 + 2/64 · 1.5 and 1 − 1/64
        #expect(table.means == expected)
        table.record(Array(repeating: 17 + 16, count: 3 * 500), for: Array(0..<500))
        #expect(table.means == [2, 2, 2])
    }

    @Test("importance is the fourth power of how far a place is beyond half of the mean")
    func importance() {
        var table = PlaceTable(elementCount: 2)
        table.record((0..<64).flatMap { _ in ElementTable.codes(of: [0, 2]) }, for: Array(0..<64))
        #expect(table.means == [0, 2])
        let expected: [Float] = [0.0625, 5.0625, 0.0625, 5.0625]
        #expect(table.importance(of: [7, 8]) == expected)
        table.record((0..<64).flatMap { _ in ElementTable.codes(of: [0, 0]) }, for: Array(0..<64))
        #expect(table.importance(of: [7]) == [1, 1])
    }

    @Test("a table comes back from its bytes, if they are of as many places and possible")
    func restored() throws {
        var table = PlaceTable(elementCount: 3)
        table.record(ElementTable.codes(of: [0.3, 2.7, 1]), for: [0])
        let bytes = table.bytes
        #expect(bytes.count == 12 && PlaceTable(bytes: bytes, exampleCount: 9, elementCount: 3) == table)
        #expect(PlaceTable(bytes: bytes, exampleCount: 9, elementCount: 4) == nil)
        for impossible in [Float.nan, .infinity, -1] {
            let bits = impossible.bitPattern
            let spoilt = (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) } + bytes.dropFirst(4)
            #expect(PlaceTable(bytes: spoilt, exampleCount: 9, elementCount: 3) == nil)
        }
    }
}
