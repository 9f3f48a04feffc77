/// The benchmark's command line.
struct Options {
    struct UsageError: Error, CustomStringConvertible {
        let description: String
    }

    static let usage = """
        usage: engine-bench --python PATH [--threads N] [--rounds N] [--clock wall|processor] [--models NAME,...]
                            [--settings NAME,...] [--agreement STEPS] [--losses STEPS] [--attent PATH] [--starts N]

        Models: \(Workload.all.map(\.name).joined(separator: ", ")).
        Settings: \(settingNames.joined(separator: ", ")); `compile` is all that start with it.
        With --losses nothing is timed, but the losses of that many steps are compared. With --attent, the start of that
        program is timed.
        """

    var python = ""
    var threadCount = 1
    var roundCount = 15
    var models = Workload.all
    /// Steps of which the losses are compared before anything is timed.
    var agreementSteps = 8
    /// The program whose start is timed; none where nil.
    var attent: String?
    var startCount = 7
    var settings = settingNames
    /// Steps of which the losses are compared instead of timing any; none where nil.
    var lossSteps: Int?
    private var clock: Stopwatch?

    static let settingNames = (Setting.eager + Setting.compiled).map(\.option)

    /// One thread's work is its processor time, which other programs disturb least; threads that wait for each other spend
    /// processor time too, so theirs is read off the wall.
    var stopwatch: Stopwatch { clock ?? (threadCount == 1 ? .processor : .wall) }

    init(_ arguments: [String]) throws(UsageError) {
        var rest = arguments[...]
        while let flag = rest.popFirst() {
            guard let value = rest.popFirst() else {
                throw UsageError(description: "\(flag) has no value.\n\(Self.usage)")
            }
            guard set(flag, value) else { throw UsageError(description: "\(flag) \(value) is unknown.\n\(Self.usage)") }
        }
        guard !python.isEmpty else { throw UsageError(description: "--python is missing.\n\(Self.usage)") }
    }

    private mutating func set(_ flag: String, _ value: String) -> Bool {
        let names = value.split(separator: ",").map(String.init)
        switch flag {
        case "--python": python = value
        case "--threads": threadCount = Int(value) ?? 0
        case "--rounds": roundCount = Int(value) ?? 0
        case "--agreement": agreementSteps = Int(value) ?? 0
        case "--attent": attent = value
        case "--starts": startCount = Int(value) ?? 0
        case "--clock": clock = Stopwatch(rawValue: value)
        case "--models": models = Workload.all.filter { names.contains($0.name) }
        case "--losses": lossSteps = Int(value) ?? 0
        case "--settings": settings = names.flatMap { $0 == "compile" ? Setting.compiled.map(\.option) : [$0] }
        default: return false
        }
        let clockIsKnown = flag != "--clock" || clock != nil
        let counts = [threadCount, roundCount, agreementSteps, lossSteps ?? 1, startCount]
        let settingsAreKnown = Set(Self.settingNames).isSuperset(of: settings)
        return counts.allSatisfy { $0 > 0 } && !models.isEmpty && settingsAreKnown && clockIsKnown
    }
}
