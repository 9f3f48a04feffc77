"""Pre-training runs of the bundled recipe `scenes`, each followed by the paper's three fine-tunings: what scripts/vision
and scripts/ablation measure. Runs that are complete are not run again, so a stopped measurement goes on where it was."""

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean

PRETRAINING = ["training.epochs=10", "evaluation.count=1"]
TUNING = ["model.modalities=[rgb]", "teacher=standard", "evaluation.count=1", "training.batch_size=32"]
# Each task's own settings, and the metric that stands for it.
TASKS = {
    "classification": (["data.count=2000", "training.epochs=15"], "val/accuracy"),
    "segmentation": (["data.count=1000", "training.epochs=8"], "val/miou"),
    "depth": (["data.count=1000", "training.epochs=10"], "val/delta1"),
}


@dataclass
class Result:
    """One way of pre-training, over its seeds: seconds of pre-training, and each task's metric in per cent."""

    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=lambda: {task: [] for task in TASKS})

    def cells(self) -> list[str]:
        """Means: wall-clock and processor seconds, then the tasks' metrics."""
        times = [f"{mean(self.seconds):.0f}", f"{mean(self.processor):.0f}"]
        return times + [f"{mean(values):.1f}" for values in self.metrics.values()]

    def figures(self, name: str, standard: "Result") -> list[str]:
        """`figure NAME.time_ratio V` and `figure NAME.TASK_gap V`, in points, against plain pre-training."""
        lines = [f"figure {name}.time_ratio {mean(self.seconds) / mean(standard.seconds):.4f}"]
        for task, values in self.metrics.items():
            lines.append(f"figure {name}.{task}_gap {mean(values) - mean(standard.metrics[task]):.2f}")
        return lines


@dataclass
class Runs:
    """A folder of runs. `pretraining` and `tuning` are settings beside those above, as key.path=value."""

    attent: str
    out: Path
    pretraining: list[str]
    tuning: list[str]

    def measure(self, ways: dict[str, list[str]], seeds: int) -> dict[str, Result]:
        """Runs what has not been run: each way of pre-training, by name its settings, over seeds 0, 1, …"""
        self._keep_plan(ways)
        results = {name: Result() for name in ways}
        names = list(ways)
        for seed in range(seeds):
            # Each round starts with another one, so that none always comes first; one at a time, so that their times
            # can be compared.
            for name in names[seed % len(names) :] + names[: seed % len(names)]:
                summary = self._train(
                    f"{name}-seed{seed}", [*PRETRAINING, *ways[name], *self.pretraining, f"training.seed={seed}"])
                results[name].seconds.append(summary["seconds"])
                results[name].processor.append(summary["processorSeconds"])
                print(f"{name}-seed{seed}: pre-trained in {summary['seconds']:.0f} s", flush=True)
            cells = [(name, task) for task in TASKS for name in names]
            with ThreadPoolExecutor(2) as pool:
                for (name, task), value in zip(cells, pool.map(lambda cell: self._tune(*cell, seed), cells)):
                    results[name].metrics[task].append(value)
                    print(f"{name}-seed{seed}-{task}: {TASKS[task][1]} {value:.1f} %", flush=True)
        return results

    def _tune(self, name: str, task: str, seed: int) -> float:
        start = self.out / f"{name}-seed{seed}"
        settings, metric = TASKS[task]
        given = [f"model.task={task}", f"model.init_from={start}", f"training.seed={seed}"]
        summary = self._train(f"{start.name}-{task}", [*TUNING, *settings, *self.tuning, *given])
        return 100 * summary["metrics"][metric]

    def _train(self, name: str, settings: list[str]) -> dict:
        """The summary of the bundled recipe's run in the folder `name`, which is made, taken up or found complete."""
        folder = self.out / name
        summary = folder / "summary.json"
        if not summary.exists():
            command = [self.attent, "resume", str(folder), "--quiet"]
            if not folder.exists():
                command = [self.attent, "train", "scenes", "--quiet", "--out", str(folder)]
                command += [word for setting in settings for word in ("--set", setting)]
            outcome = subprocess.run(command, capture_output=True, text=True)
            if outcome.returncode != 0:
                sys.exit(f"{' '.join(command)}: {outcome.stderr.strip() or outcome.stdout.strip()}")
        return json.loads(summary.read_text())

    def _keep_plan(self, ways: dict[str, list[str]]) -> None:
        """Runs under other settings are not to be mixed with these."""
        plan = {"ways": ways, "pretraining": [*PRETRAINING, *self.pretraining], "tuning": [*TUNING, *self.tuning]}
        file = self.out / "plan.json"
        if file.exists():
            if json.loads(file.read_text()) != plan:
                sys.exit(f"{file} holds other settings, expected those of this command; choose another --out")
            return
        self.out.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(plan, indent=2) + "\n")


def parser(description: str, out: str) -> argparse.ArgumentParser:
    """The options that both measurements take."""
    result = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("--attent", default=".build/release/attent")
    result.add_argument("--seeds", type=int, default=1)
    result.add_argument("--out", type=Path, default=Path(out))
    result.add_argument("--set", action="append", default=[], dest="pretraining", help="a setting of pre-training")
    result.add_argument("--set-tuning", action="append", default=[], dest="tuning", help="a setting of fine-tuning")
    return result


def runs(options: argparse.Namespace) -> Runs:
    return Runs(options.attent, options.out.resolve(), options.pretraining, options.tuning)


def table(heads: list[str], rows: list[list[str]]) -> str:
    """A Markdown table, its columns aligned."""
    lines = [heads, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    text = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(text)
