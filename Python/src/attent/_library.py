"""The compiled teacher (attent.h) through ctypes."""

from __future__ import annotations

import ctypes
import os
from ctypes import POINTER, c_char_p, c_double, c_float, c_int32, c_int64, c_uint8, c_uint64, c_void_p
from pathlib import Path

FAILED, END, LESSON, NEEDS_SCORES = -1, 0, 1, 2


class LessonFields(ctypes.Structure):
    """attent_lesson."""

    _fields_ = [(name, c_int64) for name in ("number", "epoch", "cycle", "count", "scored_count")]
    _fields_ += [(name, c_double) for name in ("ratio", "start", "end", "learning_rate_scale")]
    _fields_ += [(name, c_int32) for name in ("records_scores", "needs_admission", "is_new_selection", "has_weights")]


class SpendingFields(ctypes.Structure):
    """attent_spending."""

    _fields_ = [("taught", c_int64), ("scored", c_int64), ("cost", c_double)]


_floats, _examples, _positions = POINTER(c_float), POINTER(c_int32), POINTER(c_int64)
_FUNCTIONS = {
    "attent_version": (c_char_p, []),
    "attent_last_error": (c_char_p, []),
    "attent_free": (None, [c_void_p]),
    "attent_teacher_create": (c_void_p, [c_char_p, c_int64, c_int64, c_double, c_uint64]),
    "attent_teacher_restore": (c_void_p, [c_char_p, c_int64]),
    "attent_teacher_destroy": (None, [c_void_p]),
    "attent_teacher_policy": (c_void_p, [c_void_p]),
    "attent_teacher_example_count": (c_int64, [c_void_p]),
    "attent_teacher_state": (c_int32, [c_void_p, POINTER(POINTER(c_uint8)), POINTER(c_int64)]),
    "attent_teacher_next": (c_int32, [c_void_p, _floats, _floats, c_int64, POINTER(LessonFields)]),
    "attent_teacher_unscored": (c_int32, [c_void_p, _examples]),
    "attent_teacher_lesson": (c_int32, [c_void_p, POINTER(LessonFields)]),
    "attent_lesson_examples": (c_int32, [c_void_p, _examples]),
    "attent_lesson_weights": (c_int32, [c_void_p, _floats]),
    "attent_lesson_progress": (c_double, [c_void_p, c_int64]),
    "attent_lesson_element_count": (c_int64, [c_void_p, c_int64, c_int64]),
    "attent_lesson_elements": (c_int32, [c_void_p, _examples, c_int64, c_int64, c_int64, _examples]),
    "attent_teacher_record": (c_int32, [c_void_p, _floats, _examples, _floats, c_int64]),
    "attent_teacher_admit": (c_int64, [c_void_p, _floats, _examples, c_int64, _positions]),
    "attent_teacher_scores": (c_int32, [c_void_p, _floats]),
    "attent_teacher_spending": (c_int32, [c_void_p, POINTER(SpendingFields)]),
}


def load() -> ctypes.CDLL:
    """The library beside this file, or the one that ATTENT_LIBRARY names."""
    path = os.environ.get("ATTENT_LIBRARY") or str(Path(__file__).parent / "libattent.so")
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(f"{path} cannot be loaded: {error}; install the wheel, or compile it with 'make python'")
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


library = load()
