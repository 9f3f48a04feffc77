"""What several tests need."""

from __future__ import annotations

import importlib
import unittest
from array import array
from pathlib import Path
from typing import Any

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
