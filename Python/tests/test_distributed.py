"""Two processes under torch.distributed, with gloo."""

from __future__ import annotations

import unittest

import attent
from support import fingerprint, in_processes, score, why_no_processes

try:
    import torch
    from attent.torch import TeacherSampler
except ImportError:
    torch = None

COUNT, EPOCHS, WORLD = 61, 4, 2


def sampler(policy: str, **place: int) -> TeacherSampler:
    number = [0]

    def measured(examples: list[int]) -> torch.Tensor:
        number[0] += 1
        return torch.tensor([score(example, number[0]) for example in examples])

    return TeacherSampler(COUNT, policy, epochs=EPOCHS, seed=9, score=measured, **place)


def teach(sampler: TeacherSampler, lessons: int, restores: bool = False) -> list[dict]:
    """What each lesson has and what this process draws of it; stopped and restored within the second one."""
    results = []
    for _ in range(lessons):
        drawn = []
        for example in sampler:
            drawn.append(example)
            if len(drawn) % 5 == 0:
                sampler.record(torch.tensor([score(e, sampler.lesson.number) for e in drawn[-5:]]))
            if restores and sampler.lesson.number == 1 and len(drawn) == 10:
                state = sampler.state_dict()
                sampler.teacher = attent.Teacher("standard", COUNT, EPOCHS)
                sampler.load_state_dict(state)
        rest = len(drawn) % 5
        if rest:
            sampler.record(torch.tensor([score(e, sampler.lesson.number) for e in drawn[-rest:]]))
        lesson = sampler.lesson
        chosen = fingerprint(lesson.examples, lesson.weights)
        results.append({"lesson": chosen, "all": list(lesson.examples), "drawn": drawn})
    return results


def share(policies: list[str]) -> list[list[dict]]:
    return [teach(sampler(policy), EPOCHS, restores=True) for policy in policies]


@unittest.skipIf(why_no_processes(), why_no_processes())
class TwoProcessTests(unittest.TestCase):
    def test_two_processes_share_the_lessons_and_scoring_passes_of_one(self) -> None:
        policies = ["infobatch", "attent-simple", "attent"]
        for policy, left, right in zip(policies, *in_processes(WORLD, share, policies)):
            with self.subTest(policy):
                alone = teach(sampler(policy, rank=0, world_size=1), EPOCHS)
                self.assertEqual([line["lesson"] for line in left], [line["lesson"] for line in alone])
                self.assertEqual([line["lesson"] for line in left], [line["lesson"] for line in right])
                for one, other in zip(left, right):
                    self.assertEqual(len(one["drawn"]), len(other["drawn"]))
                    turns = [example for pair in zip(one["drawn"], other["drawn"]) for example in pair]
                    self.assertEqual(turns[: len(one["all"])], one["all"])


if __name__ == "__main__":
    unittest.main()
