"""The teacher in a PyTorch loop: a sampler for ``DataLoader``, and what is measured of a batch."""

from __future__ import annotations

from typing import Any, Callable, Iterator, Mapping, Optional, Sized, Union

import torch
from torch import Tensor
from torch.utils.data import Sampler

from ._losses import residuals, token_losses
from ._processes import gather, packed, place
from .teacher import Lesson, Policy, Teacher, TeachingError

__all__ = ["TeacherSampler", "residuals", "token_losses"]

_UNRECORDED = "a whole lesson was drawn and none of it recorded; call loss() for every batch"


class TeacherSampler(Sampler[int]):
    """Yields a lesson's examples in teaching order: one pass over the ``DataLoader`` is one lesson.

    ::

        sampler = TeacherSampler(data, "infobatch", epochs=10)
        loader = DataLoader(data, batch_size=64, sampler=sampler)
        for epoch in range(10):
            for images, labels in loader:
                loss = sampler.loss(F.cross_entropy(model(images), labels, reduction="none"))
                ...

    Batches have to come back in the order in which they were drawn, as ``DataLoader`` has it, each to one call of
    `loss` or `record`; otherwise name their `examples`. Under ``torch.distributed`` every process draws the same lesson
    and takes every ``world_size``-th example of it; the scores are exchanged between lessons. There, `begin`,
    `state_dict` and starting a pass are collective calls.
    """

    def __init__(
        self,
        data: Union[int, Sized],
        policy: Policy,
        *,
        epochs: int,
        budget: Optional[float] = None,
        seed: int = 0,
        score: Optional[Callable[[list[int]], Tensor]] = None,
        drop_last: Optional[int] = None,
        rank: Optional[int] = None,
        world_size: Optional[int] = None,
        takes_share: bool = True,
    ) -> None:
        """
        :param data: the data set, or its size.
        :param policy, epochs, budget, seed: as for :class:`attent.Teacher`; the same in every process.
        :param score: measures the named examples without learning from them, one score each in their order, for
            policies with a scoring pass (``attent``).
        :param drop_last: a process's batch size, where the ``DataLoader`` drops what does not fill a last batch: each
            lesson is then cut to whole batches.
        :param rank, world_size: this process and their number; torch.distributed's where not given.
        :param takes_share: False where another tool (accelerate) deals out the batches to the processes.
        """
        self.rank, self.world_size = place(rank, world_size)
        self.takes_share = takes_share
        self.score = score
        if drop_last is not None and (isinstance(drop_last, bool) or drop_last < 1):
            raise TeachingError(f"drop_last is {drop_last}, expected the batch size, or None where no batch is dropped")
        self.drop_last = drop_last
        self.teacher = Teacher(policy, data if isinstance(data, int) else len(data), epochs, budget=budget, seed=seed)
        selection = self.teacher.policy["selection"]["kind"]
        self._wants_confidences = selection == "hide"
        if self.world_size > 1 and selection == "admission":
            raise TeachingError("the policy selective-backprop admits batch by batch, expected a single process")
        self._begun(None)

    # Lessons

    @property
    def lesson(self) -> Optional[Lesson]:
        """The lesson being taught, or the one just taught until the next begins."""
        return self.teacher.lesson

    @property
    def is_over(self) -> bool:
        """Whether the run is: its last lesson was taught."""
        # After the last lesson the teacher has none, as before the first, and only its progress tells the two apart.
        return self.progress >= 1 if self.lesson is None else self.lesson.end >= 1 and self._is_done

    @property
    def progress(self) -> float:
        """Share of the run's cost spent: what a learning-rate schedule follows, as lessons differ in length."""
        return self.teacher.progress(self._settled)

    @property
    def _settled(self) -> int:
        """`taught`, and all of the lesson once it is done, though a rest that fills no batch was dropped."""
        return len(self.lesson.examples) if self._is_done and self.taught >= self._count else self.taught

    @property
    def taught(self) -> int:
        """How many of the lesson's examples were taught, by all processes."""
        return min(self._taught * self.world_size, self._count)

    def begin(self) -> Optional[Lesson]:
        """The lesson to teach: what is left of the current one or else the next; None at the run's end."""
        # Once may be a look at the first batch, for which a DataLoader's workers draw a short lesson whole.
        if self._unrecorded_draws > 1:
            raise TeachingError(_UNRECORDED)
        if self.lesson is not None and not self._is_done:
            self._is_drawn = False
            return self.lesson
        self.flush()
        lesson = self.teacher.next(self._measure)
        self._begun(lesson)
        return lesson

    def finish(self) -> None:
        """Ends the lesson where it stands; what is left of it will not be taught."""
        self._current()
        if self._unrecorded_draws > 0 and self._taught == 0 and self._count > 0:
            raise TeachingError(_UNRECORDED)
        self._taught, self._is_drawn = -(-self._count // self.world_size), True

    def lessons(self) -> Iterator[Lesson]:
        """All lessons to come, for a run with a budget, whose number of lessons follows from it."""
        while (lesson := self.begin()) is not None:
            before = self._taught
            yield lesson
            if self._taught == before and not self._is_drawn:
                raise TeachingError(f"nothing of lesson {lesson.number} was drawn; pass over the DataLoader in each")

    def __iter__(self) -> Iterator[int]:
        if self.begin() is None:
            raise TeachingError("the run's last lesson was taught; there is none left to draw")
        return self._draw()

    def __len__(self) -> int:
        """What a pass has left to draw; before a lesson begins, the most that it may have."""
        if self.lesson is None or self._is_done:
            return -(-self.teacher.example_count // self.world_size) if self.takes_share else self.teacher.example_count
        return len(self._order) - (self._taught if self.takes_share else self.taught)

    def _draw(self) -> Iterator[int]:
        yield from self._order[self._taught if self.takes_share else self.taught :].tolist()
        self._is_drawn = True
        self._unrecorded_draws += 1

    @property
    def _is_done(self) -> bool:
        if self._count == 0:
            return self._is_drawn  # Too short for a batch; its pass is due all the same, as each lesson has one.
        # Without drop_last given, a rest that was drawn and not recorded is taken for one that the DataLoader dropped.
        is_rest_dropped = self._is_drawn and self._taught > 0 and self.drop_last is None
        return is_rest_dropped or self.taught >= self._count

    def _begun(self, lesson: Optional[Lesson], taught: int = 0) -> None:
        self._taught = taught
        self._is_drawn, self._unrecorded_draws = False, 0
        self._pending: list[list[Tensor]] = []
        self._weight_table: Optional[Tensor] = None
        self._order, self._count = torch.zeros(0, dtype=torch.int32), 0
        if lesson is None:
            return
        self._count = len(lesson.examples)
        if self.drop_last is not None:
            self._count -= max(0, self._count - taught * self.world_size) % (self.drop_last * self.world_size)
        examples = torch.frombuffer(lesson.examples, dtype=torch.int32)[: self._count]
        self._order = self._share(examples) if self.takes_share else examples
        if lesson.weights is not None:
            self._weight_table = torch.ones(self.teacher.example_count)
            weights = torch.frombuffer(lesson.weights, dtype=torch.float32)
            self._weight_table[examples.long()] = weights[: self._count]

    def _share(self, examples: Tensor) -> Tensor:
        """Every world_size-th, the same number for each process: the first ones fill up at the end."""
        missing = -len(examples) % self.world_size
        return torch.cat([examples, examples.repeat(self.world_size)[:missing]])[self.rank :: self.world_size]

    # Batches

    def loss(
        self,
        losses: Tensor,
        *,
        scores: Optional[Tensor] = None,
        examples: Optional[Tensor] = None,
        confidences: Optional[Tensor] = None,
    ) -> Tensor:
        """The batch's loss to call ``backward`` on; records what the teacher wants to know.

        :param losses: [B], the losses of the next B examples drawn (``reduction="none"``).
        :param scores: [B], where the policy's score is another than the loss, such as :func:`residuals`.
        :param examples: [B], the examples' numbers, where they are not the next ones drawn.
        :param confidences: [B], the right answer's probability where the learner gives it, 0 elsewhere (KAKURENBO).
        :returns: the mean, of weighted losses where the lesson has weights, of the admitted for Selective-Backprop.
        """
        if losses.ndim != 1:
            raise TeachingError(f"losses of the shape {list(losses.shape)} were given, expected one an example")
        lesson, kind = self._current(), self.teacher.policy["score"]
        if scores is None and kind != "loss" and lesson.records_scores:
            raise TeachingError(f"the policy scores by {kind}, expected scores beside the losses, or score: loss")
        numbers = self._numbers(len(losses), examples)
        measured = losses if scores is None else scores
        if lesson.needs_admission:
            self._took(len(numbers))
            admitted = self.teacher.admit(packed(measured.detach().float(), "f"), packed(numbers, "i"))
            return losses[list(admitted)].mean() if len(admitted) else losses.sum() * 0
        weights = self.weights(numbers)
        self.record(measured, examples=numbers, confidences=confidences)
        return losses.mean() if weights is None else (losses * weights.to(losses)).mean()

    def record(
        self, scores: Tensor, *, examples: Optional[Tensor] = None, confidences: Optional[Tensor] = None
    ) -> None:
        """Takes over a batch's scores, which stay on their device until the lesson ends; parameters as for `loss`."""
        records = self._current().records_scores
        if records and self._wants_confidences and confidences is None:
            raise TeachingError("the policy hides what the learner is sure of, expected confidences too")
        numbers = self._numbers(len(scores), examples)
        self._took(len(numbers))
        if records:
            columns = [scores, numbers] + ([confidences] if self._wants_confidences else [])
            self._pending.append([column.detach().reshape(-1) for column in columns])

    def weights(self, examples: Tensor) -> Optional[Tensor]:
        """The weights of the named examples' losses; None where all weigh 1."""
        return None if self._weight_table is None else self._weight_table[examples.long().cpu()]

    def elements(self, batch_size: int, count: int) -> Optional[Tensor]:
        """Which of `count` patches or tokens of the next examples to teach: [batch_size, kept]; None for all."""
        kept = self.teacher.element_count(count, self.taught)
        if kept == count:
            return None
        chosen = self.teacher.elements(packed(self._numbers(batch_size, None), "i"), kept, count)
        return torch.frombuffer(chosen, dtype=torch.int32).reshape(batch_size, kept).long()

    def flush(self) -> None:
        """Hands the recorded scores to the teacher, those of all processes: a collective call."""
        if self.lesson is None or not self.lesson.records_scores or (self.world_size == 1 and not self._pending):
            return
        empty = [torch.zeros(0) for _ in range(3 if self._wants_confidences else 2)]
        columns = [torch.cat(column) for column in zip(*self._pending)] or empty
        scores, examples, *confidences = (
            packed(torch.cat(gather(column.to(kind), self.world_size)), code)
            for column, kind, code in zip(columns, (torch.float32, torch.int32, torch.float32), "fif")
        )
        self.teacher.record(scores, examples, *confidences)
        self._pending = []

    def _took(self, count: int) -> None:
        self._taught += count
        self._unrecorded_draws = 0

    def _current(self) -> Lesson:
        if self.lesson is None:
            raise TeachingError("no lesson is being taught; draw a batch from the sampler first")
        return self.lesson

    def _numbers(self, count: int, examples: Optional[Tensor]) -> Tensor:
        if examples is not None:
            return examples.detach().to("cpu", torch.int32).reshape(-1)
        if not self.takes_share and self.world_size > 1:
            raise TeachingError("another tool deals out the batches, expected the examples' numbers beside the losses")
        numbers = self._order[self._taught : self._taught + count]
        if len(numbers) < count:
            raise TeachingError(
                f"{count} examples were recorded where the lesson has {len(numbers)} left; record every batch once"
            )
        return numbers

    def _measure(self, examples: Any) -> Any:
        """A scoring pass: each process takes its share of the examples."""
        if self.score is None:
            name = self.teacher.policy["name"]
            raise TeachingError(f"the policy {name} has a scoring pass, expected the argument score")
        numbers = torch.frombuffer(examples, dtype=torch.int32)
        share = self._share(numbers).tolist()
        scores = self.score(share)
        scores = None if scores is None else torch.as_tensor(scores).detach().float()
        if scores is None or scores.numel() != len(share):
            found = scores if scores is None else f"the shape {list(scores.shape)}"
            raise TeachingError(f"score returned {found}, expected {len(share)} scores, one an example")
        parts = gather(scores.reshape(-1), self.world_size)
        return packed(torch.stack(parts, dim=1).reshape(-1)[: len(numbers)], "f")

    # State

    def state_dict(self) -> dict[str, Any]:
        """Everything to go on with exactly, within a lesson too; a collective call. ``torch.save`` takes it."""
        self.flush()
        state = self.teacher.state_dict()["state"]
        return {"teacher": torch.frombuffer(bytearray(state), dtype=torch.uint8), "taught": self._settled}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Goes on where the saved sampler was. With another number of processes, as many examples may come twice."""
        self.teacher.load_state_dict({"state": packed(state_dict["teacher"], "B").tobytes()})
        taught, count = int(state_dict["taught"]), len(self.lesson.examples) if self.lesson else 0
        local = -(-taught // self.world_size) if taught == count else taught // self.world_size
        self._begun(self.lesson, taught=local)
