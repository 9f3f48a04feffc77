// The C functions of a lesson; attent.h says what each does.

import CAttent
import Teaching

@_cdecl("attent_teacher_next")
public func attentTeacherNext(
    _ teacher: OpaquePointer?, _ scores: UnsafePointer<Float>?, _ confidences: UnsafePointer<Float>?, _ count: Int64,
    _ lesson: UnsafeMutablePointer<attent_lesson>?
) -> Int32 {
    LastError.guarding(Int32(ATTENT_FAILED)) {
        guard let lesson else { throw BindingError.missing(argument: "lesson") }
        let given = try scores.map {
            ExampleScores(
                scores: try array($0, count, "scores"),
                confidences: try confidences.map { try array($0, count, "confidences") })
        }
        let (step, unscored) = try TeacherHandle.with(teacher) { (try $0.next(given: given), $0.unscored.count) }
        switch step {
        case .lesson(let next):
            lesson.pointee = attent_lesson(next)
            return Int32(ATTENT_LESSON)
        case .end: return Int32(ATTENT_END)
        case .needsScores:
            lesson.pointee.count = Int64(unscored)
            return Int32(ATTENT_NEEDS_SCORES)
        }
    }
}

@_cdecl("attent_teacher_unscored")
public func attentTeacherUnscored(_ teacher: OpaquePointer?, _ examples: UnsafeMutablePointer<Int32>?) -> Int32 {
    LastError.guarding(Int32(ATTENT_FAILED)) {
        try copy(try TeacherHandle.with(teacher) { $0.unscored }, to: examples, "examples")
    }
}

@_cdecl("attent_teacher_lesson")
public func attentTeacherLesson(_ teacher: OpaquePointer?, _ lesson: UnsafeMutablePointer<attent_lesson>?) -> Int32 {
    LastError.guarding(Int32(ATTENT_FAILED)) {
        guard let lesson else { throw BindingError.missing(argument: "lesson") }
        guard let current = try TeacherHandle.with(teacher, { $0.teacher.lesson }) else { return Int32(ATTENT_END) }
        lesson.pointee = attent_lesson(current)
        return Int32(ATTENT_LESSON)
    }
}

@_cdecl("attent_lesson_examples")
public func attentLessonExamples(_ teacher: OpaquePointer?, _ examples: UnsafeMutablePointer<Int32>?) -> Int32 {
    LastError.guarding(Int32(ATTENT_FAILED)) {
        try copy(try TeacherHandle.with(teacher) { try $0.lesson().examples }, to: examples, "examples")
    }
}

@_cdecl("attent_lesson_weights")
public func attentLessonWeights(_ teacher: OpaquePointer?, _ weights: UnsafeMutablePointer<Float>?) -> Int32 {
    LastError.guarding(Int32(ATTENT_FAILED)) {
        let lesson = try TeacherHandle.with(teacher) { try $0.lesson() }
        let values = lesson.weights ?? Array(repeating: 1, count: lesson.examples.count)
        return try copy(values, to: weights, "weights")
    }
}

@_cdecl("attent_lesson_progress")
public func attentLessonProgress(_ teacher: OpaquePointer?, _ taught: Int64) -> Double {
    LastError.guarding(.nan) {
        try TeacherHandle.with(teacher) { content in
            content.teacher.lesson?.progress(after: Int(taught)) ?? (content.teacher.spending.taught > 0 ? 1 : 0)
        }
    }
}

@_cdecl("attent_lesson_element_count")
public func attentLessonElementCount(_ teacher: OpaquePointer?, _ count: Int64, _ taught: Int64) -> Int64 {
    LastError.guarding(Int64(ATTENT_FAILED)) {
        Int64(try TeacherHandle.with(teacher) { try $0.lesson().elementCount(of: Int(count), after: Int(taught)) })
    }
}

@_cdecl("attent_lesson_elements")
public func attentLessonElements(
    _ teacher: OpaquePointer?, _ examples: UnsafePointer<Int32>?, _ exampleCount: Int64, _ kept: Int64, _ count: Int64,
    _ elements: UnsafeMutablePointer<Int32>?
) -> Int32 {
    LastError.guarding(Int32(ATTENT_FAILED)) {
        guard kept >= 1, kept <= count, count <= Int64(Int32.max) else {
            throw BindingError.wrongElementCount(kept: kept, count: count)
        }
        let examples = try array(examples, exampleCount, "examples")
        let (seed, number) = try TeacherHandle.with(teacher) { content in
            try content.check(examples)
            return (content.teacher.seed, try content.lesson().number)
        }
        let indices = ElementSampler(seed: seed).indices(
            for: examples, keeping: Int(kept), of: Int(count), lesson: number)
        return try copy(indices, to: elements, "elements")
    }
}

@_cdecl("attent_teacher_record")
public func attentTeacherRecord(
    _ teacher: OpaquePointer?, _ scores: UnsafePointer<Float>?, _ examples: UnsafePointer<Int32>?,
    _ confidences: UnsafePointer<Float>?, _ count: Int64
) -> Int32 {
    LastError.guarding(Int32(ATTENT_FAILED)) {
        let (scores, examples) = (try array(scores, count, "scores"), try array(examples, count, "examples"))
        let confidences = try confidences.map { try array($0, count, "confidences") }
        try TeacherHandle.with(teacher) { content in
            try content.check(examples)
            content.teacher.record(scores, for: examples, confidences: confidences)
        }
        return Int32(ATTENT_END)
    }
}

@_cdecl("attent_teacher_admit")
public func attentTeacherAdmit(
    _ teacher: OpaquePointer?, _ scores: UnsafePointer<Float>?, _ examples: UnsafePointer<Int32>?, _ count: Int64,
    _ positions: UnsafeMutablePointer<Int64>?
) -> Int64 {
    LastError.guarding(Int64(ATTENT_FAILED)) {
        let (scores, examples) = (try array(scores, count, "scores"), try array(examples, count, "examples"))
        let admitted = try TeacherHandle.with(teacher) { content in
            try content.check(examples)
            return content.teacher.admit(scores, for: examples)
        }
        _ = try copy(admitted.map { Int64($0) }, to: positions, "positions")
        return Int64(admitted.count)
    }
}

extension attent_lesson {
    init(_ lesson: Lesson) {
        self.init(
            number: Int64(lesson.number), epoch: Int64(lesson.epoch), cycle: Int64(lesson.cycle),
            count: Int64(lesson.examples.count), scored_count: Int64(lesson.scoredCount), ratio: lesson.ratio,
            start: lesson.progress.lowerBound, end: lesson.progress.upperBound,
            learning_rate_scale: lesson.learningRateScale, records_scores: lesson.recordsScores ? 1 : 0,
            needs_admission: lesson.needsAdmission ? 1 : 0, is_new_selection: lesson.isNewSelection ? 1 : 0,
            has_weights: lesson.weights == nil ? 0 : 1)
    }
}
