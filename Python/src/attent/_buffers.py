"""Numbers between Python and the library, copied only where they have another type than the library's."""

from __future__ import annotations

import ctypes
from array import array
from ctypes import c_float, c_int32
from typing import Any, Optional


def pointer(buffer: array, kind: Any) -> Any:
    """Where the library writes."""
    return ctypes.cast(buffer.buffer_info()[0], ctypes.POINTER(kind))


def floats(values: Any, count: Optional[int] = None) -> tuple[Any, int, Any]:
    """A pointer to 32-bit floats, their number and what keeps them alive."""
    return _converted_pointer(values, "f", c_float, count)


def integers(values: Any) -> tuple[Any, int, Any]:
    return _converted_pointer(values, "i", c_int32, None)


def _converted_pointer(values: Any, code: str, kind: Any, count: Optional[int]) -> tuple[Any, int, Any]:
    if values is None:
        return None, 0, None
    if not isinstance(values, array) or values.typecode != code:
        values = _converted(values, code)
    if count is not None and len(values) != count:
        raise ValueError(f"{len(values)} scores or confidences were given, expected {count}, one an example")
    return pointer(values, kind), len(values), values


def _converted(values: Any, code: str) -> array:
    """An array of the numbers in `values`, taken over as bytes where they have the type already."""
    try:
        view = memoryview(values)
    except TypeError:
        return array(code, values)
    if view.format == code and view.contiguous:
        result = array(code)
        result.frombytes(view.cast("B"))
        return result
    return array(code, view.tolist())
