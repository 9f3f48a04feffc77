// What two ranks cost and gain: the steps of six linear maps of width 1024, the same global batch on one process of as many
// threads as there are ranks, or shared by the ranks of the environment, of one thread each.
//
// Other programs share the machine, so that times taken one after the other cannot be compared. Every round takes all of
// them, in turn forwards and backwards, and the figures are medians of the rounds' own ratios.
import Foundation
import Torch
import Training

let (width, depth, batch) = (1024, 6, 256)
let variables = ProcessInfo.processInfo.environment
let rounds = Int(variables["ROUNDS"] ?? "") ?? 121

func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }

struct Network {
    let weights: [Tensor]
    let list: TensorList

    init() throws {
        let generator = try Generator(seed: 1)
        weights = try (0..<depth).map { _ in
            try (generator.normal([width, width]) * (1 / Double(width).squareRoot())).requiringGradient()
        }
        list = TensorList(weights)
    }

    func loss(_ x: Tensor) throws -> Tensor {
        var x = x
        for weight in weights { x = try x.linear(weight).relu() }
        return try x.square().mean()
    }

    /// The gradients that `body` leaves, which are cleared.
    func gradients(_ body: () throws -> Void) throws -> [Float] {
        try body()
        let values: [Float] = try weights.flatMap { try $0.gradient()?.values() ?? [] }
        try list.zeroGradients()
        return values
    }
}

/// Seconds of one round.
struct Round {
    /// One process's step, with a thread a rank.
    var alone = 0.0
    /// A rank's passes over its share, and only then averaging all gradients at once.
    var inTurn = 0.0
    /// Averaging all gradients at once.
    var communicating = 0.0
    /// A step of all ranks.
    var together = 0.0

    var efficiency: Double { alone / together }
    /// The share of communication that computing hides.
    var overlap: Double { (inTurn - together) / communicating }
}

/// One rank of the job.
struct Job {
    let group: ProcessGroup
    let network: Network
    let inputs: Tensor
    let own: Tensor
    let reducer: GradientReducer
    let all: Tensor

    init(_ environment: RankEnvironment) throws {
        let store = try Store(
            host: environment.host, port: environment.port, isHost: environment.hostsStore,
            timeout: environment.timeout)
        group = try ProcessGroup(
            store, name: "bench", rank: environment.rank, rankCount: environment.rankCount, address: environment.host,
            timeout: environment.timeout)
        network = try Network()
        inputs = try Generator(seed: 2).normal([batch, width])
        own = try inputs.chunked(environment.rankCount, 0)[environment.rank]
        reducer = try GradientReducer(group, network.weights, firstBucketBytes: 1 << 20, bucketBytes: 2 << 20)
        all = try Tensor.zeros([depth * width * width])
    }

    func sharedStep() throws {
        try reducer.beforeForward()
        let loss = try network.loss(own)
        try reducer.beforeBackward()
        try loss.backward()
    }

    /// Seconds until `body` is done on all ranks, which begin together.
    func seconds(_ body: () throws -> Void) throws -> Double {
        try group.barrier()
        let start = now()
        try body()
        try group.barrier()
        let end = now()
        try network.list.zeroGradients()
        return end - start
    }

    func round(_ number: Int) throws -> Round {
        var round = Round()
        // The others wait, and do nothing else meanwhile.
        let alone = {
            round.alone = try seconds {
                guard group.rank == 0 else { return }
                Engine.threadCount = group.rankCount
                defer { Engine.threadCount = 1 }
                try network.loss(inputs).backward()
            }
        }
        let parts = [
            alone, { round.together = try seconds(sharedStep) },
            {
                round.inTurn = try seconds {
                    try network.loss(own).backward()
                    try group.allReduce(all).wait()
                }
            },
            { round.communicating = try seconds { try group.allReduce(all).wait() } },
        ]
        for part in number.isMultiple(of: 2) ? parts : parts.reversed() { try part() }
        return round
    }

    /// How far the averaged gradients are from those of one process that takes the ranks' shares one after the other, which
    /// has the same sums to make, and from those of the whole batch at once.
    func errors() throws -> (inParts: Float, whole: Float) {
        let whole = try network.gradients { try network.loss(inputs).backward() }
        let inParts = try network.gradients {
            let shares = try inputs.chunked(group.rankCount, 0)
            for part in shares { try (network.loss(part) * (1 / Double(shares.count))).backward() }
        }
        let shared = try network.gradients { try sharedStep() }
        let largest = whole.map(abs).max() ?? .nan
        func error(_ expected: [Float]) -> Float {
            (zip(expected, shared).map { abs($0 - $1) }.max() ?? .nan) / largest
        }
        return (error(inParts), error(whole))
    }
}

/// The median of some numbers, and between what it lies with a probability of 95 %: between two of the numbers, whose places
/// come from the binomial distribution.
func median(_ values: [Double]) -> (value: Double, from: Double, to: Double) {
    let sorted = values.sorted()
    let (middle, reach) = ((sorted.count - 1) / 2, Int(0.98 * Double(sorted.count).squareRoot() + 0.5))
    return (sorted[middle], sorted[max(0, middle - reach)], sorted[min(sorted.count - 1, middle + reach)])
}

guard let environment = try RankEnvironment(variables) else {
    print("ranks-bench: RANK and WORLD_SIZE are absent, expected those of a job of several ranks")
    exit(1)
}
Engine.threadCount = 1
let job = try Job(environment)
let errors = try job.errors()
for number in 0..<4 { _ = try job.round(number) }
let times = try (0..<rounds).map(job.round)
try job.group.barrier()
if environment.rank == 0 {
    func typical(_ part: (Round) -> Double) -> Double { median(times.map(part)).value }
    func figure(_ name: String, _ part: (Round) -> Double) {
        let median = median(times.map(part))
        print("\(name): 95 % between \(median.from) and \(median.to), by \(rounds) rounds")
        print("figure \(name) \(median.value)")
    }
    print(
        "seconds a step, medians: alone \(typical(\.alone)), together \(typical(\.together)), "
            + "in turn \(typical(\.inTurn)), communicating \(typical(\.communicating))")
    figure("ddp.efficiency", \.efficiency)
    figure("ddp.overlap", \.overlap)
    print("figure ddp.gradient_error \(errors.inParts)")
    print("figure ddp.gradient_error.whole_batch \(errors.whole)")
    print("figure ddp.bytes_per_second \(Double(4 * depth * width * width) / typical(\.communicating))")
}
