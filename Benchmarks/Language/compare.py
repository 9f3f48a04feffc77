#!/usr/bin/env python3
"""Fine-tuning, the head and generation against pip's transformers and peft, and packing against padding, turn by turn.

    compare.py BENCH DATA [--rounds N] [--parts NAME,...]

BENCH is the program llm-bench; DATA holds stories260k, tinyshakespeare, tokenizers and instruct.

Figures, each the median of what the peer took over what we took in a pair of calls:

    llm.finetune.vs_transformers, llm.finetune.lora.vs_peft      a step at our precision auto, theirs in fp32
    llm.finetune.bf16.vs_transformers, .bf16.lora.vs_peft        a step at our precision bf16, theirs under autocast
    llm.head.*, llm.packing.*, generate.vs_transformers          the head alone, other layouts of batches, 200 tokens

What the first of them comes from is measured between processes of ours, one with a lever off (Lever.swift) and one with
all of them on; a figure is the time without the lever over that with it:

    llm.finetune.cause.kernels       oneDNN's fp32 kernels for linear maps: precision auto, against libtorch's: fp32
    llm.finetune.cause.head          both of the following, which take over from each other
    llm.finetune.cause.head_places   the head where labels are, against everywhere
    llm.finetune.cause.head_fusion   head and cross-entropy in one, against all logits and then their cross-entropy
    llm.finetune.cause.memory        freed memory that waits for the next step, against the system's
    llm.finetune.cause.remainder     the peer's time over ours with all of these off: attention, norms, rotation, gated
                                     activation, optimiser and a program without an interpreter, which no switch parts

Length buckets are no cause of it, since both sides get the same batches; llm.packing.bucketing tells what they save.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from statistics import median

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from peer import BATCHES, Head, Tuning, timed
from transformers import LlamaForCausalLM
from transformers.utils import logging

CAUSES = {
    "kernels": [], "head": ["head-places", "head-fusion"], "head_places": ["head-places"],
    "head_fusion": ["head-fusion"], "memory": ["memory"]}
GENERATED = 200


class Ours:
    """The Swift program, asked line by line."""

    def __init__(self, program: str, data: str, scratch: str, *levers_off: str) -> None:
        self.process = subprocess.Popen(
            [program, data, scratch, *levers_off], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, command: str) -> dict:
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"llm-bench ended early on {command}")
        return json.loads(line)

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def check_agreement(values: list[float], tolerance: float, what: str) -> None:
    """Two computations that differ would mean nothing."""
    if not all(abs(value - values[0]) <= tolerance * abs(values[0]) for value in values):
        raise SystemExit(f"{what}: the sides come to {values}")


def in_turn(rounds: int, ours, theirs, tolerance: float, what: str) -> list[tuple[dict, dict]]:
    """Pairs of measurements; neither side is always first."""
    pairs = []
    for number in range(rounds):
        if number % 2 == 0:
            mine, other = ours(number), theirs(number)
        else:
            other, mine = theirs(number), ours(number)
        check_agreement([mine["value"], other["value"]], tolerance, f"{what}, round {number}")
        pairs.append((mine, other))
    return pairs


def report(name: str, pairs: list[tuple[dict, dict]], inverse: bool = False, sides=("ours", "the peer's")) -> None:
    """The figure is of processor time, which other programs disturb less; the wall's stands beside it."""
    for clock, suffix in (("processor", ""), ("seconds", ".wall")):
        mine, other = (1e3 * median(pair[side][clock] for pair in pairs) for side in (0, 1))
        ratio = median(theirs[clock] / ours[clock] for ours, theirs in pairs)
        print(f"{name}, {clock}: {sides[0]} {mine:.1f} ms, {sides[1]} {other:.1f} ms, {len(pairs)} pairs")
        print(f"figure {name}{suffix} {1 / ratio if inverse else ratio:.3f}", flush=True)


def tune(start, scratch: Path, rounds: int, task: str, name: str, precision: str = "auto") -> None:
    ours = start()
    chosen = ours.ask(f"tune {task} {precision}")["precision"]
    print(f"{name}: ours computes in {chosen}", file=sys.stderr)
    peer = Tuning(scratch / task.split()[0], bf16=precision == "bf16")
    pairs = in_turn(
        BATCHES + rounds, lambda i: ours.ask(f"step {i % BATCHES}"),
        lambda i: timed(lambda: peer.step(i % BATCHES)), 1e-2 if precision == "bf16" else 2e-3, name)
    report(name, pairs[BATCHES:])  # each batch's first step warms up
    ours.stop()


def finetune(start, scratch: Path, rounds: int) -> None:
    tune(start, scratch, rounds, "small full", "llm.finetune.vs_transformers")
    tune(start, scratch, 2 * rounds, "stories full", "llm.finetune.stories260k.vs_transformers")


def lora(start, scratch: Path, rounds: int) -> None:
    tune(start, scratch, rounds, "small lora", "llm.finetune.lora.vs_peft")
    tune(start, scratch, 2 * rounds, "stories lora", "llm.finetune.lora.stories260k.vs_peft")


def bf16(start, scratch: Path, rounds: int) -> None:
    tune(start, scratch, rounds, "small full", "llm.finetune.bf16.vs_transformers", "bf16")
    tune(start, scratch, rounds, "small lora", "llm.finetune.bf16.lora.vs_peft", "bf16")


def causes(start, scratch: Path, rounds: int) -> None:
    """The same steps in a process with all levers on, in one for each lever without it, and in one without any."""
    every = sorted({lever for levers in CAUSES.values() for lever in levers})
    ours = {"": start()} | {name: start(*off) for name, off in CAUSES.items()} | {"remainder": start(*every)}
    precision = ours[""].ask("tune small full auto")["precision"]
    for name, side in ours.items():
        side.ask(f"tune small full {'fp32' if name in ('kernels', 'remainder') else precision}")
    peer = Tuning(scratch / "small")
    passes = {name: [] for name in [*ours, "peer"]}
    for number in range(BATCHES + rounds):
        batch, order = number % BATCHES, list(passes) if number % 2 == 0 else list(passes)[::-1]
        for name in order:
            done = timed(lambda: peer.step(batch)) if name == "peer" else ours[name].ask(f"step {batch}")
            passes[name].append(done)
        check_agreement([passes[name][number]["value"] for name in order], 2e-3, f"causes, round {number}")
    for name in CAUSES:
        pairs = list(zip(passes[""], passes[name]))[BATCHES:]
        report(f"llm.finetune.cause.{name}", pairs, sides=("with it", "without"))
    report("llm.finetune.cause.remainder", list(zip(passes["remainder"], passes["peer"]))[BATCHES:])
    for side in ours.values():
        side.stop()


def head(start, scratch: Path, rounds: int) -> None:
    ours = start()
    ours.ask("prepare-head")
    peer = Head(scratch / "head.safetensors")
    pairs = in_turn(1 + rounds, lambda _: ours.ask("head"), lambda _: peer.run(), 1e-4, "head")
    report("llm.head.time_ratio", pairs[1:], inverse=True)
    # The first call of a process, since what is freed later stays resident.
    mine, other = (pairs[0][side]["peak"] for side in (0, 1))
    print(f"head, first call: ours takes {mine / 2**20:.0f} MiB, the plain way {other / 2**20:.0f} MiB")
    print(f"figure llm.head.peak_memory_ratio {mine / other:.3f}", flush=True)
    ours.stop()


def packing(start, scratch: Path, rounds: int) -> None:
    ours = start()
    passes = {layout: [] for layout in ("packed", "padded", "bucketed")}
    for _ in range(1 + max(2, rounds // 3)):
        for layout, results in passes.items():
            results.append(ours.ask(f"pack {layout}"))
    reference = passes["padded"][0]["value"]
    for layout, results in passes.items():
        if not all(abs(result["value"] - reference) <= 1e-4 * reference for result in results):
            raise SystemExit(f"the mean loss of {layout} batches is {results[0]['value']}, of padded ones {reference}")
    pairs = {layout: list(zip(passes["packed"], passes[layout]))[1:] for layout in ("padded", "bucketed")}
    report("llm.packing.speedup", pairs["padded"])
    report("llm.packing.vs_bucketed", pairs["bucketed"])
    buckets = list(zip(passes["bucketed"], passes["padded"]))[1:]
    report("llm.packing.bucketing", buckets, sides=("bucketed", "in the data's order"))
    ours.stop()


def generate(start, scratch: Path, rounds: int) -> None:
    ours = start()
    ours.ask("tune stories full auto")
    model = LlamaForCausalLM.from_pretrained(scratch / "stories", attn_implementation="sdpa", dtype=torch.float32)
    model.eval()
    model.generation_config.eos_token_id = None
    prompt = torch.tensor([[1]])

    def theirs(_: int) -> dict:
        told = []

        def body() -> int:
            with torch.inference_mode():
                told.extend(model.generate(
                    prompt, attention_mask=torch.ones_like(prompt), do_sample=False, max_new_tokens=GENERATED,
                    pad_token_id=0)[0, 1:].tolist())
            return len(told)

        return timed(body) | {"tokens": told}

    pairs = in_turn(1 + rounds, lambda _: ours.ask(f"generate {GENERATED}"), theirs, 0, "generate")
    for mine, other in pairs:
        if mine["tokens"] != other["tokens"]:
            raise SystemExit(f"generate: ours tells {mine['tokens']}, the peer {other['tokens']}")
    report("generate.vs_transformers", pairs[1:])
    ours.stop()


PARTS = {
    "finetune": finetune, "lora": lora, "bf16": bf16, "causes": causes, "head": head, "packing": packing,
    "generate": generate}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("data")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--parts", default=",".join(PARTS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    logging.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning)
    for part in options.parts.split(","):
        if part not in PARTS:
            sys.exit(f"compare.py: {part} is no part, expected some of {','.join(PARTS)}")
        with tempfile.TemporaryDirectory() as scratch:
            start = lambda *levers_off: Ours(options.bench, options.data, scratch, *levers_off)
            PARTS[part](start, Path(scratch), options.rounds)


if __name__ == "__main__":
    main()
