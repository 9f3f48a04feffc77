"""Two processes under DDP and one process with the same global batches, while the weights learn."""

from __future__ import annotations

import unittest
from typing import Any

from support import fingerprint, in_processes, why_no_processes

try:
    import torch
    import torch.nn.functional as F
    from attent.torch import TeacherSampler
    from torch import distributed
    from torch.nn.parallel import DistributedDataParallel
except ImportError:
    torch = None

#: Every lesson of these policies has an even number of examples, so that none comes twice.
WORLD, COUNT, EPOCHS, BATCH = 2, 40, 4, 4
POLICIES = ["attent-simple", {"policy": "attent", "weights": {"kind": "unbiased", "cap": 4}}]
TOLERANCE = 1e-4


def learn(policy: Any, batch: int) -> dict[str, Any]:
    """A plain loop: the lessons, this process's losses example by example and lesson by lesson, and the weights."""
    noise = torch.Generator().manual_seed(1)
    inputs, labels = torch.randn(COUNT, 6, generator=noise), torch.arange(COUNT) % 3
    torch.manual_seed(0)
    learner = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.Tanh(), torch.nn.Linear(16, 3))
    first = torch.cat([parameter.detach().flatten() for parameter in learner.parameters()])
    model = DistributedDataParallel(learner) if distributed.is_initialized() else learner
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)

    def losses(examples: list[int]) -> torch.Tensor:
        return F.cross_entropy(model(inputs[examples]), labels[examples], reduction="none")

    sampler = TeacherSampler(COUNT, policy, epochs=EPOCHS, seed=5, score=lambda examples: losses(examples).detach())
    lessons, measured = [], []
    for _ in range(EPOCHS):
        drawn, seen = list(sampler), {}
        for start in range(0, len(drawn), batch):
            examples = drawn[start : start + batch]
            values = losses(examples)
            optimizer.zero_grad()
            sampler.loss(values).backward()
            optimizer.step()
            seen.update(zip(examples, values.tolist()))
        lessons.append((fingerprint(sampler.lesson.examples, sampler.lesson.weights), list(sampler.lesson.examples)))
        measured.append(seen)
    final = torch.cat([parameter.detach().flatten() for parameter in learner.parameters()])
    return {"lessons": lessons, "losses": measured, "weights": final, "moved": (final - first).abs().max().item()}


def learn_shares() -> list[dict[str, Any]]:
    return [learn(policy, BATCH // WORLD) for policy in POLICIES]


@unittest.skipIf(why_no_processes(), why_no_processes())
class MovingWeightsTests(unittest.TestCase):
    def test_two_processes_are_taught_the_lessons_of_one_at_the_same_losses(self) -> None:
        shared = in_processes(WORLD, learn_shares)
        for policy, ranks in zip(POLICIES, zip(*shared)):
            with self.subTest(policy):
                alone = learn(policy, BATCH)
                self.assertGreater(alone["moved"], 0.1)
                for found in ranks:
                    self.assertEqual(found["lessons"], alone["lessons"])
                    self.assertLess((found["weights"] - alone["weights"]).abs().max().item(), TOLERANCE)
                for number, expected in enumerate(alone["losses"]):
                    self.assert_shared(expected, [found["losses"][number] for found in ranks])

    def assert_shared(self, expected: dict[int, float], shares: list[dict[int, float]]) -> None:
        """Every example is taught by one process, at the loss that a single process measures."""
        together = {**shares[0], **shares[1]}
        self.assertEqual(len(together), len(shares[0]) + len(shares[1]))
        self.assertEqual(set(together), set(expected))
        for example, loss in expected.items():
            self.assertAlmostEqual(together[example], loss, delta=TOLERANCE)


if __name__ == "__main__":
    unittest.main()
