#!/usr/bin/env python3
"""Writes Tests/CheckpointsTests/Goldens/every-type.safetensors with the reference implementation of the format.

    pip install torch==2.13.0 safetensors numpy
    python3 tools/safetensors_golden.py
"""

from pathlib import Path

import safetensors
import torch
from safetensors.torch import save_file

GOLDEN = Path(__file__).resolve().parent.parent / "Tests" / "CheckpointsTests" / "Goldens" / "every-type.safetensors"
TYPES = [torch.uint8, torch.int32, torch.int64, torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.bool]


def main() -> None:
    # Each holds 0, 1, 2, … (as truth values where Boolean) in a shape of its own.
    tensors = {}
    for index, dtype in enumerate(TYPES):
        shape = (index + 1, 3)
        tensors[str(dtype).removeprefix("torch.")] = torch.arange(3 * (index + 1)).reshape(shape).to(dtype)
    tensors["scalar"] = torch.tensor(-2.5)
    tensors["empty"] = torch.empty(0, 4)
    tensors["a name, with “quotes” \"and\" \\ slashes / and ünïcode"] = torch.tensor([1.5, -0.0])
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, GOLDEN, {"safetensors": safetensors.__version__})
    print(f"{GOLDEN}: {len(tensors)} tensors, {GOLDEN.stat().st_size} bytes")


if __name__ == "__main__":
    main()
