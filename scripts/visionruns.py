"""Pre-training runs of an example, each followed by the fine-tunings beside it: what scripts/vision and scripts/ablation
measure. Runs that are complete are not run again, so a stopped measurement goes on where it was."""

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, stdev

from measuring import Plan, positive, program

SCENES = Path(__file__).parent.parent / "Examples" / "MultiMAE-Scenes"
# The fine-tunings that an example may have, by the names of their recipes, and the metric that stands for each.
METRICS = {"classification": "val/accuracy", "segmentation": "val/miou", "depth": "val/delta1"}


def spread(values: list[float], digits: int) -> str:
    """The mean, and from two values on their standard deviation."""
    text = f"{mean(values):.{digits}f}"
    return text if len(values) < 2 else f"{text} ± {stdev(values):.{digits}f}"


@dataclass
class Result:
    """One way of pre-training, over its seeds: seconds of pre-training, and each task's metric in per cent."""

    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)

    def cells(self) -> list[str]:
        """Wall-clock and processor seconds, then the tasks' metrics."""
        times = [spread(self.seconds, 0), spread(self.processor, 0)]
        return times + [spread(values, 1) for values in self.metrics.values()]

    def figures(self, name: str, standard: "Result") -> list[str]:
        """`figure NAME.time_ratio V`, the same by the processor's clock, and `figure NAME.TASK_gap V`, in points, against
        plain pre-training."""
        lines = [f"figure {name}.time_ratio {mean(self.seconds) / mean(standard.seconds):.4f}"]
        lines.append(f"figure {name}.processor_ratio {mean(self.processor) / mean(standard.processor):.4f}")
        for task, values in self.metrics.items():
            lines.append(f"figure {name}.{task}_gap {mean(values) - mean(standard.metrics[task]):.2f}")
        return lines


@dataclass
class Runs:
    """A folder of runs. `pretraining` and `tuning` are settings beside the recipes' own, as key.path=value."""

    attent: str
    example: Path
    out: Path
    pretraining: list[str]
    tuning: list[str]

    @property
    def tasks(self) -> list[str]:
        return [task for task in METRICS if (self.example / f"{task}.yaml").exists()]

    def measure(self, ways: dict[str, list[str]], seeds: int) -> dict[str, Result]:
        """Runs what has not been run: each way of pre-training, by name its settings, over seeds 0, 1, …"""
        plan = self._plan(ways)
        results = {name: Result(metrics={task: [] for task in self.tasks}) for name in ways}
        names = list(ways)
        for seed in range(seeds):
            # Each round starts with another one, so that none always comes first; one at a time, so that their times
            # can be compared.
            for name in names[seed % len(names) :] + names[: seed % len(names)]:
                settings = [*ways[name], *self.pretraining, f"training.seed={seed}"]
                summary = self._train(f"{name}-seed{seed}", "recipe", settings)
                # Kept from the first run on, so that a command that makes none can be put right.
                plan.write()
                results[name].seconds.append(summary["seconds"])
                results[name].processor.append(summary["processorSeconds"])
                print(f"{name}-seed{seed}: pre-trained in {summary['seconds']:.0f} s", flush=True)
            cells = [(name, task) for task in self.tasks for name in names]
            with ThreadPoolExecutor(2) as pool:
                for (name, task), value in zip(cells, pool.map(lambda cell: self._tune(*cell, seed), cells)):
                    results[name].metrics[task].append(value)
                    print(f"{name}-seed{seed}-{task}: {METRICS[task]} {value:.1f} %", flush=True)
        return results

    def _tune(self, name: str, task: str, seed: int) -> float:
        start = self.out / f"{name}-seed{seed}"
        settings = [*self.tuning, f"model.init_from={start}", f"training.seed={seed}"]
        return 100 * self._train(f"{start.name}-{task}", task, settings)["metrics"][METRICS[task]]

    def _train(self, name: str, recipe: str, settings: list[str]) -> dict:
        """The summary of a run in the folder `name`, which is made, taken up or found complete."""
        folder = self.out / name
        summary = folder / "summary.json"
        if not summary.exists():
            command = [self.attent, "resume", str(folder), "--quiet"]
            if not (folder / "recipe.yaml").exists():
                command = [self.attent, "train", str(self.example / f"{recipe}.yaml"), "--quiet", "--out", str(folder)]
                command += [word for setting in settings for word in ("--set", setting)]
            outcome = subprocess.run(command, capture_output=True, text=True)
            if outcome.returncode != 0:
                sys.exit(f"{' '.join(command)}: {outcome.stderr.strip() or outcome.stdout.strip()}")
        return json.loads(summary.read_text())

    def _plan(self, ways: dict[str, list[str]]) -> Plan:
        recipes = {task: (self.example / f"{task}.yaml").read_text() for task in ["recipe", *self.tasks]}
        plan = {"ways": ways, "pretraining": self.pretraining, "tuning": self.tuning, "recipes": recipes}
        return Plan(self.out / "plan.json", plan)


def parser(description: str, out: str) -> argparse.ArgumentParser:
    """The options that both measurements take."""
    result = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("--attent", type=program, default=".build/release/attent")
    result.add_argument("--seeds", type=positive, default=1)
    result.add_argument("--out", type=Path, default=Path(out))
    result.add_argument("--set", action="append", default=[], dest="pretraining", help="a setting of pre-training")
    result.add_argument("--set-tuning", action="append", default=[], dest="tuning", help="a setting of fine-tuning")
    return result


def runs(options: argparse.Namespace, example: Path = SCENES) -> Runs:
    if not (example / "recipe.yaml").exists():
        sys.exit(f"{example}/recipe.yaml is not there, expected the recipe of pre-training")
    return Runs(options.attent, example, options.out.resolve(), options.pretraining, options.tuning)


def table(heads: list[str], rows: list[list[str]]) -> str:
    """A Markdown table, its columns aligned."""
    lines = [heads, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    text = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in lines]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(text)
