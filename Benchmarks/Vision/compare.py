#!/usr/bin/env python3
"""Data loading against torchvision and MultiMAE's encoder against eager PyTorch, the two sides in turn.

    compare.py BENCH [--rounds N] [--images N] [--folder FOLDER]

BENCH is the program vision-bench. Without a folder of class folders, JPEG images are made for the measurement.
"""

import argparse
import json
import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn

# torchvision's own C++ operators (boxes, codecs) are not needed here, and where its wheel was built beside another build of
# torch they do not load: their shapes then cannot be registered either.
_register = torch.library.register_fake
torch.library.register_fake = lambda name, *rest, **more: (
    (lambda function: function) if str(name).startswith("torchvision::") else _register(name, *rest, **more)
)
from torchvision import datasets, transforms  # noqa: E402

BATCH, SIDE = 64, 112
LAYERS, HEADS, GLOBAL, PATCH, EPSILON = 6, 3, 1, 4, 1e-6


class Ours:
    """The Swift program, asked line by line."""

    def __init__(self, program: str) -> None:
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, command: str) -> dict:
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"vision-bench ended early on {command}")
        return json.loads(line)


def timed(body) -> dict:
    """Wall and processor seconds, those of worker processes that have ended included."""

    def processor() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + children.ru_utime + children.ru_stime

    wall, spent = time.perf_counter(), processor()
    value = body()
    return {"seconds": time.perf_counter() - wall, "processor": processor() - spent, "value": value}


def make_images(folder: Path, count: int) -> None:
    """JPEG files of 320 x 240 pixels in four classes: smooth colours with some noise, as large as photographs of that
    size are."""
    generator = torch.Generator().manual_seed(1)
    to_image = transforms.ToPILImage()
    for number in range(count):
        smooth = F.interpolate(torch.rand(1, 3, 12, 16, generator=generator), (240, 320), mode="bicubic")[0]
        image = (smooth + 0.05 * torch.randn(3, 240, 320, generator=generator)).clamp(0, 1)
        file = folder / f"class{number % 4}" / f"{number:05}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        to_image(image).save(file, quality=90)


def load(folder: Path) -> float:
    """One pass of torchvision's ImageFolder under a DataLoader with a worker a core."""
    steps = transforms.Compose(
        [transforms.Resize((SIDE, SIDE)), transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)])
    loader = torch.utils.data.DataLoader(
        datasets.ImageFolder(str(folder), steps), batch_size=BATCH, num_workers=os.cpu_count())
    total, count = 0.0, 0
    for images, _ in loader:
        total += images[:, 0, 0, 0].double().sum().item()
        count += len(images)
    return total / count


class Block(nn.Module):
    """One projection for queries, keys and values, as in timm."""

    def __init__(self, w: dict[str, torch.Tensor], prefix: str) -> None:
        super().__init__()

        def linear(*names: str) -> nn.Linear:
            weight = torch.cat([w[f"{prefix}.{name}.weight"] for name in names])
            layer = nn.Linear(weight.shape[1], weight.shape[0])
            layer.weight.data, layer.bias.data = weight, torch.cat([w[f"{prefix}.{name}.bias"] for name in names])
            return layer

        def norm(name: str) -> nn.LayerNorm:
            layer = nn.LayerNorm(len(w[f"{prefix}.{name}.bias"]), eps=EPSILON)
            layer.weight.data, layer.bias.data = w[f"{prefix}.{name}.weight"], w[f"{prefix}.{name}.bias"]
            return layer

        self.before, self.after = norm("layernorm_before"), norm("layernorm_after")
        self.qkv = linear(*(f"attention.attention.{part}" for part in ("query", "key", "value")))
        self.output = linear("attention.output.dense")
        self.inner, self.outer = linear("intermediate.dense"), linear("output.dense")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, length, width = x.shape
        query, key, value = self.qkv(self.before(x)).view(batch, length, 3, HEADS, -1).permute(2, 0, 3, 1, 4).unbind(0)
        attended = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(batch, length, width)
        h = x + self.output(attended)
        return h + self.outer(F.gelu(self.inner(self.after(h))))


class Encoder(nn.Module):
    def __init__(self, file: dict[str, torch.Tensor]) -> None:
        super().__init__()
        embeddings = "embeddings."
        for name in ("rgb", "depth", "semseg"):
            for part in ("weight", "bias"):
                self.register_parameter(
                    f"{name}_{part}", nn.Parameter(file[f"{embeddings}{name}.projection.{part}"]))
        self.classes = nn.Parameter(file[f"{embeddings}semseg.class_embeddings.weight"])
        self.tokens = nn.Parameter(file[f"{embeddings}global_tokens"])
        self.blocks = nn.ModuleList(Block(file, f"encoder.layer.{i}") for i in range(LAYERS))
        self.images = {name: file[f"image:{name}"] for name in ("rgb", "depth", "semseg")}
        self.visible = file["visible"]
        self.register_buffer("positions", self.sine_cosine(self.tokens.shape[-1], 32 // PATCH))

    @staticmethod
    def sine_cosine(width: int, side: int) -> torch.Tensor:
        rates = 10000.0 ** (-torch.arange(width // 4, dtype=torch.float64) / (width // 4))
        row, column = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
        angles = [column.flatten()[:, None] * rates, row.flatten()[:, None] * rates]
        return torch.cat([f(angle) for angle in angles for f in (torch.sin, torch.cos)], 1).float()

    def forward(self) -> torch.Tensor:
        tokens = []
        for name in ("rgb", "depth", "semseg"):
            pixels = self.images[name]
            if name == "semseg":
                pixels = F.embedding(pixels, self.classes).permute(0, 3, 1, 2)
            patches = F.unfold(pixels, PATCH, stride=PATCH).transpose(1, 2)
            tokens.append(F.linear(patches, getattr(self, f"{name}_weight"), getattr(self, f"{name}_bias")))
        x = torch.cat([part + self.positions for part in tokens], 1)
        x = x.gather(1, self.visible[..., None].expand(-1, -1, x.shape[-1]))
        x = torch.cat([self.tokens.expand(len(x), -1, -1), x], 1)
        for block in self.blocks:
            x = block(x)
        return x.square().mean()

    def step(self) -> float:
        loss = self()
        loss.backward()
        value = loss.item()
        return value

    def clear(self) -> None:
        self.zero_grad(set_to_none=True)


def in_turn(rounds: int, ours, theirs, tolerance: float, what: str) -> list[tuple[dict, dict]]:
    """Pairs of measurements; neither side is always first. Two computations that differ would mean nothing."""
    pairs = []
    for round in range(rounds + 1):
        if round % 2 == 0:
            mine, other = ours(), theirs()
        else:
            other, mine = theirs(), ours()
        if not abs(mine["value"] - other["value"]) <= tolerance:
            raise SystemExit(f"{what}: ours comes to {mine['value']}, the peer's to {other['value']}")
        pairs.append((mine, other))
    return pairs[1:]  # the first one warms up


def report(name: str, unit: str, count: int, pairs: list[tuple[dict, dict]]) -> None:
    """`clock` is the one that the figure is of; the other stands beside it."""
    for clock in ("seconds", "processor"):
        mine, other = (median(pair[side][clock] for pair in pairs) for side in (0, 1))
        ratio = median(theirs[clock] / ours[clock] for ours, theirs in pairs)
        print(f"{name}, {clock}: ours {count / mine:.1f} {unit} a second, the peer's {count / other:.1f}", flush=True)
        suffix = "" if clock == "seconds" else ".processor"
        print(f"figure {name}{suffix} {ratio:.3f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    ours = Ours(options.bench)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch) / "images"
        if options.folder is None:
            make_images(folder, options.images)
        count = sum(1 for file in folder.glob("*/*"))
        # Pillow decodes and rounds between its two passes: means differ by less than one level of 255.
        pairs = in_turn(
            options.rounds, lambda: ours.ask(f"load {folder}"), lambda: timed(lambda: load(folder)), 2 / 255, "loader")
        report("loader.vs_torchvision", "images", count, pairs)
        file = Path(scratch) / "encoder.safetensors"
        ours.ask(f"weights {file}")
        peer = Encoder(load_file(file))

        def step() -> dict:
            result = timed(peer.step)
            peer.clear()
            return result

        pairs = in_turn(3 * options.rounds, lambda: ours.ask("step"), step, 1e-4, "encoder")
        report("encoder.step.vs_eager", "steps", 1, pairs)


if __name__ == "__main__":
    main()
