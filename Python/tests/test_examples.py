"""The example programs and the README's own lines, as they stand."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
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
        runnable = [block for block in README if "TeachingTrainer" not in block]
        self.assertEqual(len(runnable), 2)
        for block in runnable:
            execute(SETTING, block)

    @needs("transformers", "accelerate")
    def test_the_trainer_of_the_readme_runs(self) -> None:
        (block,) = [block for block in README if "TeachingTrainer" in block]
        with tempfile.TemporaryDirectory() as folder:
            names = execute(TRAINER_SETTING.format(folder=folder), block)
        self.assertTrue(names["trainer"].teaching.is_over)


README = re.findall(r"```python\n(.*?)```", (ROOT / "Python" / "README.md").read_text(), re.DOTALL)


def execute(setting: str, block: str) -> dict:
    """Runs a piece of the README, and returns the names it leaves."""
    names: dict = {"attent": attent}
    exec(setting, names)
    exec(compile(block, "README.md", "exec"), names)
    return names


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

TRAINER_SETTING = """
import transformers
from test_transformers import data, model
arguments = transformers.TrainingArguments(output_dir="{folder}", num_train_epochs=2, use_cpu=True, report_to=[],
    disable_tqdm=True, save_strategy="no", logging_strategy="no")
data, model = data(), model()
"""

if __name__ == "__main__":
    unittest.main()
