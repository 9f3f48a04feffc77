native := scripts/with-native
build  := $(native) swift build -c release --product

.PHONY: run test build bench bench-engine bench-vision bench-llm vision ablation theory evidence evidence-quick format
.PHONY: lint clean reference docs report-test

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
reference: ; @ATTENT_WRITE_REFERENCE=1 $(native) swift test --no-parallel --filter DocumentationTests
docs: ; @$(native) swift build && scripts/docs
report-test: ; @$(build) attent && scripts/report-test
format: ; @swift format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks
lint: ; @swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks
clean: ; @rm -rf .build .native
