import NN
import TestSupport
import Testing

@Suite struct LearningRateScheduleTests {
    let schedule = LearningRateSchedule(peak: 0.4, warmup: 0.1, floor: 0.05)

    @Test("The rate rises linearly from zero, peaks at the end of warm-up and decays to its floor")
    func values() {
        #expect(schedule.rate(at: 0) == 0)
        #expect(schedule.rate(at: 0.025).isNear(0.1))
        #expect(schedule.rate(at: 0.1).isNear(0.4))
        #expect(schedule.rate(at: 0.55).isNear(0.4 * (0.05 + 0.95 / 2)))
        #expect(schedule.rate(at: 1).isNear(0.02))
        #expect(schedule.rate(at: 1.3).isNear(0.02))
    }

    @Test("Without warm-up it starts at the peak, without a floor it ends at zero")
    func bare() {
        let bare = LearningRateSchedule(peak: 1, warmup: 0)
        #expect(bare.rate(at: 0) == 1)
        #expect(bare.rate(at: 0.25).isNear(0.5 * (1 + 0.5.squareRoot())))
        #expect(bare.rate(at: 1).isNear(0))
    }

    @Test("It is continuous, rises during warm-up and falls afterwards")
    func shape() {
        let count = 10_000
        let rates = (0...count).map { schedule.rate(at: Double($0) / Double(count)) }
        for index in 1...count {
            #expect(abs(rates[index] - rates[index - 1]) <= 0.4 / 0.1 / Double(count) + 1e-12)
            #expect(index <= count / 10 ? rates[index] >= rates[index - 1] : rates[index] <= rates[index - 1])
        }
    }
}
