import CAttent
import Teaching
import Testing

@testable import AttentC

@Suite struct CFunctionTests {
    private func message() -> String { String(cString: attentLastError()) }

    private func makeTeacher(_ policy: String, count: Int64 = 40, epochs: Int64 = 4) -> OpaquePointer? {
        attentTeacherCreate(policy, count, epochs, 0, 3)
    }

    @Test("a policy that cannot be read gives NULL and a sentence naming the key")
    func policyErrors() {
        let cases: [(String, String)] = [
            ("attend", "expected one of standard"), ("{\"ratoi\": 1}", "unknown key ratoi"),
            ("{\"selection\": {\"kind\": \"hard\", \"temprature\": 1}}", "unknown key selection.temprature"),
            ("{\"selection\": {\"kind\": \"soft\"}}", "lacks the key selection.temperature"),
            ("{\"warm_up\": true}", "has something else than a Int as warm_up"), ("{", "is not a JSON object"),
            ("{\"policy\": 3}", "something else than a name"), ("{\"annealing\": 2}", "annealing is 2"),
        ]
        for (text, expected) in cases {
            #expect(makeTeacher(text) == nil)
            #expect(message().contains(expected), "\(text): \(message())")
        }
    }

    @Test("settings given replace the preset's, null takes an optional one away, and the others stay")
    func policyMerging() throws {
        let text = """
            {"policy": "attent-plus", "elements": null, "weights": {"kind": "unbiased", "cap": 4}, "name": "mine"}
            """
        var expected = Policy.attentPlus
        expected.elements = nil
        expected.weights = .unbiased(cap: 4)
        expected.name = "mine"
        #expect(try Policy(text: text) == expected)
        #expect(try Policy(text: expected.json()) == expected)
        for preset in Policy.presets { #expect(try Policy(text: preset.name) == preset) }
    }

    @Test("a NULL teacher, a stray example and a missing lesson are errors, not crashes")
    func misuse() throws {
        let teacher = try #require(makeTeacher("infobatch"))
        defer { attentTeacherDestroy(teacher) }
        var lesson = attent_lesson()
        #expect(attentTeacherNext(nil, nil, nil, 0, &lesson) == ATTENT_FAILED)
        #expect(message().contains("NULL"))
        #expect(attentTeacherNext(teacher, nil, nil, 0, nil) == ATTENT_FAILED)
        var room: [Int32] = [0]
        #expect(attentLessonExamples(teacher, &room) == ATTENT_FAILED)
        #expect(message().contains("no lesson"))
        #expect(attentTeacherLesson(teacher, &lesson) == ATTENT_END)
        #expect(attentTeacherRecord(teacher, [1], [40], nil, 1) == ATTENT_FAILED)
        #expect(message() == "example 40 was named, expected 0 to 39")
        #expect(attentTeacherRecord(teacher, nil, [1], nil, 1) == ATTENT_FAILED)
        #expect(attentTeacherRecord(teacher, [1], [1], nil, -1) == ATTENT_FAILED)
        #expect(attentTeacherRestore([1, 2, 3], 3) == nil)
        #expect(message().contains("teacher state holds 3 bytes"))
        #expect(attentTeacherCreate("standard", 0, 1, 0, 0) == nil)
        #expect(attentTeacherCreate("standard", 10, 1, -1, 0) == nil)
    }

    @Test("scores are asked for where the policy has a pass, and the teacher stays as it was until they come")
    func scoringPass() throws {
        let teacher = try #require(makeTeacher("attent"))
        defer { attentTeacherDestroy(teacher) }
        var lesson = attent_lesson()
        var direct = try Teacher(policy: .attent, exampleCount: 40, epochs: 4, seed: 3)
        #expect(attentTeacherNext(teacher, nil, nil, 0, &lesson) == ATTENT_NEEDS_SCORES)
        #expect(lesson.count == 40)
        var unscored = [Int32](repeating: 0, count: 40)
        #expect(attentTeacherUnscored(teacher, &unscored) == 0)
        #expect(attentTeacherNext(teacher, [1], nil, 1, &lesson) == ATTENT_FAILED)
        #expect(message().contains("returned 1 values, expected 40"))
        let scores = unscored.map { Float($0 % 7) }
        #expect(attentTeacherNext(teacher, scores, nil, 40, &lesson) == ATTENT_LESSON)
        let expected = try #require(try direct.next(score: { $0.map { Float($0 % 7) } }))
        var examples = [Int32](repeating: 0, count: Int(lesson.count))
        #expect(attentLessonExamples(teacher, &examples) == 0)
        #expect(examples == expected.examples)
        var table = [Float](repeating: 0, count: 40)
        #expect(attentTeacherScores(teacher, &table) == 0)
        #expect(table == (0..<40).map { Float($0 % 7) })
    }

    @Test("a state restored within a lesson goes on with the same lesson, weights, elements and progress")
    func state() throws {
        let policy = "{\"policy\": \"attent-plus\", \"selection\": {\"floor\": 0.2, \"worth\": 1}}"
        let teacher = try #require(makeTeacher(policy))
        defer { attentTeacherDestroy(teacher) }
        var lesson = attent_lesson()
        for _ in 0..<2 {
            #expect(attentTeacherNext(teacher, nil, nil, 0, &lesson) == ATTENT_LESSON)
            var examples = [Int32](repeating: 0, count: Int(lesson.count))
            #expect(attentLessonExamples(teacher, &examples) == 0)
            let scores = examples.map { Float(($0 * $0) % 11) }
            #expect(attentTeacherRecord(teacher, scores, examples, nil, lesson.count) == 0)
        }
        var bytes: UnsafeMutablePointer<UInt8>?
        var size: Int64 = 0
        #expect(attentTeacherState(teacher, &bytes, &size) == 0)
        let restored = try #require(attentTeacherRestore(bytes, size))
        attentFree(bytes)
        defer { attentTeacherDestroy(restored) }
        #expect(try snapshot(teacher) == snapshot(restored))
        #expect(attentTeacherNext(teacher, nil, nil, 0, &lesson) == ATTENT_LESSON)
        #expect(attentTeacherNext(restored, nil, nil, 0, &lesson) == ATTENT_LESSON)
        #expect(try snapshot(teacher) == snapshot(restored))
    }

    /// All that the functions tell of the current lesson.
    private func snapshot(_ teacher: OpaquePointer) throws -> [[Double]] {
        var lesson = attent_lesson()
        #expect(attentTeacherLesson(teacher, &lesson) == ATTENT_LESSON)
        var examples = [Int32](repeating: 0, count: Int(lesson.count))
        var weights = [Float](repeating: 0, count: Int(lesson.count))
        var elements = [Int32](repeating: 0, count: 6)
        var spending = attent_spending()
        #expect(attentLessonExamples(teacher, &examples) == 0)
        #expect(attentLessonWeights(teacher, &weights) == 0)
        #expect(attentLessonElements(teacher, examples, 2, 3, 16, &elements) == 0)
        #expect(attentTeacherSpending(teacher, &spending) == 0)
        return [
            examples.map(Double.init), weights.map(Double.init), elements.map(Double.init),
            [attentLessonProgress(teacher, 5), Double(attentLessonElementCount(teacher, 16, 5)), spending.cost],
        ]
    }
}
