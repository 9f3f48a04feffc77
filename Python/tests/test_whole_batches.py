"""A sampler whose DataLoader drops what does not fill a last batch, and passes that end early."""

from __future__ import annotations

import unittest
from typing import Any, Optional

import attent
from support import fingerprint, needs

try:
    import torch
    from attent.torch import TeacherSampler
    from torch.utils.data import DataLoader
except ImportError:
    torch = None

COUNT, EPOCHS, BATCH = 90, 4, 8


class Run:
    """Passes over numbers, each example's loss; the first lesson of attent-simple is all 90, the others are 63."""

    def __init__(self, policy: Any = "attent-simple", *, workers: int = 0, batch: int = BATCH, **settings: Any) -> None:
        self.sampler = TeacherSampler(COUNT, policy, epochs=EPOCHS, seed=5, **{"drop_last": batch, **settings})
        self.loader = DataLoader(
            torch.arange(COUNT), batch_size=batch, sampler=self.sampler, num_workers=workers, drop_last=True
        )
        self.lessons: list[str] = []
        self.drawn: list[int] = []

    def epoch(self, batches: Optional[int] = None) -> None:
        self.drawn = []
        for number, examples in enumerate(self.loader):
            if number == batches:
                return
            self.drawn += examples.tolist()
            self.sampler.loss(examples.float())
        lesson = self.sampler.lesson
        self.lessons.append(fingerprint(lesson.examples, lesson.weights))


@needs("torch")
class WholeBatchTests(unittest.TestCase):
    def test_a_run_resumed_after_any_lesson_goes_on_with_the_next(self) -> None:
        for policy in ("attent-simple", "infobatch", "random"):
            whole, states = Run(policy), []
            for _ in range(EPOCHS):
                whole.epoch()
                self.assertEqual(whole.drawn, list(whole.sampler.lesson.examples)[: len(whole.drawn)])
                self.assertEqual(len(whole.drawn), len(whole.sampler.lesson.examples) // BATCH * BATCH)
                states.append(whole.sampler.state_dict())
            self.assertEqual(len(set(whole.lessons)), EPOCHS)
            self.assertTrue(whole.sampler.is_over)
            self.assertEqual(whole.sampler.progress, 1)
            for taught, state in enumerate(states, start=1):
                with self.subTest(policy=policy, taught=taught):
                    second = Run(policy)
                    second.sampler.load_state_dict(state)
                    self.assertEqual(second.sampler.is_over, taught == EPOCHS)
                    for _ in range(taught, EPOCHS):
                        second.epoch()
                    self.assertEqual(second.lessons, whole.lessons[taught:])
                    self.assertTrue(second.sampler.is_over)

    def test_a_pass_broken_off_goes_on_where_it_was_though_workers_drew_the_rest(self) -> None:
        for workers in (0, 2):
            with self.subTest(workers):
                run = Run(workers=workers)
                run.epoch(batches=9)
                first = run.drawn
                run.epoch()
                self.assertEqual(run.sampler.lesson.number, 0)
                self.assertEqual(first + run.drawn, list(run.sampler.lesson.examples)[:88])

    def test_a_lesson_too_short_for_a_batch_has_a_pass_without_one(self) -> None:
        run, sizes = Run(batch=80), []
        for _ in range(EPOCHS):
            run.epoch()
            sizes.append(len(run.drawn))
        self.assertEqual(sizes, [80] + [0] * (EPOCHS - 1))
        self.assertTrue(run.sampler.is_over)

    def test_lessons_too_short_for_a_batch_come_once_each(self) -> None:
        run, numbers = Run(batch=80), []
        for lesson in run.sampler.lessons():
            run.epoch()
            self.assertEqual(run.sampler.lesson, lesson)
            numbers.append(lesson.number)
        self.assertEqual(numbers, list(range(EPOCHS)))

    def test_processes_share_whole_batches(self) -> None:
        shares = [Run(rank=rank, world_size=2).sampler for rank in range(2)]
        drawn = [list(sampler) for sampler in shares]
        self.assertEqual([len(share) for share in drawn], [40, 40])
        self.assertEqual(sorted(drawn[0] + drawn[1]), sorted(shares[0].lesson.examples[:80]))

    def test_a_loader_that_drops_without_the_samplers_knowledge_still_gives_a_lesson_a_pass(self) -> None:
        for workers in (0, 2):
            with self.subTest(workers):
                run = Run(drop_last=None, workers=workers)
                for _ in range(EPOCHS):
                    run.epoch()
                self.assertEqual(len(set(run.lessons)), EPOCHS)
                self.assertTrue(run.sampler.is_over)

    def test_what_is_no_batch_size_is_refused(self) -> None:
        for value in (True, False, 0, -1):
            with self.assertRaisesRegex(attent.TeachingError, f"drop_last is {value}, expected the batch size"):
                TeacherSampler(10, "random", epochs=2, drop_last=value)


@needs("torch")
class EndTests(unittest.TestCase):
    def test_a_look_at_a_lesson_that_workers_draw_whole_costs_no_lesson(self) -> None:
        run = Run(batch=40, workers=2)
        next(iter(run.loader))
        run.epoch()
        self.assertEqual(run.sampler.lesson.number, 0)
        self.assertEqual(len(run.drawn), 80)

    def test_a_lesson_finished_early_is_not_taught_further(self) -> None:
        run = Run()
        with self.assertRaisesRegex(attent.TeachingError, "no lesson is being taught"):
            run.sampler.finish()
        run.epoch(batches=2)
        run.sampler.finish()
        second = Run()
        second.sampler.load_state_dict(run.sampler.state_dict())
        for sampler in (run.sampler, second.sampler):
            self.assertEqual(sampler.progress, sampler.lesson.end)
            self.assertEqual(sampler.begin().number, 1)

    def test_a_lesson_of_which_nothing_was_recorded_cannot_be_finished(self) -> None:
        run = Run()
        list(run.loader)
        with self.assertRaisesRegex(attent.TeachingError, "none of it recorded"):
            run.sampler.finish()

    def test_a_run_is_still_over_once_it_has_no_lesson(self) -> None:
        run = Run()
        self.assertFalse(run.sampler.is_over)
        for _ in range(EPOCHS):
            run.epoch()
        self.assertIsNone(run.sampler.begin())
        self.assertTrue(run.sampler.is_over)
        second = Run()
        second.sampler.load_state_dict(run.sampler.state_dict())
        self.assertTrue(second.sampler.is_over)


if __name__ == "__main__":
    unittest.main()
