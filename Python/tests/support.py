"""What several tests need."""

from __future__ import annotations

import importlib
import os
import socket
import tempfile
import unittest
from array import array
from pathlib import Path
from typing import Any, Callable

ROOT = Path(__file__).resolve().parents[2]
GOLDENS = ROOT / "Tests" / "AttentCTests" / "Goldens" / "selections.json"


def needs(*modules: str) -> Any:
    """Skips a test class where a module is not installed, or not fit for the others."""
    reasons = []
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception as error:  # Whatever an installation that does not fit together raises.
            reasons.append(f"{name} cannot be imported ({error})")
    return unittest.skipIf(reasons, "; ".join(reasons))


def score(example: int, lesson: int) -> float:
    """A score that looks random and is exact in 32 bits; the Swift tests have the same."""
    return (example * 40503 + lesson * 30011) % 65536 / 65536


def fingerprint(*columns: array | None) -> str:
    """FNV-1a over the columns' bytes, little-endian; the Swift tests have the same."""
    value = 0xCBF29CE484222325
    for column in columns:
        for byte in column.tobytes() if column is not None else b"":
            value = (value ^ byte) * 0x100000001B3 & (1 << 64) - 1
    return f"{value:016x}"


def in_processes(count: int, work: Callable[..., Any], *arguments: Any) -> list[Any]:
    """What `work(*arguments)` returns in each of so many processes, which torch.distributed connects with gloo."""
    import torch
    from torch import multiprocessing

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        multiprocessing.spawn(_process, args=(count, port, folder, work, arguments), nprocs=count)
        return [torch.load(Path(folder) / f"{rank}.pt") for rank in range(count)]


def _process(rank: int, count: int, port: int, folder: str, work: Callable[..., Any], arguments: tuple) -> None:
    import torch
    from torch import distributed

    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(count), MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port),
        ACCELERATE_USE_CPU="true",
    )  # fmt: skip
    torch.set_num_threads(1)
    distributed.init_process_group("gloo")
    torch.save(work(*arguments), Path(folder) / f"{rank}.pt")
    distributed.destroy_process_group()


def why_no_processes() -> str:
    """Why `in_processes` cannot run here; empty where it can."""
    try:
        from torch import distributed
    except ImportError:
        return "torch cannot be imported"
    return "" if distributed.is_available() and distributed.is_gloo_available() else "torch has no gloo"
