native := scripts/with-native
build  := $(native) swift build -c release --product

.PHONY: run test build bench bench-vision bench-llm vision ablation evidence evidence-quick format lint clean

run: ; @$(build) attent && .build/release/attent compare digits
test: ; @$(native) swift test --no-parallel
build: ; @$(build) attent
bench: ; @scripts/bench
bench-vision: ; @scripts/bench-vision
bench-llm: ; @scripts/bench-llm
vision: ; @$(build) attent && scripts/vision
evidence: ; @$(build) attent && scripts/evidence $(ARGUMENTS)
evidence-quick: ; @$(build) attent && scripts/evidence --quick $(ARGUMENTS)
ablation: ; @$(build) attent && scripts/ablation
format: ; @swift format --in-place --recursive --parallel Package.swift Sources Tests Benchmarks
lint: ; @swift format lint --strict --recursive --parallel Package.swift Sources Tests Benchmarks
clean: ; @rm -rf .build .native
