"""A transformers Trainer in two processes under DDP, with gloo."""

from __future__ import annotations

import tempfile
import unittest
from typing import Any

from support import in_processes, needs, why_no_processes

try:
    from test_transformers import Watched, weights_of
except ImportError:
    Watched = object

WORLD, COUNT, EPOCHS, BATCH = 2, 40, 4, 4
#: Weights that stay as they are give every process the same losses to select by; where they learn, lessons have to be
#: whole batches (of 40 and 28 examples), as the few that fill up a batch are learnt from twice.
RUNS = [("infobatch", 0.0), ("attent-simple", 0.5)]
TOLERANCE = 1e-4


class Seen(Watched):
    """Also keeps which examples this process is given, each lesson's whole order, and each step's loss."""

    count = COUNT

    def compute_loss(self, model: Any, inputs: dict, *args: Any, **kwargs: Any) -> Any:
        number = self.teaching.lesson.number
        self.drawn.setdefault(number, []).extend(inputs["attent_examples"].tolist())
        self.orders[number] = list(self.teaching.lesson.examples)
        return super().compute_loss(model, inputs, *args, **kwargs)

    def training_step(self, *args: Any, **kwargs: Any) -> Any:
        loss = super().training_step(*args, **kwargs)
        self.losses.append(loss.item())
        return loss


def train(policy: str, batch: int, learning_rate: float = 0.0) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        # Plain gradient descent: AdamW makes steps of one size, also out of gradients that are mere rounding.
        trainer = Seen(
            folder, policy, per_device_train_batch_size=batch, learning_rate=learning_rate, optim="sgd",
            ddp_find_unused_parameters=False,
        )  # fmt: skip
        trainer.drawn, trainer.orders, trainer.losses, first = {}, {}, [], weights_of(trainer)
        trainer.train()
    final = weights_of(trainer)
    # The whole lesson's scores reach every process's teacher in one piece.
    scores = {number: dict(zip(*reversed(pieces[-1]))) for number, pieces in trainer.recorded.items()}
    return {
        "lessons": trainer.lessons, "drawn": trainer.drawn, "orders": trainer.orders, "losses": trainer.losses,
        "scores": scores, "steps": trainer.state.global_step, "world": trainer.args.world_size, "weights": final,
        "moved": (final - first).abs().max().item(),
    }  # fmt: skip


def share() -> list[dict[str, Any]]:
    return [train(policy, BATCH // WORLD, rate) for policy, rate in RUNS]


@needs("transformers", "accelerate")
@unittest.skipIf(why_no_processes(), why_no_processes())
class TwoProcessTrainerTests(unittest.TestCase):
    def test_two_processes_share_the_lessons_that_one_is_taught(self) -> None:
        for run, ranks in zip(RUNS, zip(*in_processes(WORLD, share))):
            with self.subTest(run):
                alone = train(run[0], BATCH, run[1])
                self.assertEqual(len(alone["lessons"]), EPOCHS)
                for found in ranks:
                    self.assertEqual(found["world"], WORLD)
                    for key in ("lessons", "orders", "steps"):
                        self.assertEqual(found[key], alone[key])
                for number, order in alone["orders"].items():
                    self.assert_shared(order, [found["drawn"][number] for found in ranks])
                if run[1] > 0:
                    self.assert_learnt_alike(alone, ranks)

    def assert_shared(self, order: list[int], shares: list[list[int]]) -> None:
        """Every rank has as many, no example is left out, and at most the few that fill a batch come twice."""
        self.assertEqual(len(shares[0]), len(shares[1]))
        together = shares[0] + shares[1]
        self.assertEqual(set(together), set(order))
        self.assertLess(len(together) - len(order), BATCH)
        for share in shares:
            self.assertLess(len(set(share)), len(set(order)))

    def assert_learnt_alike(self, alone: dict[str, Any], ranks: tuple[dict[str, Any], ...]) -> None:
        """Scores, losses and weights are those of one process, to what summing in another order makes of them."""
        self.assertGreater(alone["moved"], 0.05)
        for found in ranks:
            self.assertLess((found["weights"] - alone["weights"]).abs().max().item(), TOLERANCE)
            self.assertEqual(found["scores"].keys(), alone["scores"].keys())
            for number, expected in alone["scores"].items():
                self.assertEqual(found["scores"][number].keys(), expected.keys())
                for example, score in expected.items():
                    self.assertAlmostEqual(found["scores"][number][example], score, delta=TOLERANCE)
        for loss, *parts in zip(alone["losses"], *(found["losses"] for found in ranks)):
            self.assertAlmostEqual(sum(parts) / WORLD, loss, delta=TOLERANCE)


if __name__ == "__main__":
    unittest.main()
