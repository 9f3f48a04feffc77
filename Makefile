native := scripts/with-native
build  := $(native) swift build -c release --product

.PHONY: run test build bench bench-train bench-engine bench-vision bench-llm vision ablation theory evidence evidence-quick format
.PHONY: lint clean bench-antk bench-distributed test-hosts chaos fuzz sanitize soak reference docs report-test
.PHONY: cuda python python-test install uninstall install-test release

run: ; @$(build) attent && .build/release/attent compare digits
test: ; @$(native) swift test --no-parallel
build: ; @$(build) attent
cuda: ; @scripts/cuda $(ARGUMENTS)
python: ; @scripts/python-wheel
python-test: ; @scripts/python-test
install: ; @test -x .build/release/attent || $(build) attent; scripts/install
uninstall: ; @scripts/install uninstall
install-test: ; @test -x .build/release/attent || $(build) attent; scripts/install-test $(ARGUMENTS)
release: ; @scripts/release && scripts/release-test $(ARGUMENTS)
bench: ; @scripts/bench
bench-train: ; @scripts/bench-train $(ARGUMENTS)
bench-engine: ; @scripts/bench-engine $(ARGUMENTS)
bench-vision: ; @scripts/bench-vision
bench-llm: ; @scripts/bench-llm $(ARGUMENTS)
bench-antk: ; @scripts/bench-antk $(ARGUMENTS)
bench-distributed: ; @scripts/bench-distributed $(ARGUMENTS)
test-hosts: ; @$(build) attent && scripts/test-hosts
vision: ; @$(build) attent && scripts/vision
evidence: ; @$(build) attent && scripts/evidence $(ARGUMENTS)
evidence-quick: ; @$(build) attent && scripts/evidence --quick $(ARGUMENTS)
ablation: ; @$(build) attent && scripts/ablation
theory: ; @$(build) attent && for e in gradients kernel convergence descent greedy; do \
	.build/release/attent antk $$e --out runs/theory/$$e || exit 1; done
chaos: ; @$(build) attent && scripts/chaos $(ARGUMENTS)
fuzz: ; @$(build) attent && $(native) scripts/fuzz $(ARGUMENTS)
sanitize: ; @scripts/sanitize $(ARGUMENTS)
soak: ; @$(build) attent && scripts/soak $(ARGUMENTS)
reference: ; @ATTENT_WRITE_REFERENCE=1 $(native) swift test --no-parallel --filter DocumentationTests
docs: ; @$(native) swift build && scripts/docs
report-test: ; @$(build) attent && scripts/report-test
format: ; @swift format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks Examples Fuzzing
lint: ; @swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks Examples Fuzzing
clean: ; @rm -rf .build .native
