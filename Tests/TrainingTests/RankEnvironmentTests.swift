import Testing

@testable import Training

@Suite("Where a process stands among its job's") struct RankEnvironmentTests {
    static let complete = [
        "RANK": "1", "LOCAL_RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "10.0.0.1", "MASTER_PORT": "29500",
    ]

    @Test("what launchers set is read; one process is no job of several") func reading() throws {
        let environment = try #require(try RankEnvironment(Self.complete))
        #expect(environment.rank == 1 && environment.localRank == 0 && environment.rankCount == 2)
        #expect(environment.host == "10.0.0.1" && environment.port == 29500)
        #expect(!environment.hostsStore && environment.restartCount == 0 && environment.timeout == 600)
        let first = Self.complete.merging(["RANK": "0", "ATTENT_TIMEOUT": "5"]) { $1 }
        #expect(try RankEnvironment(first)?.hostsStore == true && RankEnvironment(first)?.timeout == 5)
        let elastic = ["TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "2"]
        let restarted = try #require(try RankEnvironment(first.merging(elastic) { $1 }))
        #expect(!restarted.hostsStore && restarted.restartCount == 2)
        #expect(try RankEnvironment([:]) == nil && RankEnvironment(["MASTER_ADDR": "x"]) == nil)
        #expect(try RankEnvironment(["RANK": "0", "WORLD_SIZE": "1"]) == nil)
    }

    @Test(
        "what is absent or out of range is named",
        arguments: [
            ("MASTER_ADDR", nil), ("MASTER_ADDR", ""), ("MASTER_PORT", nil), ("MASTER_PORT", "70000"),
            ("MASTER_PORT", "x"), ("RANK", nil), ("RANK", "2"), ("RANK", "-1"), ("WORLD_SIZE", nil),
            ("WORLD_SIZE", "0"), ("WORLD_SIZE", "two"), ("LOCAL_RANK", "2"), ("ATTENT_TIMEOUT", "0"),
        ] as [(String, String?)])
    func refusals(name: String, value: String?) {
        var variables = Self.complete
        variables[name] = value
        let error = #expect(throws: RankError.self) { try RankEnvironment(variables) }
        guard case .variable(let named, let found, _) = error else { return }
        #expect(named == name && found == (value.flatMap { $0.isEmpty ? nil : $0 } ?? "absent"))
        #expect(error?.description.contains("\n") == false)
    }
}
