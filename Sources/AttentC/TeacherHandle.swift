import Synchronization
import Teaching

/// A teacher behind an opaque pointer. Calls from several threads run one after another.
final class TeacherHandle: Sendable {
    struct Content {
        var teacher: Teacher
        /// Whose scores the last call for a lesson asked for.
        var unscored: [Int32] = []
    }

    private let content: Mutex<Content>

    init(_ teacher: Teacher) { content = Mutex(Content(teacher: teacher)) }

    var opaque: OpaquePointer { OpaquePointer(Unmanaged.passRetained(self).toOpaque()) }

    static func release(_ pointer: OpaquePointer) {
        Unmanaged<TeacherHandle>.fromOpaque(UnsafeRawPointer(pointer)).release()
    }

    /// Runs `body` on the teacher that `pointer` leads to.
    static func with<Result: Sendable>(
        _ pointer: OpaquePointer?, _ body: (inout Content) throws -> Result
    ) throws -> Result {
        guard let pointer else { throw BindingError.noTeacher }
        let handle = Unmanaged<TeacherHandle>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
        return try handle.content.withLock { try body(&$0) }
    }
}

extension TeacherHandle.Content {
    /// What asking for a lesson leads to.
    enum Step: Sendable {
        case lesson(Lesson)
        case end
        case needsScores
    }

    /// - Parameter given: scores of ``unscored``, where it was asked for them.
    mutating func next(given: ExampleScores?) throws -> Step {
        do {
            let lesson = try teacher.next(measure: { examples in
                guard let given else { throw ScoresNeeded(examples: examples) }
                return given
            })
            unscored = []
            return lesson.map { .lesson($0) } ?? .end
        } catch let need as ScoresNeeded {
            unscored = need.examples
            return .needsScores
        }
    }

    /// The lesson being taught.
    func lesson() throws -> Lesson {
        guard let lesson = teacher.lesson else { throw BindingError.noLesson }
        return lesson
    }

    /// - Throws: ``BindingError``, where one of the examples is none of the teacher's.
    func check(_ examples: [Int32]) throws {
        guard let stray = examples.first(where: { $0 < 0 || $0 >= teacher.exampleCount }) else { return }
        throw BindingError.strayExample(found: stray, count: teacher.exampleCount)
    }
}

/// Leaves the teacher as it was until the caller has measured these examples.
private struct ScoresNeeded: Error {
    let examples: [Int32]
}

/// What can be wrong with a call from another language, besides what ``TeachingError`` says.
enum BindingError: Error, Equatable, CustomStringConvertible {
    case noTeacher
    case noLesson
    case missing(argument: String)
    case negative(argument: String, found: Int64)
    case strayExample(found: Int32, count: Int)
    case wrongElementCount(kept: Int64, count: Int64)
    case malformedPolicy(reason: String)

    var description: String {
        switch self {
        case .noTeacher: "the teacher is NULL, expected one from attent_teacher_create"
        case .noLesson: "no lesson is being taught; ask for the next one first"
        case .missing(let argument): "the argument \(argument) is NULL, expected an array"
        case .negative(let argument, let found): "the argument \(argument) is \(found), expected 0 or more"
        case .strayExample(let found, let count): "example \(found) was named, expected 0 to \(count - 1)"
        case .wrongElementCount(let kept, let count):
            "\(kept) of \(count) elements cannot be kept, expected 1 to \(max(1, count))"
        case .malformedPolicy(let reason): "the teacher's policy \(reason)"
        }
    }
}
