"""Two processes under torch.distributed, with gloo."""

from __future__ import annotations

import os
import socket
import tempfile
import unittest
from pathlib import Path

import attent
from support import fingerprint, needs, score

try:
    import torch
    from attent.torch import TeacherSampler
    from torch import distributed, multiprocessing
except ImportError:
    torch = None

COUNT, EPOCHS, WORLD = 61, 4, 2


def sampler(policy: str, **place: int) -> TeacherSampler:
    number = [0]

    def measured(examples: list[int]) -> torch.Tensor:
        number[0] += 1
        return torch.tensor([score(example, number[0]) for example in examples])

    return TeacherSampler(COUNT, policy, epochs=EPOCHS, seed=9, score=measured, **place)


def teach(sampler: TeacherSampler, lessons: int, folder: str = "") -> list[dict]:
    """What each lesson has and what this process draws of it; stopped and restored within the second one."""
    results = []
    for _ in range(lessons):
        drawn = []
        for example in sampler:
            drawn.append(example)
            if len(drawn) % 5 == 0:
                sampler.record(torch.tensor([score(e, sampler.lesson.number) for e in drawn[-5:]]))
            if folder and sampler.lesson.number == 1 and len(drawn) == 10:
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


def process(rank: int, port: int, policy: str, folder: str) -> None:
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    distributed.init_process_group("gloo", rank=rank, world_size=WORLD)
    torch.set_num_threads(1)
    torch.save(teach(sampler(policy), EPOCHS, folder), Path(folder) / f"{rank}.pt")
    distributed.destroy_process_group()


@needs("torch")
class TwoProcessTests(unittest.TestCase):
    def run_both(self, policy: str) -> list[list[dict]]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with tempfile.TemporaryDirectory() as folder:
            multiprocessing.spawn(process, args=(port, policy, folder), nprocs=WORLD)
            return [torch.load(Path(folder) / f"{rank}.pt") for rank in range(WORLD)]

    def test_two_processes_teach_the_lessons_that_one_does(self) -> None:
        for policy in ("infobatch", "attent-simple"):
            with self.subTest(policy):
                alone = teach(sampler(policy, rank=0, world_size=1), EPOCHS)
                left, right = self.run_both(policy)
                self.assertEqual([line["lesson"] for line in left], [line["lesson"] for line in alone])
                self.assertEqual([line["lesson"] for line in left], [line["lesson"] for line in right])
                for one, other in zip(left, right):
                    self.assertEqual(len(one["drawn"]), len(other["drawn"]))
                    turns = [example for pair in zip(one["drawn"], other["drawn"]) for example in pair]
                    self.assertEqual(turns[: len(one["all"])], one["all"])

    def test_a_scoring_pass_is_shared_and_its_scores_exchanged(self) -> None:
        alone = teach(sampler("attent", rank=0, world_size=1), EPOCHS)
        left, right = self.run_both("attent")
        self.assertEqual([line["lesson"] for line in left], [line["lesson"] for line in alone])
        self.assertEqual([line["lesson"] for line in right], [line["lesson"] for line in alone])


if __name__ == "__main__":
    unittest.main()
