// What two ranks cost and gain: the steps of six linear maps of width 1024, the same global batch on one process or shared
// by the ranks of the environment. Times are the least of many steps, which other programs disturb least. `scripts/bench-distributed` starts them.
import Foundation
import Torch
import Training

let (width, depth, batch, steps) = (1024, 6, 256, 15)
let variables = ProcessInfo.processInfo.environment
Engine.threadCount = Int(variables["THREADS"] ?? "") ?? 1

func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }

/// The least seconds of several calls, before each of which all ranks wait for each other.
func seconds(_ group: ProcessGroup? = nil, _ body: () throws -> Void) throws -> Double {
    var least = Double.infinity
    for _ in 0...steps {
        try group?.barrier()
        let start = now()
        try body()
        least = min(least, now() - start)
    }
    return least
}

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

    func gradients() throws -> [Float] { try weights.flatMap { try $0.gradient()?.values() ?? [] } }
}

let network = try Network()
let inputs = try Generator(seed: 2).normal([batch, width])

guard let environment = try RankEnvironment(variables) else {
    let time = try seconds {
        try network.loss(inputs).backward()
        try network.list.zeroGradients()
    }
    print("seconds \(time)")
    exit(0)
}

let store = try Store(
    host: environment.host, port: environment.port, isHost: environment.hostsStore, timeout: environment.timeout)
let group = try ProcessGroup(
    store, name: "bench", rank: environment.rank, rankCount: environment.rankCount, address: environment.host,
    timeout: environment.timeout)
let own = try inputs.chunked(environment.rankCount, 0)[environment.rank]

// Before the reducer is there, whose hooks would take part.
let computing = try seconds(group) {
    try network.loss(own).backward()
    try network.list.zeroGradients()
}
let all = try Tensor.zeros([depth * width * width])
let communicating = try seconds(group) { try group.allReduce(all).wait() }
try network.loss(inputs).backward()
let whole = try network.gradients()
try network.list.zeroGradients()
// One process that takes the ranks' shares one after the other has the same sums to make.
let shares = try inputs.chunked(environment.rankCount, 0)
for part in shares { try (network.loss(part) * (1 / Double(shares.count))).backward() }
let inParts = try network.gradients()
try network.list.zeroGradients()

let reducer = try GradientReducer(group, network.weights, firstBucketBytes: 1 << 20, bucketBytes: 2 << 20)
func sharedStep() throws {
    try reducer.beforeForward()
    let loss = try network.loss(own)
    try reducer.beforeBackward()
    try loss.backward()
}
try sharedStep()
let shared = try network.gradients()
try network.list.zeroGradients()
let largest = whole.map(abs).max() ?? .nan
func error(_ expected: [Float]) -> Float {
    (zip(expected, shared).map { abs($0 - $1) }.max() ?? .nan) / largest
}
let together = try seconds(group) {
    try sharedStep()
    try network.list.zeroGradients()
}
try group.barrier()
if environment.rank == 0 {
    print("seconds \(together)")
    print("computing \(computing) s, communicating \(communicating) s, both \(together) s a step")
    print("figure ddp.overlap \(max(0, min(1, (computing + communicating - together) / communicating)))")
    print("figure ddp.gradient_error \(error(inParts))")
    print("figure ddp.gradient_error.whole_batch \(error(whole))")
    print("figure ddp.bytes_per_second \(Double(4 * depth * width * width) / communicating)")
}
