// The C functions that make, keep and describe teachers; attent.h says what each does.

import CAttent
import Teaching

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

@_cdecl("attent_version")
public func attentVersion() -> UnsafePointer<CChar> { ("0.1.0" as StaticString).cString }

@_cdecl("attent_last_error")
public func attentLastError() -> UnsafePointer<CChar> { LastError.message }

@_cdecl("attent_free")
public func attentFree(_ memory: UnsafeMutableRawPointer?) { free(memory) }

@_cdecl("attent_teacher_create")
public func attentTeacherCreate(
    _ policy: UnsafePointer<CChar>?, _ exampleCount: Int64, _ epochs: Int64, _ budget: Double, _ seed: UInt64
) -> OpaquePointer? {
    LastError.guarding(nil) {
        guard let policy else { throw BindingError.missing(argument: "policy") }
        let teacher = try Teacher(
            policy: Policy(text: String(cString: policy)), exampleCount: Int(exampleCount), epochs: Int(epochs),
            budget: budget == 0 ? nil : budget, seed: seed)
        return TeacherHandle(teacher).opaque
    }
}

@_cdecl("attent_teacher_restore")
public func attentTeacherRestore(_ state: UnsafePointer<UInt8>?, _ size: Int64) -> OpaquePointer? {
    LastError.guarding(nil) {
        let bytes = Data(try array(state, size, "state"))
        return TeacherHandle(try Teacher(restoring: TeacherState(serialized: bytes))).opaque
    }
}

@_cdecl("attent_teacher_destroy")
public func attentTeacherDestroy(_ teacher: OpaquePointer?) {
    if let teacher { TeacherHandle.release(teacher) }
}

@_cdecl("attent_teacher_policy")
public func attentTeacherPolicy(_ teacher: OpaquePointer?) -> UnsafeMutablePointer<CChar>? {
    LastError.guarding(nil) { strdup(try TeacherHandle.with(teacher) { try $0.teacher.policy.json() }) }
}

@_cdecl("attent_teacher_example_count")
public func attentTeacherExampleCount(_ teacher: OpaquePointer?) -> Int64 {
    LastError.guarding(Int64(ATTENT_FAILED)) { Int64(try TeacherHandle.with(teacher) { $0.teacher.exampleCount }) }
}

@_cdecl("attent_teacher_state")
public func attentTeacherState(
    _ teacher: OpaquePointer?, _ state: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?,
    _ size: UnsafeMutablePointer<Int64>?
) -> Int32 {
    LastError.guarding(Int32(ATTENT_FAILED)) {
        guard let state, let size else { throw BindingError.missing(argument: "state or size") }
        // The copy is made outside the lock: it shares the teacher's arrays.
        let bytes = try TeacherHandle.with(teacher) { $0.teacher.state }.serialized()
        guard let memory = malloc(bytes.count) else { throw BindingError.missing(argument: "memory for the state") }
        bytes.copyBytes(to: UnsafeMutableRawBufferPointer(start: memory, count: bytes.count))
        state.pointee = memory.assumingMemoryBound(to: UInt8.self)
        size.pointee = Int64(bytes.count)
        return Int32(ATTENT_END)
    }
}

@_cdecl("attent_teacher_scores")
public func attentTeacherScores(_ teacher: OpaquePointer?, _ scores: UnsafeMutablePointer<Float>?) -> Int32 {
    LastError.guarding(Int32(ATTENT_FAILED)) {
        let table = try TeacherHandle.with(teacher) { $0.teacher.table.scores }
        return try copy(table, to: scores, "scores")
    }
}

@_cdecl("attent_teacher_spending")
public func attentTeacherSpending(
    _ teacher: OpaquePointer?, _ spending: UnsafeMutablePointer<attent_spending>?
) -> Int32 {
    LastError.guarding(Int32(ATTENT_FAILED)) {
        guard let spending else { throw BindingError.missing(argument: "spending") }
        let value = try TeacherHandle.with(teacher) { $0.teacher.spending }
        spending.pointee = attent_spending(taught: Int64(value.taught), scored: Int64(value.scored), cost: value.cost)
        return Int32(ATTENT_END)
    }
}

/// - Throws: ``BindingError``, where there is no array of that size.
func array<Element>(_ start: UnsafePointer<Element>?, _ count: Int64, _ name: String) throws -> [Element] {
    guard count >= 0 else { throw BindingError.negative(argument: "count", found: count) }
    guard count > 0 else { return [] }
    guard let start else { throw BindingError.missing(argument: name) }
    return Array(UnsafeBufferPointer(start: start, count: Int(count)))
}

func copy<Values: Collection>(
    _ values: Values, to target: UnsafeMutablePointer<Values.Element>?, _ name: String
) throws -> Int32 {
    guard let target else { throw BindingError.missing(argument: name) }
    _ = UnsafeMutableBufferPointer(start: target, count: values.count).initialize(from: values)
    return Int32(ATTENT_END)
}
