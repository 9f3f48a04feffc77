"""The sampler in plain PyTorch loops."""

from __future__ import annotations

import io
import unittest
from typing import Optional

import attent
from support import fingerprint, needs, score

try:
    import torch
    import torch.nn.functional as F
    from attent.torch import TeacherSampler, residuals, token_losses
    from torch.utils.data import DataLoader, TensorDataset
except ImportError:
    torch = None


class Run:
    """A linear classifier on random points, taught by a sampler."""

    def __init__(self, policy: object, *, epochs: int = 5, workers: int = 0, **settings: object) -> None:
        torch.manual_seed(0)
        points = torch.randn(90, 4)
        self.data = TensorDataset(points, (points[:, 0] > 0).long() + (points[:, 1] > 1).long())
        self.model = torch.nn.Linear(4, 3)
        self.sampler = TeacherSampler(self.data, policy, epochs=epochs, seed=5, score=self.score, **settings)
        self.loader = DataLoader(self.data, batch_size=8, sampler=self.sampler, num_workers=workers)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)
        self.lessons: list[str] = []

    def score(self, examples: list[int]) -> torch.Tensor:
        with torch.no_grad():
            points, labels = self.data[examples]
            return F.cross_entropy(self.model(points), labels, reduction="none")

    def epoch(self, batches: Optional[int] = None) -> None:
        for number, (points, labels) in enumerate(self.loader):
            if number == 0:
                lesson = self.sampler.lesson
                self.lessons.append(fingerprint(lesson.examples, lesson.weights))
            logits = self.model(points)
            extra = {"scores": residuals(logits, labels)} if self.sampler.teacher.policy["score"] == "residual" else {}
            if self.sampler.teacher.policy["selection"]["kind"] == "hide":
                sure, answers = logits.softmax(-1).max(-1)
                extra["confidences"] = torch.where(answers == labels, sure, 0.0)
            loss = self.sampler.loss(F.cross_entropy(logits, labels, reduction="none"), **extra)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            if number + 1 == batches:
                return


@needs("torch")
class LoopTests(unittest.TestCase):
    def test_every_policy_runs_and_chooses_what_the_teacher_alone_does(self) -> None:
        policies = ("standard", "random", "attent", "attent-simple", "infobatch", "seta", "kakurenbo", "attent-plus")
        for policy in policies:
            with self.subTest(policy):
                run = Run(policy)
                for _ in range(5):
                    run.epoch()
                self.assertTrue(run.sampler.is_over)
                self.assertEqual(run.sampler.progress, 1)
                if policy != "attent-plus":
                    self.assertEqual(run.lessons, self.directly(policy))

    def directly(self, policy: str) -> list[str]:
        """The same run with a loop of its own around the teacher."""
        run = Run(policy)
        teacher = attent.Teacher(policy, len(run.data), 5, seed=5)
        lines = []
        while (lesson := teacher.next(lambda examples: self.measured(run, examples, policy))) is not None:
            lines.append(fingerprint(lesson.examples, lesson.weights))
            for start in range(0, len(lesson.examples), 8):
                examples = list(lesson.examples[start : start + 8])
                points, labels = run.data[examples]
                logits = run.model(points)
                losses = F.cross_entropy(logits, labels, reduction="none")
                weights = torch.tensor((lesson.weights or [1.0] * len(lesson.examples))[start : start + 8])
                run.optimizer.zero_grad()
                (losses * weights).mean().backward()
                run.optimizer.step()
                sure, answers = logits.softmax(-1).max(-1)
                confidences = torch.where(answers == labels, sure, 0.0).tolist() if policy == "kakurenbo" else None
                teacher.record(losses.tolist(), examples, confidences)
        return lines

    def measured(self, run: Run, examples: object, policy: str) -> object:
        scores = run.score(list(examples)).tolist()
        return scores

    def test_workers_change_nothing(self) -> None:
        alone, helped = Run("infobatch"), Run("infobatch", workers=2)
        for run in (alone, helped):
            for _ in range(3):
                run.epoch()
        self.assertEqual(alone.lessons, helped.lessons)
        self.assertTrue(torch.equal(alone.model.weight, helped.model.weight))

    def test_weights_multiply_the_losses_and_reach_the_gradient(self) -> None:
        run = Run("infobatch")
        run.epoch()
        next(iter(run.loader))
        lesson = run.sampler.lesson
        losses = torch.arange(1.0, 9.0, requires_grad=True)
        weights = torch.tensor(lesson.weights[:8])
        self.assertGreater(weights.max(), 1)
        loss = run.sampler.loss(losses)
        loss.backward()
        self.assertAlmostEqual(loss.item(), (weights * losses).mean().item(), places=6)
        self.assertTrue(torch.allclose(losses.grad, weights / 8))

    def test_candidates_are_admitted_in_part(self) -> None:
        run = Run("selective-backprop")
        for _ in run.sampler.lessons():
            run.epoch()
        spending = run.sampler.teacher.spending
        self.assertLess(spending.taught, 0.8 * 90 * 5)
        self.assertEqual(spending.scored, 90 * len(run.lessons))

    def test_a_budget_gives_as_many_lessons_as_it_pays_for(self) -> None:
        run = Run("random", budget=0.5)
        for _ in run.sampler.lessons():
            run.epoch()
        self.assertEqual(run.sampler.teacher.spending.taught, 225)
        self.assertEqual(len(run.lessons), 4)

    def test_elements_follow_the_position_in_the_run(self) -> None:
        sampler = TeacherSampler(40, "random-elements", epochs=2, seed=1)
        draws = iter(sampler)
        [next(draws) for _ in range(4)]
        elements = sampler.elements(4, 16)
        self.assertEqual(elements.shape, (4, 4))
        expected = sampler.teacher.elements(sampler.lesson.examples[:4], 4, 16)
        self.assertEqual(elements.flatten().tolist(), list(expected))
        sampler.record(torch.zeros(40))
        list(draws)
        list(sampler)
        sampler.record(torch.zeros(39))
        self.assertIsNone(sampler.elements(1, 16))


@needs("torch")
class StateTests(unittest.TestCase):
    def test_a_run_stopped_within_a_lesson_ends_with_the_same_weights(self) -> None:
        for policy in ("infobatch", "attent", "attent-simple", "selective-backprop"):
            with self.subTest(policy):
                whole = Run(policy)
                for _ in range(5):
                    whole.epoch()
                first = Run(policy)
                first.epoch()
                first.epoch(batches=3)
                file = io.BytesIO()
                torch.save([first.sampler.state_dict(), first.model.state_dict()], file)
                file.seek(0)
                second = Run(policy)
                sampler, model = torch.load(file, weights_only=True)
                second.sampler.load_state_dict(sampler)
                second.model.load_state_dict(model)
                self.assertEqual(second.sampler.taught, 24)
                for _ in range(4):
                    second.epoch()
                self.assertTrue(second.sampler.is_over)
                self.assertTrue(torch.equal(whole.model.weight, second.model.weight))
                self.assertEqual(whole.lessons[1:], second.lessons)

    def test_a_look_at_the_first_batch_costs_no_lesson(self) -> None:
        run = Run("infobatch")
        for _ in range(3):
            first = next(iter(run.loader))[0]
        self.assertEqual(run.sampler.lesson.number, 0)
        self.assertTrue(torch.equal(first, next(iter(run.loader))[0]))


@needs("torch")
class MisuseTests(unittest.TestCase):
    def test_what_would_mislead_the_teacher_is_refused(self) -> None:
        run = Run("infobatch")
        for _ in range(2):  # The first might have been a look at a batch.
            list(run.loader)
        with self.assertRaisesRegex(attent.TeachingError, "none of it recorded"):
            iter(run.loader).__next__()
        with self.assertRaisesRegex(attent.TeachingError, "expected one an example"):
            run.sampler.loss(torch.ones(()))
        with self.assertRaisesRegex(attent.TeachingError, "record every batch once"):
            run.sampler.loss(torch.ones(91))
        with self.assertRaisesRegex(attent.TeachingError, "scores by residual"):
            plus = TeacherSampler(10, "attent-plus", epochs=2)
            next(iter(plus))
            plus.loss(torch.ones(2))
        with self.assertRaisesRegex(attent.TeachingError, "expected confidences"):
            hiding = TeacherSampler(10, "kakurenbo", epochs=2)
            next(iter(hiding))
            hiding.loss(torch.ones(2))
        with self.assertRaisesRegex(attent.TeachingError, "expected the argument score"):
            iter(TeacherSampler(10, "attent", epochs=2))
        with self.assertRaisesRegex(attent.TeachingError, "expected a single process"):
            TeacherSampler(10, "selective-backprop", epochs=2, rank=0, world_size=2)

    def test_a_scoring_pass_gives_one_score_an_example(self) -> None:
        cases = [
            (lambda examples: None, "score returned None, expected 10 scores"),
            (lambda examples: torch.zeros(0), r"score returned the shape \[0\], expected 10 scores"),
            (lambda examples: torch.zeros(len(examples), 3), r"score returned the shape \[10, 3\], expected 10 scores"),
        ]
        for score_examples, message in cases:
            sampler = TeacherSampler(10, "attent", epochs=2, score=score_examples)
            with self.assertRaisesRegex(attent.TeachingError, message):
                sampler.begin()
            self.assertIsNone(sampler.lesson)
            sampler.score = lambda examples: torch.zeros(len(examples), 1)
            self.assertEqual(sampler.begin().number, 0)

    def test_a_pass_after_the_last_lesson_is_an_error(self) -> None:
        run = Run("standard", epochs=1)
        run.epoch()
        with self.assertRaisesRegex(attent.TeachingError, "last lesson was taught"):
            run.epoch()

    def test_lengths_are_those_of_the_lesson(self) -> None:
        run = Run("random")
        self.assertEqual(len(run.sampler), 90)
        run.epoch(batches=2)
        self.assertEqual(len(run.sampler), 63 - 16)


@needs("torch")
class MeasureTests(unittest.TestCase):
    def test_residuals_are_the_norms_of_the_losses_gradients(self) -> None:
        logits = torch.randn(3, 5, 7, requires_grad=True)
        labels = torch.randint(0, 7, (3, 5))
        labels[1, 2:] = -100
        token_losses(logits, labels).sum().backward()
        norms = logits.grad.norm(dim=-1)
        expected = [norms[0].mean(), norms[1, :2].mean(), norms[2].mean()]
        self.assertTrue(torch.allclose(residuals(logits, labels), torch.stack(expected), atol=1e-5))

    def test_scores_are_those_recorded(self) -> None:
        sampler = TeacherSampler(12, "infobatch", epochs=2)
        drawn = list(sampler)
        sampler.loss(torch.tensor([score(example, 0) for example in drawn]))
        sampler.flush()
        self.assertEqual(list(sampler.teacher.scores), [score(example, 0) for example in range(12)])


if __name__ == "__main__":
    unittest.main()
