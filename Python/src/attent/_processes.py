"""What the processes of a distributed run tell each other, and tensors for the library."""

from __future__ import annotations

import ctypes
from array import array
from typing import Optional

import torch
from torch import Tensor, distributed


def place(rank: Optional[int], world_size: Optional[int]) -> tuple[int, int]:
    """This process's number and how many there are, from torch.distributed where they are not given."""
    if rank is not None and world_size is not None:
        return rank, world_size
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def gather(values: Tensor, world_size: int) -> list[Tensor]:
    """What every process has, in the order of their numbers; a collective call. The lengths may differ."""
    if world_size == 1:
        return [values.cpu()]
    device = torch.device("cuda" if distributed.get_backend() == "nccl" else "cpu")
    size = torch.tensor([len(values)], device=device)
    sizes = [torch.zeros_like(size) for _ in range(world_size)]
    distributed.all_gather(sizes, size)
    lengths = [int(size) for size in sizes]
    padded = torch.zeros(max(lengths), dtype=values.dtype, device=device)
    padded[: len(values)] = values.to(device)
    parts = [torch.empty_like(padded) for _ in range(world_size)]
    distributed.all_gather(parts, padded)
    return [part[:length].cpu() for part, length in zip(parts, lengths)]


def packed(values: Tensor, code: str) -> array:
    """The values as an array of the same type, such as "f" for float32; without NumPy."""
    values = values.cpu().contiguous()
    result = array(code)
    result.frombytes(ctypes.string_at(values.data_ptr(), values.numel() * values.element_size()))
    return result
