"""The teacher, for any training loop."""

from __future__ import annotations

import ctypes
import json
from array import array
from ctypes import byref, c_float, c_int32, c_int64, c_uint8
from dataclasses import dataclass
from typing import Any, Callable, Mapping, Optional, Sequence, Tuple, Union

from ._buffers import floats, integers, pointer
from ._library import END, FAILED, NEEDS_SCORES, LessonFields, SpendingFields, library

Policy = Union[str, Mapping[str, Any]]
#: Numbers as a list, or anything with a buffer of them: an array.array, a NumPy array, a CPU tensor's .numpy().
Numbers = Union[Sequence[float], Any]
#: What a scoring pass returns: a score an example, and where the policy wants it, a confidence an example too.
Scores = Union[Numbers, Tuple[Numbers, Numbers]]


class TeachingError(ValueError):
    """What is wrong with a policy, a teacher's input or a saved state, in one sentence."""


@dataclass(frozen=True)
class Lesson:
    """What is taught next, and where the run stands."""

    number: int  #: Counts from 0.
    epoch: int  #: Whole passes over the data set taught before this lesson.
    cycle: int  #: Counts selections from 0.
    ratio: float  #: Share of all examples that this cycle teaches.
    examples: array[int]  #: Example numbers in teaching order (32-bit), each once.
    weights: Optional[array[float]]  #: One an example, in the same order; None where all weigh 1.
    start: float  #: Share of the run's cost spent before this lesson.
    end: float  #: Share of it spent after this lesson; 1 for the last.
    learning_rate_scale: float  #: Factor on the learning rate; 1 but for KAKURENBO.
    records_scores: bool  #: Whether the training forward's scores have to be recorded.
    needs_admission: bool  #: Whether the examples are candidates for `Teacher.admit`.
    is_new_selection: bool  #: Whether a selection was made for this lesson, rather than kept.
    scored_count: int  #: Examples that got a scoring pass for this lesson.


@dataclass(frozen=True)
class Spending:
    """What a run has cost so far, the current lesson included."""

    taught: int  #: Examples taught, with any share of their elements.
    scored: int  #: Examples that got a scoring pass.
    cost: float  #: Cost in examples taught in full.


def version() -> str:
    """The compiled library's version."""
    return library.attent_version().decode()


class Teacher:
    """Decides which examples a learner is taught next.

    ::

        teacher = Teacher("infobatch", len(data), epochs=10)
        while (lesson := teacher.next()) is not None:
            for start in range(0, len(lesson.examples), 64):
                batch = lesson.examples[start : start + 64]
                teacher.record(train(batch), batch)

    Every choice is a function of the seed, the policy and the scores handed over. A teacher can be pickled and copied.
    """

    def __init__(
        self, policy: Policy, example_count: int, epochs: int, *, budget: Optional[float] = None, seed: int = 0
    ) -> None:
        """
        :param policy: a preset's name, or a mapping with the keys of a recipe's section ``teacher``, such as
            ``{"policy": "attent", "ratio": {"kind": "constant", "start": 0.5, "end": 0.5}}``.
        :param epochs: the length of the plain run that the policy is measured against; without a budget, the number of
            lessons.
        :param budget: the share of that run's cost to spend; None for the policy's own.
        :raises TeachingError: naming the setting that is unknown or out of range.
        """
        text = policy if isinstance(policy, str) else json.dumps(dict(policy))
        if budget is not None and not budget > 0:
            raise TeachingError(f"teacher setting budget is {budget}, expected a number above 0")
        self._handle = library.attent_teacher_create(
            text.encode(), example_count, epochs, budget or 0.0, seed & (1 << 64) - 1
        )
        self._adopt()

    @classmethod
    def from_state(cls, state: bytes) -> Teacher:
        """The teacher that goes on exactly where the one of `state` was."""
        teacher = cls.__new__(cls)
        teacher._handle = library.attent_teacher_restore(state, len(state))
        teacher._adopt()
        return teacher

    def _adopt(self) -> None:
        if not self._handle:
            raise TeachingError(library.attent_last_error().decode())
        text = library.attent_teacher_policy(self._handle)
        self.policy: dict[str, Any] = json.loads(ctypes.string_at(text))
        library.attent_free(text)
        self.example_count: int = library.attent_teacher_example_count(self._handle)
        self._lesson = self._current()

    def __del__(self) -> None:
        handle, self._handle = getattr(self, "_handle", None), None
        if handle:
            library.attent_teacher_destroy(handle)

    def __getstate__(self) -> bytes:
        return self.state_dict()["state"]

    def __setstate__(self, state: bytes) -> None:
        self._handle = library.attent_teacher_restore(state, len(state))
        self._adopt()

    # Lessons

    @property
    def lesson(self) -> Optional[Lesson]:
        """The lesson being taught; None before the first and after the last."""
        return self._lesson

    def next(self, score: Optional[Callable[[array[int]], Scores]] = None) -> Optional[Lesson]:
        """Begins the next lesson, or returns None at the run's end.

        :param score: measures examples without learning from them, one score each in their order, or a pair of scores
            and confidences. Called only where the policy has a scoring pass (``attent``, ``kakurenbo``).
        """
        fields = LessonFields()
        outcome = _checked(library.attent_teacher_next(self._handle, None, None, 0, byref(fields)))
        if outcome == NEEDS_SCORES:
            examples = array("i", bytes(4 * fields.count))
            _checked(library.attent_teacher_unscored(self._handle, pointer(examples, c_int32)))
            if score is None:
                raise TeachingError(f"the policy {self.policy['name']} has a scoring pass, expected a function for it")
            scores = score(examples)
            scores, confidences = scores if isinstance(scores, tuple) else (scores, None)
            if scores is None:
                raise TeachingError(f"score returned None, expected {len(examples)} scores, one an example")
            values, count, _kept = floats(scores, len(examples))
            sure, _, _kept_too = floats(confidences, count)
            outcome = _checked(library.attent_teacher_next(self._handle, values, sure, count, byref(fields)))
            if outcome == NEEDS_SCORES:
                raise TeachingError(f"the teacher wants {fields.count} scores after a scoring pass, expected a lesson")
        self._lesson = None if outcome == END else self._current()
        return self._lesson

    def _current(self) -> Optional[Lesson]:
        fields = LessonFields()
        if _checked(library.attent_teacher_lesson(self._handle, byref(fields))) == END:
            return None
        examples = array("i", bytes(4 * fields.count))
        _checked(library.attent_lesson_examples(self._handle, pointer(examples, c_int32)))
        weights = None
        if fields.has_weights:
            weights = array("f", bytes(4 * fields.count))
            _checked(library.attent_lesson_weights(self._handle, pointer(weights, c_float)))
        return Lesson(
            fields.number, fields.epoch, fields.cycle, fields.ratio, examples, weights, fields.start, fields.end,
            fields.learning_rate_scale, bool(fields.records_scores), bool(fields.needs_admission),
            bool(fields.is_new_selection), fields.scored_count,
        )  # fmt: skip

    def progress(self, taught: int = 0) -> float:
        """Share of the run's cost spent once `taught` of the lesson's examples are: for a learning-rate schedule."""
        return library.attent_lesson_progress(self._handle, taught)

    # Elements

    def element_count(self, count: int, taught: int = 0) -> int:
        """How many of an example's `count` patches or tokens to teach once `taught` of the lesson's examples are."""
        return _checked(library.attent_lesson_element_count(self._handle, count, taught))

    def elements(self, examples: Sequence[int], kept: int, count: int) -> array[int]:
        """`kept` random elements out of `count` of each example: ``[len(examples), kept]`` numbers, row by row."""
        numbers, length, _kept = integers(examples)
        result = array("i", bytes(4 * length * max(0, kept)))
        _checked(library.attent_lesson_elements(self._handle, numbers, length, kept, count, pointer(result, c_int32)))
        return result

    # Scores

    def record(self, scores: Numbers, examples: Sequence[int], confidences: Optional[Numbers] = None) -> None:
        """Takes over a training forward's scores; does nothing where the lesson's `records_scores` is false.

        :param confidences: the probability of the right answer where the learner gives it, 0 elsewhere (KAKURENBO).
        """
        numbers, count, _kept = integers(examples)
        values, _, _kept_too = floats(scores, count)
        sure, _, _kept_also = floats(confidences, count)
        _checked(library.attent_teacher_record(self._handle, values, numbers, sure, count))

    def admit(self, scores: Numbers, examples: Sequence[int]) -> array[int]:
        """Positions in the batch of the candidates to train on (Selective-Backprop); records the scores as well."""
        numbers, count, _kept = integers(examples)
        values, _, _kept_too = floats(scores, count)
        positions = array("q", bytes(8 * count))
        admitted = _checked(
            library.attent_teacher_admit(self._handle, values, numbers, count, pointer(positions, c_int64))
        )
        return positions[:admitted]

    @property
    def scores(self) -> array[float]:
        """The latest score of every example; NaN where unknown."""
        result = array("f", bytes(4 * self.example_count))
        _checked(library.attent_teacher_scores(self._handle, pointer(result, c_float)))
        return result

    @property
    def spending(self) -> Spending:
        """What the run has cost so far."""
        fields = SpendingFields()
        _checked(library.attent_teacher_spending(self._handle, byref(fields)))
        return Spending(fields.taught, fields.scored, fields.cost)

    # State

    def state_dict(self) -> dict[str, Any]:
        """The whole teacher, within a lesson too: ``{"state": bytes}``, 6 to 15 bytes an example."""
        state, size = ctypes.POINTER(c_uint8)(), c_int64()
        _checked(library.attent_teacher_state(self._handle, byref(state), byref(size)))
        content = ctypes.string_at(state, size.value)
        library.attent_free(state)
        return {"state": content}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Goes on exactly where the saved teacher was, with its policy, seed and scores.

        :raises TeachingError: where the state is damaged; the teacher then stays as it was.
        """
        other = Teacher.from_state(bytes(state_dict["state"]))
        self._handle, other._handle = other._handle, self._handle
        self.policy, self.example_count, self._lesson = other.policy, other.example_count, other._lesson


def _checked(outcome: int) -> int:
    if outcome == FAILED:
        raise TeachingError(library.attent_last_error().decode())
    return outcome
