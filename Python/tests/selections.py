"""What teachers of many policies choose, as short lines. `python selections.py FILE` writes the golden that the tests
of both languages compare with."""

from __future__ import annotations

import json
import sys

import attent
from support import fingerprint, score

COUNT, EPOCHS, BATCH = 103, 6, 10
POLICIES: list = [
    "standard", "random", "attent", "attent-simple", "attent-plus", "infobatch", "seta", "selective-backprop",
    "kakurenbo", "random-elements",
    {"policy": "random", "weights": {"kind": "unbiased", "cap": 10}},
    {"policy": "attent", "source": {"kind": "recorded"}, "ratio": {"kind": "cosine", "start": 0.3, "end": 0.9}},
    {"selection": {"kind": "soft", "temperature": 0.5, "distribution": {"kind": "power", "exponent": 2}},
     "ratio": {"kind": "constant", "start": 0.4, "end": 0.4}, "weights": {"kind": "unbiased", "cap": 4}, "warm_up": 1},
]  # fmt: skip


def teach(policy: object, seed: int, budget: float | None = None, upto: int | None = None) -> list[str]:
    """A line a lesson: its number, size, end, and the fingerprint of its examples and weights."""
    teacher = attent.Teacher(policy, COUNT, EPOCHS, seed=seed, budget=budget)
    lines = []
    while (lesson := teacher.next(lambda examples: measured(teacher, examples, len(lines)))) is not None:
        print_ = fingerprint(lesson.examples, lesson.weights)
        lines.append(f"{lesson.number} {len(lesson.examples)} {lesson.end:.9f} {print_}")
        for start in range(0, len(lesson.examples), BATCH):
            record(teacher, lesson, start)
        if upto is not None and len(lines) == upto:
            break
    return lines


def record(teacher: attent.Teacher, lesson: attent.Lesson, start: int) -> None:
    """One batch, trained on."""
    examples = lesson.examples[start : start + BATCH]
    scores = [score(example, lesson.number) for example in examples]
    if lesson.needs_admission:
        teacher.admit(scores, examples)
    elif teacher.policy["selection"]["kind"] == "hide":
        teacher.record(scores, examples, [1 - score for score in scores])
    else:
        teacher.record(scores, examples)


def measured(teacher: attent.Teacher, examples: object, lesson: int) -> object:
    """A scoring pass."""
    scores = [score(example, lesson) for example in examples]
    if teacher.policy["selection"]["kind"] == "hide":
        return scores, [1 - score for score in scores]
    return scores


def cases() -> list[dict]:
    """Every policy with its selections."""
    settings = [(policy, 7, None) for policy in POLICIES] + [("infobatch", 1, 0.6), ("attent-plus", 2, 0.5)]
    return [
        {"policy": policy, "seed": seed, "budget": budget, "lessons": teach(policy, seed, budget)}
        for policy, seed, budget in settings
    ]


if __name__ == "__main__":
    content = {"count": COUNT, "epochs": EPOCHS, "batch": BATCH, "cases": cases()}
    with open(sys.argv[1], "w") as file:
        file.write(json.dumps(content, indent=1) + "\n")
