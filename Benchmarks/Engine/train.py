#!/usr/bin/env python3
"""Whole trainings, from the start of the process to the evaluation at their end, against a plain PyTorch script of the
same recipe, turn by turn: processor time and wall-clock, both of all that the two programs do.

    train.py ATTENT DIGITS TEXT [--rounds N] [--threads N]

ATTENT is the program, DIGITS scikit-learn's digits.csv.gz, TEXT any text of 65 different characters.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import geometric_mean, median

PEER = Path(__file__).with_name("train_peer.py")


def recipes(digits: str, text: str, threads: int) -> dict[str, dict]:
    shared = {"warmup": 0.1, "threads": threads}
    vit = {
        "data": {"kind": "digits", "path": digits, "test_share": 0.25},
        "model": {"kind": "vit", "image_size": 8, "patch_size": 2, "num_channels": 1, "num_labels": 10,
                  "hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 128,
                  "initializer_range": 0.08},
        "training": shared | {"epochs": 40, "batch_size": 64, "learning_rate": 2e-3},
    }
    gpt = {
        "data": {"kind": "text", "path": text, "tokenizer": "characters", "context": 128, "test_share": 0.1,
                 "limit": 3200},
        "model": {"kind": "gpt2", "n_embd": 128, "n_layer": 4, "n_head": 4, "n_positions": 128,
                  "initializer_range": 0.05},
        "training": shared | {"epochs": 1, "batch_size": 32, "learning_rate": 2e-3},
    }
    common = {"evaluation": {"count": 1}, "teacher": "standard"}
    return {"vit": {"name": "vit"} | vit | common, "gpt": {"name": "gpt"} | gpt | common}


def timed(command: list[str]) -> tuple[float, float, str]:
    """Wall-clock and processor seconds of a program and what it printed."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"train.py: {' '.join(command)} ended with status {status}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, output


def round_of(attent: str, recipe: dict, seed: int) -> tuple[tuple, tuple]:
    """Seconds and held-out loss, ours and theirs."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder, "recipe.json"), Path(folder, "run")
        recipe["training"]["seed"] = seed
        path.write_text(json.dumps(recipe))
        wall, processor, _ = timed([attent, "train", str(path), "--quiet", "--out", str(out)])
        loss = json.loads(Path(out, "summary.json").read_text())["metrics"]["val/loss"]
        their_wall, their_processor, printed = timed([sys.executable, str(PEER), str(path)])
    return (wall, processor, loss), (their_wall, their_processor, json.loads(printed)["loss"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("attent", "digits", "text"):
        parser.add_argument(name, type=os.path.abspath)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    ratios = []
    for name, recipe in recipes(options.digits, options.text, options.threads).items():
        rounds = [round_of(options.attent, recipe, seed) for seed in range(options.rounds)]
        walls, processors = ([theirs[i] / ours[i] for ours, theirs in rounds] for i in (0, 1))
        seconds, losses = ([median(side[i] for side in sides) for sides in zip(*rounds)] for i in (1, 2))
        ratios.append(median(processors))
        print(f"{name}: {seconds[0]:.2f} s of a processor, PyTorch's script {seconds[1]:.2f} s; "
              f"held-out loss {losses[0]:.4f} and {losses[1]:.4f}, medians of {options.rounds} seeds")
        print(f"figure engine.train.{name}.vs_pytorch {ratios[-1]:.3f}")
        print(f"figure engine.train.{name}.wall_vs_pytorch {median(walls):.3f}", flush=True)
    print(f"figure engine.train.vs_pytorch {geometric_mean(ratios):.3f}")


main()
