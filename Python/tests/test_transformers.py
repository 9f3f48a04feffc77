"""A real transformers Trainer fine-tuning a tiny random model."""

from __future__ import annotations

import json
import tempfile
import unittest
from pathlib import Path
from typing import Any

import attent
from support import fingerprint, needs

try:
    import torch
    import transformers
    from attent.transformers import TeachingTrainer
except ImportError:
    transformers = None
    TeachingTrainer = object

COUNT, LENGTH = 45, 8


def data() -> list[dict]:
    """Token sequences of different lengths, the prompt of each without labels."""
    generator = torch.Generator().manual_seed(1)
    items = []
    for number in range(COUNT):
        tokens = torch.randint(1, 32, (LENGTH,), generator=generator).tolist()
        labels = [-100] * (1 + number % 3) + tokens[1 + number % 3 :]
        items.append({"input_ids": tokens, "labels": labels})
    return items


def model() -> Any:
    torch.manual_seed(0)
    return transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            vocab_size=32, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
            num_key_value_heads=2, max_position_embeddings=LENGTH,
        )
    )  # fmt: skip


class Watched(TeachingTrainer):
    """Keeps each lesson, its number of steps and the learning rates."""

    count = COUNT

    def __init__(self, folder: str, teacher: Any, **settings: Any) -> None:
        self.lessons: dict[int, str] = {}
        self.rates: list[float] = []
        arguments = transformers.TrainingArguments(
            output_dir=folder, use_cpu=True, report_to=[], disable_tqdm=True, seed=3,
            logging_strategy="no",
            **{"num_train_epochs": 4, "save_strategy": "no", "per_device_train_batch_size": 4, "learning_rate": 1e-2}
            | settings,
        )  # fmt: skip
        super().__init__(model=model(), args=arguments, train_dataset=data()[: self.count], teacher=teacher)

    def _make_sampler(self) -> Any:
        """Keeps what the teacher is told, lesson by lesson."""
        sampler = super()._make_sampler()
        self.recorded, self.scored = {}, {}
        teacher, score = sampler.teacher, self.score_examples

        def record(scores: Any, examples: Any, *rest: Any) -> None:
            self.recorded.setdefault(teacher.lesson.number, []).append((scores, examples))
            attent.Teacher.record(teacher, scores, examples, *rest)

        def measure(examples: list[int]) -> Any:
            scores = score(examples)
            self.scored[teacher.lesson.number + 1 if teacher.lesson else 0] = scores.tolist()
            return scores

        teacher.record, sampler.score = record, measure
        return sampler

    def compute_loss(self, model: Any, inputs: dict, *args: Any, **kwargs: Any) -> Any:
        lesson = self.teaching.lesson
        self.lessons[lesson.number] = fingerprint(lesson.examples, lesson.weights)
        self.rates.append(self.optimizer.param_groups[0]["lr"])
        return super().compute_loss(model, inputs, *args, **kwargs)


def weights_of(trainer: Any) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in trainer.model.parameters()])


def losses(model: Any, examples: list[int]) -> list[float]:
    """Each example's mean loss over its labelled tokens, one by one."""
    items, results = data(), []
    with torch.no_grad():
        for example in examples:
            inputs = {key: torch.tensor([value]) for key, value in items[example].items()}
            results.append(model(**inputs).loss.item())
    return results


@needs("transformers", "accelerate")
class TrainerTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def test_a_trainer_is_taught_the_lessons_that_the_recorded_losses_lead_to(self) -> None:
        for policy in ("infobatch", "attent-simple", "attent"):
            with self.subTest(policy):
                trainer = Watched(self.folder, policy)
                trainer.train()
                self.assertTrue(trainer.teaching.is_over)
                self.assertEqual(len(trainer.lessons), 4)
                counts = [-(-int(line.split()[1]) // 4) for line in self.sizes(trainer)]
                self.assertEqual(trainer.state.global_step, sum(counts))
                self.assertLess(trainer.state.global_step, 4 * 12)
                self.assertAlmostEqual(trainer.rates[0], 1e-2)
                self.assertAlmostEqual(trainer.optimizer.param_groups[0]["lr"], 0, places=6)

    def sizes(self, trainer: Watched) -> list[str]:
        """The lessons again, by a teacher given the scores that the trainer's teacher has had."""
        teacher = attent.Teacher(trainer.teacher_policy, COUNT, 4, seed=3)
        lines: list[str] = []
        for number in range(4):
            lesson = teacher.next(lambda examples: trainer.scored[number])
            self.assertEqual(fingerprint(lesson.examples, lesson.weights), trainer.lessons[number])
            for scores, examples in trainer.recorded.get(number, []):
                teacher.record(scores, examples)
            lines.append(f"{number} {len(lesson.examples)}")
        return lines

    def test_scores_are_each_examples_mean_loss_over_its_labelled_tokens(self) -> None:
        trainer = Watched(self.folder, "attent")
        examples = [7, 0, 44, 13, 2]
        expected = losses(trainer.model, examples)
        trainer.get_train_dataloader()
        for found, value in zip(trainer.score_examples(examples).tolist(), expected):
            self.assertAlmostEqual(found, value, places=5)

    def test_without_weights_the_loss_is_the_trainers_own(self) -> None:
        taught = Watched(self.folder, "standard", lr_scheduler_type="constant")
        taught.train()
        plain = transformers.Trainer(model=model(), args=taught.args, train_dataset=data())
        orders = []
        teacher = attent.Teacher("standard", COUNT, 4, seed=3)
        while (lesson := teacher.next()) is not None:
            orders.append(list(lesson.examples))
        plain._get_train_sampler = lambda *arguments: Orders(orders)
        plain.train()
        self.assertEqual(plain.state.global_step, taught.state.global_step)
        self.assertLess((weights_of(plain) - weights_of(taught)).abs().max().item(), 1e-6)

    def test_weights_multiply_the_losses_of_their_examples(self) -> None:
        trainer = Watched(self.folder, "infobatch")
        trainer.get_train_dataloader()
        trainer.teaching.begin()
        trainer.teaching._weight_table = torch.linspace(0.5, 2, COUNT)
        examples = torch.tensor([3, 30, 9, 44])
        items = data()
        batch = {key: torch.tensor([items[e][key] for e in examples.tolist()]) for key in ("input_ids", "labels")}
        batch["attent_examples"] = examples
        trainer.optimizer = torch.optim.SGD(trainer.model.parameters(), lr=0)
        count = sum(label != -100 for e in examples.tolist() for label in items[e]["labels"][1:])
        loss = trainer.compute_loss(trainer.model, batch, num_items_in_batch=torch.tensor(count))
        expected = 0.0
        for example, mean in zip(examples.tolist(), losses(trainer.model, examples.tolist())):
            labelled = sum(label != -100 for label in items[example]["labels"][1:])
            expected += trainer.teaching._weight_table[example].item() * mean * labelled / count
        self.assertAlmostEqual(loss.item(), expected, places=4)
        self.assertTrue(loss.requires_grad)

    def test_a_run_resumed_within_a_lesson_ends_with_the_same_weights(self) -> None:
        whole = Watched(self.folder, "infobatch", save_strategy="steps", save_steps=7)
        whole.train()
        resumed = Watched(self.folder, "infobatch", save_strategy="no")
        resumed.train(resume_from_checkpoint=str(Path(self.folder) / "checkpoint-14"))
        self.assertEqual(resumed.state.global_step, whole.state.global_step)
        self.assertTrue(torch.equal(weights_of(whole), weights_of(resumed)))
        state = json.loads((Path(self.folder) / "checkpoint-14" / "trainer_state.json").read_text())
        self.assertEqual(state["global_step"], 14)
        self.assertEqual({n: whole.lessons[n] for n in resumed.lessons}, resumed.lessons)

    def test_accumulated_gradients_end_with_the_lesson(self) -> None:
        trainer = Watched(self.folder, "attent-simple", gradient_accumulation_steps=3)
        trainer.train()
        # 45 examples are 12 batches and 4 steps; the hardest 32 of them 8 batches and 3 steps, the last of two batches.
        self.assertEqual(trainer.state.global_step, 4 + 3 * 3)

    def test_policies_without_a_place_in_the_trainer_are_refused(self) -> None:
        for policy in ("random-elements", "selective-backprop", "kakurenbo", {"score": "ntk"}):
            with self.assertRaisesRegex(attent.TeachingError, "which the Trainer has no place for"):
                Watched(self.folder, policy)
        with self.assertRaisesRegex(attent.TeachingError, "attent.pt is absent"):
            trainer = Watched(self.folder, "infobatch", save_strategy="steps", save_steps=7)
            trainer.train()
            (Path(self.folder) / "checkpoint-7" / "attent.pt").unlink()
            Watched(self.folder, "infobatch").train(resume_from_checkpoint=str(Path(self.folder) / "checkpoint-7"))


if transformers is not None:

    class Orders(torch.utils.data.Sampler):
        """One given order after another."""

        def __init__(self, orders: list[list[int]]) -> None:
            self.orders, self.turn = orders, -1

        def __len__(self) -> int:
            return len(self.orders[0])

        def __iter__(self) -> Any:
            self.turn += 1
            return iter(self.orders[self.turn])


if __name__ == "__main__":
    unittest.main()
