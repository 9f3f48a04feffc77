#!/usr/bin/env python3
"""Fine-tuning, the head and generation against pip's transformers and peft, and packing against padding, turn by turn.

    compare.py BENCH DATA [--rounds N] [--parts NAME,...]

BENCH is the program llm-bench; DATA holds stories260k, tinyshakespeare, tokenizers and instruct.

The peer is transformers' own model in a plain training loop: its attention is PyTorch's scaled_dot_product_attention,
its AdamW the fused one, nothing is logged, and rows are padded on the right, so that no mask is needed and the fastest
kernels are taken. Trainer does more than that, not less.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from statistics import median

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from torch import nn
from transformers import LlamaForCausalLM
from transformers.utils import logging

RATE, BATCHES, AGREEING_STEPS, GENERATED = 1e-4, 4, 8, 200
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


class Ours:
    """The Swift program, asked line by line."""

    def __init__(self, program: str, data: str, scratch: str) -> None:
        self.process = subprocess.Popen(
            [program, data, scratch], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

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


def timed(body) -> dict:
    wall, spent = time.perf_counter(), time.process_time()
    value = body()
    return {"seconds": time.perf_counter() - wall, "processor": time.process_time() - spent, "value": value}


def resident(key: str) -> int:
    """VmRSS or VmHWM in bytes."""
    with open("/proc/self/status") as status:
        return int(next(line for line in status if line.startswith(key)).split()[1]) * 1024


class Tuning:
    """The same weights and batches in transformers, with peft where there are adapters."""

    def __init__(self, folder: Path) -> None:
        self.model = LlamaForCausalLM.from_pretrained(folder, attn_implementation="sdpa", dtype=torch.float32)
        self.model.config.use_cache = False
        adapters = folder / "adapters.safetensors"
        if adapters.exists():
            self.model = get_peft_model(self.model, LoraConfig(r=8, lora_alpha=16, target_modules=TARGETS))
            names = dict(self.model.named_parameters())
            with torch.no_grad():
                for name, value in load_file(adapters).items():
                    names[name.replace(".weight", ".default.weight")].copy_(value)
        self.model.train()
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=RATE, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, fused=True)
        text = load_file(folder / "batches.safetensors")
        self.batches = [(text[f"tokens{i}"].long(), text[f"labels{i}"].long()) for i in range(BATCHES)]

    def step(self, number: int) -> float:
        tokens, labels = self.batches[number]
        # Labels are given for each place, so that nothing is predicted there that ours does not predict.
        loss = self.model(input_ids=tokens, labels=labels, shift_labels=labels).loss
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, 1.0, foreach=True)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.item()


class Head:
    """All logits, then their cross-entropy."""

    def __init__(self, file: Path) -> None:
        tensors = load_file(file)
        self.hidden, self.weight = (tensors[name].requires_grad_() for name in ("hidden", "weight"))
        self.labels = tensors["labels"]

    def run(self) -> dict:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        before = resident("VmRSS")

        def body() -> float:
            loss = F.cross_entropy(F.linear(self.hidden, self.weight), self.labels, ignore_index=-100)
            loss.backward()
            return loss.item()

        result = timed(body)
        result["peak"] = resident("VmHWM") - before
        self.hidden.grad = self.weight.grad = None
        return result


def in_turn(rounds: int, ours, theirs, tolerance: float, what: str) -> list[tuple[dict, dict]]:
    """Pairs of measurements; neither side is always first. Two computations that differ would mean nothing."""
    pairs = []
    for number in range(rounds):
        if number % 2 == 0:
            mine, other = ours(number), theirs(number)
        else:
            other, mine = theirs(number), ours(number)
        if abs(mine["value"] - other["value"]) > tolerance * abs(other["value"]):
            raise SystemExit(f"{what}, round {number}: ours comes to {mine['value']}, the peer's to {other['value']}")
        pairs.append((mine, other))
    return pairs


def report(name: str, pairs: list[tuple[dict, dict]], inverse: bool = False) -> None:
    """The figure is of processor time, which other programs disturb less; the wall's stands beside it."""
    for clock, suffix in (("processor", ""), ("seconds", ".wall")):
        mine, other = (median(pair[side][clock] for pair in pairs) for side in (0, 1))
        ratio = median(theirs[clock] / ours[clock] for ours, theirs in pairs)
        print(f"{name}, {clock}: ours {1e3 * mine:.1f} ms, the peer's {1e3 * other:.1f} ms, {len(pairs)} pairs")
        print(f"figure {name}{suffix} {1 / ratio if inverse else ratio:.3f}", flush=True)


def tune(start, scratch: Path, rounds: int, workload: str, kind: str, name: str) -> None:
    ours = start()
    ours.ask(f"tune {workload} {kind}")
    peer = Tuning(scratch / workload)
    pairs = in_turn(
        AGREEING_STEPS + rounds, lambda i: ours.ask(f"step {i % BATCHES}"),
        lambda i: timed(lambda: peer.step(i % BATCHES)), 2e-3, name)
    report(name, pairs[BATCHES:])  # each batch's first step warms up
    ours.stop()


def finetune(start, scratch: Path, rounds: int) -> None:
    tune(start, scratch, rounds, "small", "full", "llm.finetune.vs_transformers")
    tune(start, scratch, 2 * rounds, "stories", "full", "llm.finetune.stories260k.vs_transformers")


def lora(start, scratch: Path, rounds: int) -> None:
    tune(start, scratch, rounds, "small", "lora", "llm.finetune.lora.vs_peft")
    tune(start, scratch, 2 * rounds, "stories", "lora", "llm.finetune.lora.stories260k.vs_peft")


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
        if any(abs(result["value"] - reference) > 1e-4 * reference for result in results):
            raise SystemExit(f"the mean loss of {layout} batches is {results[0]['value']}, of padded ones {reference}")
    pairs = {layout: list(zip(passes["packed"], passes[layout]))[1:] for layout in ("padded", "bucketed")}
    report("llm.packing.speedup", pairs["padded"])
    report("llm.packing.vs_bucketed", pairs["bucketed"])
    ours.stop()


def generate(start, scratch: Path, rounds: int) -> None:
    ours = start()
    ours.ask("tune stories full")
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


PARTS = {"finetune": finetune, "lora": lora, "head": head, "packing": packing, "generate": generate}


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
            start = lambda: Ours(options.bench, options.data, scratch)
            PARTS[part](start, Path(scratch), options.rounds)


if __name__ == "__main__":
    main()
