"""What the scripts that measure training have in common: their settings, kept beside what was run, and their options."""

import argparse
import json
import shutil
import sys
from pathlib import Path


class Plan:
    """The settings that runs are made with, in a file beside them: others are not to be mixed with these."""

    def __init__(self, file: Path, settings: dict) -> None:
        self.file, self.settings = file, settings
        if file.exists() and json.loads(file.read_text()) != settings:
            sys.exit(f"{file} holds other settings, expected those of this command; choose another --out")

    def write(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(self.settings, indent=2) + "\n")


def positive(text: str) -> int:
    """A count on the command line."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number of at least 1")
    return int(text)


def program(path: str) -> str:
    """A program on the command line."""
    if not shutil.which(path):
        raise argparse.ArgumentTypeError(f"{path} is no program; 'make build' makes one")
    return path
