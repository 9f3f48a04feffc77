"""A loop of one's own: handwritten-looking points, a small network, and three lines of a teacher.

    python plain_loop.py [policy]
"""

import sys

import torch
import torch.nn.functional as F
from attent.torch import TeacherSampler
from torch.utils.data import DataLoader, TensorDataset


def points(count: int, seed: int) -> TensorDataset:
    """Eight classes of unequal difficulty in 16 dimensions."""
    centers = torch.randn(8, 16, generator=torch.Generator().manual_seed(1))
    noise = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 8
    spread = (0.4 + 0.3 * labels).unsqueeze(1)
    return TensorDataset(centers[labels] + spread * torch.randn(count, 16, generator=noise), labels)


def main() -> None:
    policy = sys.argv[1] if len(sys.argv) > 1 else "infobatch"
    torch.manual_seed(0)
    data, held_out, epochs = points(4000, 1), points(2000, 2), 10
    model = torch.nn.Sequential(torch.nn.Linear(16, 64), torch.nn.GELU(), torch.nn.Linear(64, 8))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)

    sampler = TeacherSampler(data, policy, epochs=epochs, seed=0)
    loader = DataLoader(data, batch_size=50, sampler=sampler)
    for _ in range(epochs):
        for inputs, labels in loader:
            loss = sampler.loss(F.cross_entropy(model(inputs), labels, reduction="none"))
            optimizer.zero_grad()
            loss.backward()
            for group in optimizer.param_groups:
                group["lr"] = 3e-3 * (1 - sampler.progress)
            optimizer.step()

    inputs, labels = held_out.tensors
    accuracy = (model(inputs).argmax(-1) == labels).float().mean().item()
    print(f"{policy}: {sampler.teacher.spending.taught} examples taught, {100 * accuracy:.1f} % right")


if __name__ == "__main__":
    main()
