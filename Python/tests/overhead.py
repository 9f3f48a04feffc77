"""What the sampler costs beyond a plain random one: microseconds an example drawn, recorded and weighted."""

import time

import torch
from attent.torch import TeacherSampler
from torch.utils.data import BatchSampler, RandomSampler

COUNT, BATCH, EPOCHS = 100_000, 64, 4


def taught() -> tuple[float, int]:
    """Seconds of processor time and examples of one run with a teacher."""
    sampler = TeacherSampler(COUNT, "infobatch", epochs=EPOCHS, seed=0)
    losses, examples = torch.rand(BATCH), 0
    start = time.process_time()
    for _ in range(EPOCHS):
        for batch in BatchSampler(sampler, BATCH, drop_last=True):
            sampler.loss(losses)
            examples += len(batch)
    return time.process_time() - start, examples


def plain() -> tuple[float, int]:
    """The same of one run with a random order and the mean of the losses."""
    losses, examples = torch.rand(BATCH), 0
    start = time.process_time()
    for _ in range(EPOCHS):
        for batch in BatchSampler(RandomSampler(range(COUNT)), BATCH, drop_last=True):
            losses.mean()
            examples += len(batch)
    return time.process_time() - start, examples


def measure(rounds: int = 5) -> float:
    """The median over interleaved rounds."""
    torch.set_num_threads(1)
    differences = []
    for _ in range(rounds):
        (with_teacher, chosen), (without, drawn) = taught(), plain()
        differences.append(1e6 * (with_teacher / chosen - without / drawn))
    return sorted(differences)[rounds // 2]


if __name__ == "__main__":
    print(f"{measure():.3f} µs an example")
