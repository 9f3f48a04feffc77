"""A transformers Trainer in two processes under DDP, with gloo."""

from __future__ import annotations

import os
import socket
import tempfile
import unittest
from pathlib import Path
from typing import Any

from support import needs

try:
    import torch
    import transformers
    from test_transformers import COUNT, Watched
    from torch import distributed, multiprocessing
except ImportError:
    torch = transformers = None
    Watched = object

WORLD, EPOCHS, BATCH = 2, 4, 4


class Seen(Watched):
    """Also keeps which examples this process is given, lesson by lesson, and each lesson's whole order."""

    def compute_loss(self, model: Any, inputs: dict, *args: Any, **kwargs: Any) -> Any:
        number = self.teaching.lesson.number
        self.drawn.setdefault(number, []).extend(inputs["attent_examples"].tolist())
        self.orders[number] = list(self.teaching.lesson.examples)
        return super().compute_loss(model, inputs, *args, **kwargs)


def train(folder: str, policy: str, batch: int) -> dict[str, Any]:
    trainer = Seen(folder, policy, per_device_train_batch_size=batch, learning_rate=0.0)
    trainer.drawn, trainer.orders = {}, {}
    trainer.train()
    return {
        "lessons": trainer.lessons, "drawn": trainer.drawn, "orders": trainer.orders,
        "steps": trainer.state.global_step, "world": trainer.args.world_size,
    }  # fmt: skip


def process(rank: int, port: int, policy: str, folder: str) -> None:
    os.environ.update(
        RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(WORLD), MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port),
        ACCELERATE_USE_CPU="true",
    )  # fmt: skip
    torch.set_num_threads(1)
    torch.save(train(folder, policy, BATCH // WORLD), Path(folder) / f"{rank}.pt")
    distributed.destroy_process_group()


def reason() -> str:
    """Why these tests cannot run; empty where they can."""
    if torch is None:
        return "torch or transformers cannot be imported"
    return "" if distributed.is_available() and distributed.is_gloo_available() else "torch has no gloo"


@needs("transformers", "accelerate")
@unittest.skipIf(reason(), reason())
class TwoProcessTrainerTests(unittest.TestCase):
    def run_both(self, policy: str) -> list[dict[str, Any]]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with tempfile.TemporaryDirectory() as folder:
            multiprocessing.spawn(process, args=(port, policy, folder), nprocs=WORLD)
            return [torch.load(Path(folder) / f"{rank}.pt") for rank in range(WORLD)]

    def test_two_processes_share_the_lessons_that_one_is_taught(self) -> None:
        # Weights that stay as they are give every process the same losses to select by.
        for policy in ("infobatch", "attent-simple"):
            with self.subTest(policy), tempfile.TemporaryDirectory() as folder:
                alone = train(folder, policy, BATCH)
                ranks = self.run_both(policy)
                self.assertEqual(len(alone["lessons"]), EPOCHS)
                for found in ranks:
                    self.assertEqual(found["world"], WORLD)
                    self.assertEqual(found["lessons"], alone["lessons"])
                    self.assertEqual(found["orders"], alone["orders"])
                    self.assertEqual(found["steps"], alone["steps"])
                for number, order in alone["orders"].items():
                    self.assert_shared(order, [found["drawn"][number] for found in ranks])

    def assert_shared(self, order: list[int], shares: list[list[int]]) -> None:
        """Every rank has as many, no example is left out, and at most the few that fill a batch come twice."""
        self.assertEqual(len(shares[0]), len(shares[1]))
        together = shares[0] + shares[1]
        self.assertEqual(set(together), set(order))
        self.assertLess(len(together) - len(order), BATCH)
        for share in shares:
            self.assertLess(len(set(share)), len(set(order)))


if __name__ == "__main__":
    unittest.main()
