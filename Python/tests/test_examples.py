"""The example programs and the README's own lines, as they stand."""

from __future__ import annotations

import re
import subprocess
import sys
import unittest

import attent
from support import ROOT, needs

EXAMPLES = ROOT / "Python" / "examples"


def run(name: str, policy: str) -> tuple[int, str]:
    """How many examples an example program taught, and its output."""
    result = subprocess.run([sys.executable, EXAMPLES / name, policy], capture_output=True, text=True)
    if result.returncode != 0:
        raise AssertionError(result.stderr)
    line = result.stdout.splitlines()[-1]
    return int(re.search(r"(\d+) examples taught", line).group(1)), line


class ExampleTests(unittest.TestCase):
    @needs("torch")
    def test_the_plain_loop_learns_with_fewer_examples(self) -> None:
        taught, line = run("plain_loop.py", "infobatch")
        self.assertLess(taught, 36000)
        self.assertGreater(float(line.split()[-3]), 50)

    @needs("transformers", "accelerate")
    def test_the_trainer_teaches_what_the_policy_spends(self) -> None:
        taught, _ = run("finetune.py", "attent-simple")
        self.assertEqual(taught, 1000 + 2 * 700)

    @needs("timm")
    def test_a_timm_model_learns_with_fewer_examples(self) -> None:
        taught, line = run("train_timm.py", "infobatch")
        self.assertLess(taught, 4 * 240)
        self.assertGreater(float(line.split()[-3]), 50)

    @needs("torch")
    def test_the_lines_of_the_readme_run(self) -> None:
        blocks = re.findall(r"```python\n(.*?)```", (ROOT / "Python" / "README.md").read_text(), re.DOTALL)
        runnable = [block for block in blocks if "TeachingTrainer" not in block]
        self.assertGreaterEqual(len(runnable), 2)
        for block in runnable:
            names: dict = {"attent": attent}
            exec(SETTING, names)
            exec(compile(block, "README.md", "exec"), names)


#: What the README takes as given.
SETTING = """
import torch
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
data = TensorDataset(torch.randn(64, 4), torch.randint(0, 3, (64,)))
model = torch.nn.Linear(4, 3)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
train = lambda batch: [1.0 + example % 3 for example in batch]
"""

if __name__ == "__main__":
    unittest.main()
