"""How a Trainer's lessons and runs end: with batches dropped, on resuming, and in the last checkpoint."""

from __future__ import annotations

import importlib
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

import attent
from support import needs

try:
    import torch
    import transformers
    from test_transformers import Watched, weights_of
    from transformers.trainer_utils import IntervalStrategy
except ImportError:
    Watched = object


@needs("transformers", "accelerate")
class EndTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def trained(self, checkpoint: Any = None, **settings: Any) -> Watched:
        trainer = Watched(str(self.folder), "infobatch", **settings)
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        return trainer

    def checkpoints(self) -> list[Path]:
        return sorted(self.folder.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))

    def test_a_run_resumed_after_a_lesson_whose_rest_was_dropped_ends_with_the_same_weights(self) -> None:
        whole = self.trained(save_strategy="epoch", dataloader_drop_last=True)
        self.assertEqual(sorted(whole.lessons), [0, 1, 2, 3])
        self.assertEqual(len(self.checkpoints()), 4)
        for taught, checkpoint in enumerate(self.checkpoints(), start=1):
            with self.subTest(taught):
                resumed = self.trained(checkpoint, dataloader_drop_last=True)
                self.assertEqual(sorted(resumed.lessons), list(range(taught, 4)))
                self.assertEqual(resumed.state.global_step, whole.state.global_step)
                self.assertTrue(torch.equal(weights_of(whole), weights_of(resumed)))

    def test_a_checkpoint_of_a_lessons_last_step_goes_on_with_the_next_lesson(self) -> None:
        # The 45 examples of the first lesson are 11 batches of 4, and one example that is dropped.
        whole = self.trained(save_strategy="steps", save_steps=11, dataloader_drop_last=True)
        resumed = self.trained(self.checkpoints()[0], dataloader_drop_last=True)
        self.assertEqual(sorted(resumed.lessons), [1, 2, 3])
        self.assertTrue(torch.equal(weights_of(whole), weights_of(resumed)))

    def test_lessons_too_short_for_a_batch_are_passed_over(self) -> None:
        settings = {"per_device_train_batch_size": 44, "dataloader_drop_last": True}
        trainer = Watched(str(self.folder), "attent-simple", **settings)
        trainer.train()
        self.assertEqual(sorted(trainer.lessons), [0])
        self.assertEqual(trainer.state.global_step, 1)
        self.assertTrue(trainer.teaching.is_over)

    def test_a_finished_run_has_nothing_left_to_resume(self) -> None:
        whole = self.trained(save_strategy="epoch")
        resumed = self.trained(self.checkpoints()[-1])
        self.assertEqual(resumed.lessons, {})
        self.assertTrue(resumed.teaching.is_over)
        self.assertEqual(resumed.state.global_step, whole.state.global_step)
        self.assertTrue(torch.equal(weights_of(whole), weights_of(resumed)))

    def test_the_final_weights_are_saved_and_evaluated_where_steps_are_counted(self) -> None:
        trainer = Watched(str(self.folder), "infobatch", save_strategy="steps", save_steps=1000, eval_steps=1000)
        trainer.args.eval_strategy, trainer.eval_dataset = IntervalStrategy.STEPS, trainer.train_dataset
        trainer.train()
        self.assertLess(trainer.state.global_step, trainer.state.max_steps)
        self.assertEqual([path.name for path in self.checkpoints()], [f"checkpoint-{trainer.state.global_step}"])
        self.assertEqual(sum("eval_loss" in entry for entry in trainer.state.log_history), 1)
        self.assertEqual(self.trained(self.checkpoints()[0]).lessons, {})

    def test_a_run_stopped_within_a_lesson_saves_what_is_left_of_it(self) -> None:
        trainer = Watched(str(self.folder), "infobatch", save_strategy="epoch")
        trainer.add_callback(Stopping())
        trainer.train()
        self.assertEqual(trainer.teaching.taught, 12)
        resumed = self.trained(self.checkpoints()[0])
        self.assertEqual(sorted(resumed.lessons), [0, 1, 2, 3])
        self.assertTrue(torch.equal(weights_of(self.trained()), weights_of(resumed)))

    def test_lengths_that_a_teacher_does_not_follow_are_refused(self) -> None:
        with self.assertRaisesRegex(attent.TeachingError, "max_steps is 7, expected"):
            Watched(str(self.folder), "infobatch", max_steps=7)
        with self.assertRaisesRegex(attent.TeachingError, "num_train_epochs is 1.5, expected a whole number"):
            Watched(str(self.folder), "infobatch", num_train_epochs=1.5)

    def test_a_trainer_that_counts_steps_elsewhere_is_refused(self) -> None:
        run_epoch = transformers.Trainer._run_epoch
        try:
            del transformers.Trainer._run_epoch
            with self.assertRaisesRegex(ImportError, "is installed, expected 5.3 or newer"):
                importlib.reload(sys.modules["attent.transformers"])
        finally:
            transformers.Trainer._run_epoch = run_epoch


if Watched is not object:

    class Stopping(transformers.TrainerCallback):
        """Stops the run after its third step."""

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            control.should_training_stop = state.global_step == 3


if __name__ == "__main__":
    unittest.main()
