native := scripts/with-native
build  := $(native) swift build -c release --product

.PHONY: run test build bench bench-engine bench-vision bench-llm vision ablation theory evidence evidence-quick format
.PHONY: lint clean chaos fuzz sanitize soak

run: ; @$(build) attent && .build/release/attent compare digits
test: ; @$(native) swift test --no-parallel
build: ; @$(build) attent
bench: ; @scripts/bench
bench-engine: ; @scripts/bench-engine $(ARGUMENTS)
bench-vision: ; @scripts/bench-vision
bench-llm: ; @scripts/bench-llm
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
format: ; @swift format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks Fuzzing
lint: ; @swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks Fuzzing
clean: ; @rm -rf .build .native
