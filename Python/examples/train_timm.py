"""A timm model, optimiser and schedule in a loop with a teacher: a small vision transformer on synthetic stripes.

    python train_timm.py [policy]
"""

import sys

import timm
import torch
import torch.nn.functional as F
from attent.torch import TeacherSampler
from timm.optim import create_optimizer_v2
from timm.scheduler import CosineLRScheduler
from torch.utils.data import DataLoader, TensorDataset


def stripes(count: int, seed: int) -> TensorDataset:
    """Stripes in four directions under noise: [3, 32, 32]."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 4
    rows, columns = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    waves = torch.stack([rows, columns, rows + columns, rows - columns]).mul(0.8).sin()
    noise = torch.randn(count, 3, 32, 32, generator=generator)
    return TensorDataset(waves[labels].unsqueeze(1) + 1.5 * noise, labels)


def main() -> None:
    policy = sys.argv[1] if len(sys.argv) > 1 else "infobatch"
    torch.manual_seed(0)
    data, held_out, epochs = stripes(240, 1), stripes(120, 2), 4
    model = timm.create_model(
        "vit_tiny_patch16_224", img_size=32, patch_size=8, embed_dim=48, depth=2, num_heads=2, num_classes=4
    )
    optimizer = create_optimizer_v2(model, opt="adamw", lr=2e-3, weight_decay=0.05)
    scheduler = CosineLRScheduler(optimizer, t_initial=1000, lr_min=0, t_in_epochs=False)

    sampler = TeacherSampler(data, policy, epochs=epochs, seed=0)
    loader = DataLoader(data, batch_size=24, sampler=sampler)
    for _ in range(epochs):
        model.train()
        for images, labels in loader:
            loss = sampler.loss(F.cross_entropy(model(images), labels, reduction="none"))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step_update(round(1000 * sampler.progress))

    model.eval()
    with torch.no_grad():
        images, labels = held_out.tensors
        accuracy = (model(images).argmax(-1) == labels).float().mean().item()
    print(f"{policy}: {sampler.teacher.spending.taught} examples taught, {100 * accuracy:.1f} % right")


if __name__ == "__main__":
    main()
