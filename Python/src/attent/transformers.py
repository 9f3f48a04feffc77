"""The teacher in transformers' ``Trainer``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Optional, Union

import torch
import transformers
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR
from torch.utils.data import Dataset
from transformers import Trainer, TrainerCallback
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from .teacher import Policy, TeachingError
from .torch import TeacherSampler, residuals, token_losses

__all__ = ["TeacherMixin", "TeachingCallback", "TeachingTrainer"]

_EXAMPLES = "attent_examples"
_STATE_FILE = "attent.pt"

if not hasattr(Trainer, "_run_epoch"):
    raise ImportError(f"transformers {transformers.__version__} is installed, expected 5.3 or newer for the teacher")


class TeachingCallback(TrainerCallback):
    """Begins a lesson with every epoch, ends the run with the last one, saves the teacher in each checkpoint."""

    def __init__(self, trainer: Optional[TeacherMixin] = None) -> None:
        self.trainer = trainer

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        folder = self.trainer.teaching_checkpoint
        if folder is None:
            return
        file = Path(folder) / _STATE_FILE
        if not file.exists():
            raise TeachingError(f"{file} is absent, expected the teacher's state, as a run with a teacher saves it")
        self.trainer.teaching.load_state_dict(torch.load(file, weights_only=True))

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.trainer.teaching.begin()

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        teaching = self.trainer.teaching
        if not (control.should_epoch_stop or control.should_training_stop):
            # What the DataLoader drops of the lesson comes to no batch in a resumed run either.
            teaching.finish()
        if teaching.is_over:
            control.should_training_stop = True
            self._complete(args, state, control)

    def _complete(self, args: Any, state: Any, control: Any) -> None:
        """Has the final weights saved and evaluated: the Trainer does so at its last planned step, never reached."""
        if state.global_step >= state.max_steps:
            return
        if args.save_strategy == "steps" and (state.save_steps <= 0 or state.global_step % state.save_steps):
            control.should_save = True
        is_due = args.eval_strategy == "steps" and args.eval_delay <= state.global_step
        if is_due and state.global_step % state.eval_steps:
            control.should_evaluate = True

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        content = self.trainer.teaching.state_dict()
        if state.is_world_process_zero:
            file = Path(args.output_dir) / f"checkpoint-{state.global_step}" / _STATE_FILE
            partial = file.with_suffix(".partial")
            torch.save(content, partial)
            partial.replace(file)


class TeacherMixin:
    """Put before ``Trainer`` or a subclass of it: ``class MyTrainer(TeacherMixin, Seq2SeqTrainer)``.

    An epoch is a lesson. The teacher's examples, weights and learning-rate position replace the Trainer's random order,
    mean and step count; checkpoints hold the teacher's state, and a resumed run teaches the same as one never stopped.
    Models with logits and labels work as they are; for others override `example_losses`.
    """

    def __init__(
        self, *args: Any, teacher: Policy = "infobatch", teacher_seed: Optional[int] = None, **kwargs: Any
    ) -> None:
        """
        :param teacher: a policy, as for :class:`attent.Teacher`. Those that teach some of an example's elements or
            tokens, judge batch by batch or want confidences are refused, as the Trainer has no place for them.
        :param teacher_seed: the Trainer's ``data_seed`` or ``seed`` where None.
        """
        super().__init__(*args, **kwargs)
        self.teacher_policy, self.teacher_seed = teacher, teacher_seed
        self.teaching = self._make_sampler()
        self.teaching_checkpoint: Optional[str] = None
        self.add_callback(TeachingCallback(self))

    def _make_sampler(self) -> TeacherSampler:
        if self.args.max_steps > 0:
            raise TeachingError(f"max_steps is {self.args.max_steps}, expected the lessons as num_train_epochs instead")
        if self.args.num_train_epochs % 1:
            raise TeachingError(f"num_train_epochs is {self.args.num_train_epochs}, expected a whole number of lessons")
        seeds = (self.teacher_seed, self.args.data_seed, self.args.seed)
        sampler = TeacherSampler(
            self.train_dataset, self.teacher_policy, epochs=int(self.args.num_train_epochs),
            seed=next(seed for seed in seeds if seed is not None), score=self.score_examples,
            rank=self.args.process_index, world_size=self.args.world_size, takes_share=False,
        )  # fmt: skip
        policy = sampler.teacher.policy
        refused = [key for key in ("elements", "tokens") if policy.get(key)]
        if policy["selection"]["kind"] in ("admission", "hide"):
            refused.append(f"selection {policy['selection']['kind']}")
        if policy["score"] not in ("loss", "residual"):
            refused.append(f"score {policy['score']}")
        if refused:
            found = ", ".join(refused)
            raise TeachingError(f"the policy {policy['name']} has {found}, which the Trainer has no place for")
        return sampler

    # What a batch says

    def example_losses(self, outputs: Any, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Per example: the sum of its losses, how many there are, and its score. All [B]; the sums carry gradients."""
        logits = outputs["logits"] if isinstance(outputs, dict) else outputs[1]
        if self._is_causal:
            logits, labels = logits[:, :-1], labels[:, 1:]
        if labels.is_floating_point():
            losses = (logits.float().reshape(labels.shape) - labels.float()).square().reshape(len(labels), -1)
            counts = torch.full((len(labels),), losses.shape[1], device=losses.device)
        else:
            losses = token_losses(logits, labels).reshape(len(labels), -1)
            counts = (labels != -100).reshape(len(labels), -1).sum(-1)
        sums = losses.sum(-1)
        if self.teaching.teacher.policy["score"] == "loss":
            return sums, counts, sums.detach() / counts.clamp(min=1)
        if labels.is_floating_point():
            return sums, counts, losses.detach().mean(-1).sqrt()
        return sums, counts, residuals(logits.detach(), labels)

    @property
    def _is_causal(self) -> bool:
        model = self.accelerator.unwrap_model(self.model)
        model = model.get_base_model() if hasattr(model, "get_base_model") else model
        return type(model).__name__ in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.values()

    def compute_loss(self, model: Any, inputs: dict, return_outputs: bool = False, **kwargs: Any) -> Any:
        """The Trainer's loss, with the lesson's weights; the teacher gets the scores."""
        inputs = dict(inputs)
        examples = inputs.pop(_EXAMPLES, None)
        if examples is None:
            return super().compute_loss(model, inputs, return_outputs=return_outputs, **kwargs)
        labels = inputs["labels"]
        loss, outputs = super().compute_loss(model, inputs, return_outputs=True, **kwargs)
        weights = self.teaching.weights(examples)
        with torch.set_grad_enabled(weights is not None):
            sums, _, scores = self.example_losses(outputs, labels)
        if weights is not None:
            # Whatever the Trainer divides the sum of all losses by, it divides what the weights add by as well.
            scale = (loss / sums.sum().clamp(min=1e-12)).detach()
            loss = loss + scale * (sums * (weights.to(sums) - 1)).sum()
        self.teaching.record(scores, examples=examples)
        return (loss, outputs) if return_outputs else loss

    def score_examples(self, examples: list[int]) -> Tensor:
        """A scoring pass over the named training examples: [len(examples)]."""
        collate, scores = self._collator(), []
        self.model.eval()
        for start in range(0, len(examples), self.args.per_device_eval_batch_size):
            numbers = examples[start : start + self.args.per_device_eval_batch_size]
            inputs = self._prepare_inputs(collate([(number, self.train_dataset[number]) for number in numbers]))
            inputs.pop(_EXAMPLES)
            with torch.no_grad(), self.compute_loss_context_manager():
                scores.append(self.example_losses(self.model(**inputs), inputs["labels"])[2].float().cpu())
        return torch.cat(scores)

    # Where the Trainer is told

    def get_train_dataloader(self) -> Any:
        self.teaching = self._make_sampler()
        dataset, collator = self.train_dataset, self.data_collator
        try:
            self.data_collator, self.train_dataset = self._collator(), _Numbered(dataset)
            return super().get_train_dataloader()
        finally:
            self.data_collator, self.train_dataset = collator, dataset

    def _collator(self) -> _NumberedCollator:
        return _NumberedCollator(self._get_collator_with_removed_columns(self.data_collator, description="training"))

    def _get_train_sampler(self, *args: Any, **kwargs: Any) -> TeacherSampler:
        return self.teaching

    def create_scheduler(self, num_training_steps: int, optimizer: Optional[torch.optim.Optimizer] = None) -> Any:
        """The Trainer's schedule, at the position of the run's cost: lessons differ in length."""
        scheduler = super().create_scheduler(num_training_steps, optimizer)
        if isinstance(scheduler, LambdaLR):
            scheduler.lr_lambdas = [
                lambda _, rate=rate: rate(self.teaching.progress * num_training_steps) for rate in scheduler.lr_lambdas
            ]
        return scheduler

    def _inner_training_loop(
        self, *args: Any, resume_from_checkpoint: Union[str, bool, None] = None, **kwargs: Any
    ) -> Any:
        self.teaching_checkpoint = resume_from_checkpoint or None
        skip, self.args.ignore_data_skip = self.args.ignore_data_skip, True
        try:
            return super()._inner_training_loop(*args, resume_from_checkpoint=resume_from_checkpoint, **kwargs)
        finally:
            self.args.ignore_data_skip = skip

    def _run_epoch(self, **kwargs: Any) -> None:
        """As many steps as the lesson has: transformers 5 counts them once for all epochs."""
        teaching, loader = self.teaching, kwargs["train_dataloader"]
        # What is left fills no batch, and the Trainer would take an epoch without one for the end of the data.
        while teaching.lesson is not None and len(loader) == 0:
            teaching.finish()
            teaching.begin()
        if teaching.lesson is None:
            self.control.should_training_stop = True
            return
        batches = len(loader)
        kwargs["steps_in_epoch"] = batches
        kwargs["num_update_steps_per_epoch"] = math.ceil(batches / self.args.gradient_accumulation_steps)
        if kwargs["epoch"] == kwargs["epochs_trained"]:
            kwargs["epochs_trained"] = teaching.lesson.number
        kwargs["epoch"] = teaching.lesson.number
        super()._run_epoch(**kwargs)


class TeachingTrainer(TeacherMixin, Trainer):
    """``transformers.Trainer`` with a teacher: ``TeachingTrainer(..., teacher="infobatch")``."""


class _Numbered(Dataset):
    """The same items with their numbers."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, number: int) -> tuple[int, Any]:
        return number, self.dataset[number]


class _NumberedCollator:
    """Puts a batch's example numbers beside what the Trainer's collator makes of the items."""

    def __init__(self, collator: Any) -> None:
        self.collator = collator

    def __call__(self, items: list[tuple[int, Any]]) -> dict:
        batch = self.collator([item for _, item in items])
        batch[_EXAMPLES] = torch.tensor([number for number, _ in items])
        return batch
