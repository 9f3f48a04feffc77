#!/usr/bin/env python3
"""The ANTK of a vision transformer against PyTorch, turn by turn: a loop of backward passes, one an output of each
example, and torch.func's vmap of jacrev over the examples.

    compare.py BENCH [--examples N] [--outputs N] [--width N] [--layers N] [--rounds N] [--threads N]

BENCH is the program kernels-bench. All sides have the same weights and images, in fp32 on one thread, and end with the
same kernel in fp64, which is checked. The peers multiply derivatives parameter by parameter, or as one matrix where
that is what they have.
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

    def run(self) -> tuple[dict, torch.Tensor]:
        self.process.stdin.write("kernel\n")
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


class Peer:
    def __init__(self, scratch: str, layers: int) -> None:
        self.parameters = load_file(f"{scratch}/learner.safetensors")
        self.images, self.layers = self.parameters.pop("images"), layers

    def loop(self, count: int | None = None) -> torch.Tensor:
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
        return (rows @ rows.T).double()

    def torch_func(self, count: int | None = None) -> torch.Tensor:
        parameters = {name: value.detach() for name, value in self.parameters.items()}

        def one(p: dict, image: torch.Tensor) -> torch.Tensor:
            return logits(p, image[None], self.layers, plain_attention)[0]

        derivatives = vmap(jacrev(one), (None, 0))(parameters, self.images[:count])
        kernel = 0
        for value in derivatives.values():
            rows = value.reshape(value.shape[0] * value.shape[1], -1)
            kernel = kernel + (rows @ rows.T).double()
        return kernel


def timed(body) -> tuple[dict, torch.Tensor]:
    wall, spent = time.perf_counter(), time.process_time()
    kernel = body()
    return {"seconds": time.perf_counter() - wall, "processor": time.process_time() - spent}, kernel


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    for name, default in (("examples", 512), ("outputs", 1), ("width", 128), ("layers", 5), ("rounds", 5), ("threads", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as scratch:
        ours = Ours(options.bench, scratch, [options.examples, options.outputs, options.width, options.layers, options.threads])
        ours.run()  # warms up, and the learner lies there
        peer = Peer(scratch, options.layers)
        peer.loop(2), peer.torch_func(2)
        sides = {"ours": ours.run, "vs_loop": lambda: timed(peer.loop), "vs_torch_func": lambda: timed(peer.torch_func)}
        times = {name: [] for name in sides}
        for number in range(options.rounds):
            order = list(sides) if number % 2 == 0 else list(sides)[::-1]
            kernels = {}
            for name in order:
                taken, kernels[name] = sides[name]()
                times[name].append(taken)
            for name, kernel in kernels.items():
                error = ((kernel - kernels["vs_loop"]).norm() / kernel.norm()).item()
                if error > 1e-4:
                    sys.exit(f"round {number}: the kernel of {name} is {error:.1e} away from the loop's")
        ours.stop()
    count = sum(x.numel() for x in peer.parameters.values())
    print(f"{options.examples} examples, {options.outputs} outputs, {count} parameters, one thread, {options.rounds} rounds")
    for clock, suffix in (("processor", ""), ("seconds", ".wall")):
        print(f"{clock}: " + ", ".join(f"{name} {median(t[clock] for t in times[name]):.2f} s" for name in sides))
        for name in ("vs_loop", "vs_torch_func"):
            ratio = median(b[clock] / a[clock] for a, b in zip(times["ours"], times[name]))
            print(f"figure antk.{name}{suffix} {ratio:.3f}", flush=True)


if __name__ == "__main__":
    main()
