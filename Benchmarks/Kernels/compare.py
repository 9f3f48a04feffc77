#!/usr/bin/env python3
"""The ANTK of a vision transformer against PyTorch, turn by turn: a loop of backward passes, one an output of each
example, and torch.func's vmap of jacrev over the examples.

    compare.py BENCH [--examples N] [--outputs N] [--width N] [--layers N] [--rounds N] [--threads N]

BENCH is the program kernels-bench. All sides have the same weights and images, in fp32 on as many threads, and end with the
same kernel in fp64, which is checked. The peers multiply derivatives parameter by parameter, or as one matrix where
that is what they have: in PyTorch's default kernels, in those of set_float32_matmul_precision("medium"), and rounded to
bfloat16. The latter kernel is rounded to bfloat16 again, and only told, not held to the same error.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from statistics import median

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch.func import jacrev, vmap

HEADS, PATCH = 4, 2


class Ours:
    """The Swift program, asked line by line."""

    def __init__(self, program: str, scratch: str, sizes: list[int]) -> None:
        self.process = subprocess.Popen(
            [program, scratch, *map(str, sizes)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.file = f"{scratch}/kernel.safetensors"

    def run(self, precision: str) -> tuple[dict, torch.Tensor]:
        self.process.stdin.write(precision + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("kernels-bench ended early")
        return json.loads(line), load_file(self.file)["kernel"]

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def plain_attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """What torch.func batches; of the fused kernel it makes a loop over the examples, many times slower."""
    return (q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5).softmax(-1) @ v


def logits(p: dict[str, torch.Tensor], images: torch.Tensor, layers: int, attention) -> torch.Tensor:
    """[B, 1, H, W] → [B, outputs]"""
    def linear(path, x):
        return F.linear(x, p[path + ".weight"], p[path + ".bias"])

    def norm(path, x):
        return F.layer_norm(x, x.shape[-1:], p[path + ".weight"], p[path + ".bias"], 1e-6)

    batch, width = images.shape[0], p["vit.embeddings.cls_token"].shape[-1]
    weight = p["vit.embeddings.patch_embeddings.projection.weight"]
    x = F.conv2d(images, weight, p["vit.embeddings.patch_embeddings.projection.bias"], stride=PATCH)
    x = x.flatten(2).transpose(1, 2)
    x = torch.cat([p["vit.embeddings.cls_token"].expand(batch, 1, width), x], 1)
    x = x + p["vit.embeddings.position_embeddings"]
    for i in range(layers):
        path = f"vit.encoder.layer.{i}"
        y = norm(path + ".layernorm_before", x)
        q, k, v = (
            linear(f"{path}.attention.attention.{name}", y).unflatten(-1, (HEADS, -1)).transpose(1, 2)
            for name in ("query", "key", "value"))
        y = attention(q, k, v).transpose(1, 2).flatten(2)
        x = x + linear(path + ".attention.output.dense", y)
        y = F.gelu(linear(path + ".intermediate.dense", norm(path + ".layernorm_after", x)))
        x = x + linear(path + ".output.dense", y)
    return linear("classifier", norm("vit.layernorm", x)[:, 1:].mean(1))


def product(rows: torch.Tensor, kind: str) -> torch.Tensor:
    if kind == "bfloat16":
        rows = rows.bfloat16()
    torch.set_float32_matmul_precision("medium" if kind == "medium" else "highest")
    try:
        return (rows @ rows.T).double()
    finally:
        torch.set_float32_matmul_precision("highest")


class Clock:
    def __init__(self) -> None:
        self.wall, self.spent = time.perf_counter(), time.process_time()

    def taken(self) -> dict:
        return {"seconds": time.perf_counter() - self.wall, "processor": time.process_time() - self.spent}


class Peer:
    """Derivatives as matrices of a row an output; their products are the kernel."""

    def __init__(self, scratch: str, layers: int) -> None:
        self.parameters = load_file(f"{scratch}/learner.safetensors")
        self.images, self.layers = self.parameters.pop("images"), layers

    def loop(self, count: int | None = None) -> list[torch.Tensor]:
        images = self.images[:count]
        parameters = {name: value.requires_grad_() for name, value in self.parameters.items()}
        tensors, rows = list(parameters.values()), None
        for number in range(len(images)):
            out = logits(parameters, images[number:number + 1], self.layers, F.scaled_dot_product_attention)[0]
            if rows is None:
                rows = torch.empty(len(images) * len(out), sum(x.numel() for x in tensors))
            for output, value in enumerate(out):
                gradients = torch.autograd.grad(value, tensors, retain_graph=output + 1 < len(out))
                torch.cat([x.reshape(-1) for x in gradients], out=rows[number * len(out) + output])
        return [rows]

    def torch_func(self, count: int | None = None) -> list[torch.Tensor]:
        parameters = {name: value.detach() for name, value in self.parameters.items()}

        def one(p: dict, image: torch.Tensor) -> torch.Tensor:
            return logits(p, image[None], self.layers, plain_attention)[0]

        derivatives = vmap(jacrev(one), (None, 0))(parameters, self.images[:count])
        return [value.reshape(value.shape[0] * value.shape[1], -1) for value in derivatives.values()]


KINDS = ("default", "medium", "bfloat16")


def kernels(derivatives) -> dict[str, tuple[dict, torch.Tensor]]:
    """The time of a whole kernel, and the kernel, by the kind of products: the derivatives are computed once."""
    clock = Clock()
    parts, result = derivatives(), {}
    common = clock.taken()
    for kind in KINDS:
        clock = Clock()
        kernel = sum(product(rows, kind) for rows in parts)
        result[kind] = {name: common[name] + value for name, value in clock.taken().items()}, kernel
    return result


class Comparison:
    """Times by side, taken turn by turn, and how far each side's kernel is from the loop's."""

    def __init__(self, ours: Ours, peer: Peer) -> None:
        self.ours, self.peer = ours, peer
        self.times: dict[str, list[dict]] = {}
        self.errors: dict[str, float] = {}

    def round(self, number: int) -> None:
        found = {}
        for name in ("ours", "loop", "torch_func")[::1 if number % 2 == 0 else -1]:
            if name == "ours":
                found |= {"ours": self.ours.run("auto"), "ours.full": self.ours.run("full")}
            else:
                found |= {f"{name}.{kind}": value for kind, value in kernels(getattr(self.peer, name)).items()}
        expected = found["loop.default"][1]
        for side, (taken, kernel) in found.items():
            error = ((kernel - expected).norm() / expected.norm()).item()
            if not error <= 1e-4 and not side.endswith(".bfloat16"):
                sys.exit(f"round {number}: the kernel of {side} is {error:.1e} away from the loop's")
            self.times.setdefault(side, []).append(taken)
            self.errors[side] = max(error, self.errors.get(side, 0))

    def ratio(self, side: str, clock: str, ours: str = "ours") -> float:
        return median(b[clock] / a[clock] for a, b in zip(self.times[ours], self.times[side]))

    def report(self) -> None:
        for side, times in self.times.items():
            seconds = {clock: median(t[clock] for t in times) for clock in ("processor", "seconds")}
            print(f"{side}: {seconds['processor']:.2f} s of the processor, {seconds['seconds']:.2f} s on the wall, "
                  f"{self.errors[side]:.1e} away from the loop's kernel")
        for name in ("loop", "torch_func"):
            print(f"figure antk.vs_{name} {self.ratio(name + '.default', 'processor'):.3f}")
            print(f"figure antk.vs_{name}.wall {self.ratio(name + '.default', 'seconds'):.3f}")
            print(f"figure antk.full.vs_{name} {self.ratio(name + '.default', 'processor', 'ours.full'):.3f}")
            for kind in KINDS[1:]:
                print(f"figure antk.vs_{name}_{kind} {self.ratio(f'{name}.{kind}', 'processor'):.3f}")
        print(f"figure antk.error {self.errors['ours']:.2e}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    for name, default in (("examples", 512), ("outputs", 1), ("width", 128), ("layers", 5), ("rounds", 5), ("threads", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as scratch:
        sizes = [options.examples, options.outputs, options.width, options.layers, options.threads]
        ours = Ours(options.bench, scratch, sizes)
        ours.run("auto")  # warms up, and the learner lies there
        peer = Peer(scratch, options.layers)
        for derivatives in (peer.loop, peer.torch_func):
            kernels(lambda: derivatives(2))
        comparison = Comparison(ours, peer)
        for number in range(options.rounds):
            comparison.round(number)
        ours.stop()
    count = sum(x.numel() for x in peer.parameters.values())
    print(f"{options.examples} examples, {options.outputs} outputs, {count} parameters, threads: {options.threads}, "
          f"rounds: {options.rounds}")
    comparison.report()


if __name__ == "__main__":
    main()
