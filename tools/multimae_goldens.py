#!/usr/bin/env python3
"""Writes Tests/ModelsTests/Goldens/MultiMAE/*.safetensors: what PyTorch makes of tiny multi-modal masked autoencoders.

    pip install torch==2.13.0 safetensors numpy
    python3 tools/multimae_goldens.py

The reference below is written from the equations of MultiMAE (Bachmann et al., arXiv 2204.01678) and, for
positions and standardised targets, of MAE (He et al., arXiv 2111.06377), in plain functions of named weights. Each file
holds images and visible patches, and by name the weights (`weight:`), the reconstructions (`output:`), each example's
losses (`loss:`) and the gradients of a weighted mean of their sums (`gradient:`). Its metadata's one entry, `golden`,
is JSON.
"""

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

FOLDER = Path(__file__).resolve().parent.parent / "Tests" / "ModelsTests" / "Goldens" / "MultiMAE"

BASE = {
    "modalities": ["rgb", "depth", "semseg"],
    "image_size": 8,
    "patch_size": 2,
    "num_semantic_labels": 4,
    "semantic_embedding_size": 3,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "hidden_dropout_prob": 0.0,
    "layer_norm_eps": 1e-6,
    "initializer_range": 0.02,
    "num_global_tokens": 2,
    "num_visible_tokens": 11,
    "dirichlet_alpha": 1.0,
    "decoder_hidden_size": 8,
    "decoder_num_hidden_layers": 1,
    "decoder_num_attention_heads": 2,
    "decoder_intermediate_size": 12,
    "norm_pix_loss": False,
}
CASES = {
    "multimae": BASE,
    "mae": {**BASE, "modalities": ["rgb"], "num_visible_tokens": 5, "norm_pix_loss": True},
}
BATCH = 3


def shapes(c: dict) -> dict[str, tuple[int, ...]]:
    """Every weight by the name that Sources/Models/MultiMAE*.swift gives it."""
    result: dict[str, tuple[int, ...]] = {}

    def linear(name: str, inputs: int, outputs: int) -> None:
        result[f"{name}.weight"], result[f"{name}.bias"] = (outputs, inputs), (outputs,)

    def norm(name: str, width: int) -> None:
        result[f"{name}.weight"], result[f"{name}.bias"] = (width,), (width,)

    def attention(name: str, width: int) -> None:
        for part in ("attention.query", "attention.key", "attention.value", "output.dense"):
            linear(f"{name}.{part}", width, width)

    def mlp(name: str, width: int, inner: int) -> None:
        linear(f"{name}.intermediate.dense", width, inner)
        linear(f"{name}.output.dense", inner, width)

    def block(name: str, width: int, inner: int) -> None:
        norm(f"{name}.layernorm_before", width)
        attention(f"{name}.attention", width)
        norm(f"{name}.layernorm_after", width)
        mlp(name, width, inner)

    width, area = c["hidden_size"], c["patch_size"] ** 2
    inputs = {"rgb": 3, "depth": 1, "semseg": c["semantic_embedding_size"]}
    outputs = {"rgb": 3, "depth": 1, "semseg": c["num_semantic_labels"]}
    for m in c["modalities"]:
        linear(f"multimae.embeddings.{m}.projection", inputs[m] * area, width)
    if "semseg" in c["modalities"]:
        result["multimae.embeddings.semseg.class_embeddings.weight"] = (
            c["num_semantic_labels"], c["semantic_embedding_size"])
    result["multimae.embeddings.global_tokens"] = (1, c["num_global_tokens"], width)
    for i in range(c["num_hidden_layers"]):
        block(f"multimae.encoder.layer.{i}", width, c["intermediate_size"])
    inner_width, inner = c["decoder_hidden_size"], c["decoder_intermediate_size"]
    for m in c["modalities"]:
        name = f"decoders.{m}"
        linear(f"{name}.context_projection", width, inner_width)
        result[f"{name}.mask_token"] = (1, 1, inner_width)
        result[f"{name}.modality_embeddings"] = (len(c["modalities"]), inner_width)
        for part in ("query_norm", "context_norm", "output_norm"):
            norm(f"{name}.{part}", inner_width)
        attention(f"{name}.cross_attention", inner_width)
        mlp(name, inner_width, inner)
        for i in range(c["decoder_num_hidden_layers"]):
            block(f"{name}.layer.{i}", inner_width, inner)
        linear(f"{name}.projection", inner_width, outputs[m] * area)
    return result


class Reference:
    """The network as functions of its weights."""

    def __init__(self, c: dict, weights: dict[str, torch.Tensor]) -> None:
        self.c, self.w = c, weights
        self.side = c["image_size"] // c["patch_size"]
        self.patches = self.side**2

    def linear(self, name: str, x: torch.Tensor) -> torch.Tensor:
        return x @ self.w[f"{name}.weight"].T + self.w[f"{name}.bias"]

    def norm(self, name: str, x: torch.Tensor) -> torch.Tensor:
        centered = x - x.mean(-1, keepdim=True)
        scaled = centered / (centered.square().mean(-1, keepdim=True) + self.c["layer_norm_eps"]).sqrt()
        return scaled * self.w[f"{name}.weight"] + self.w[f"{name}.bias"]

    def attention(self, name: str, x: torch.Tensor, context: torch.Tensor, heads: int) -> torch.Tensor:
        def split(part: str, y: torch.Tensor) -> torch.Tensor:
            return self.linear(f"{name}.attention.{part}", y).unflatten(-1, (heads, -1)).transpose(1, 2)

        q, k, v = split("query", x), split("key", context), split("value", context)
        weights = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-1)
        return self.linear(f"{name}.output.dense", (weights @ v).transpose(1, 2).flatten(2))

    def mlp(self, name: str, x: torch.Tensor) -> torch.Tensor:
        return self.linear(f"{name}.output.dense", F.gelu(self.linear(f"{name}.intermediate.dense", x)))

    def block(self, name: str, x: torch.Tensor, heads: int) -> torch.Tensor:
        before = self.norm(f"{name}.layernorm_before", x)
        x = x + self.attention(f"{name}.attention", before, before, heads)
        return x + self.mlp(name, self.norm(f"{name}.layernorm_after", x))

    def positions(self, width: int) -> torch.Tensor:
        quarter = width // 4
        table = torch.zeros(self.patches, width, dtype=torch.float64)
        for patch in range(self.patches):
            row, column = divmod(patch, self.side)
            for k in range(quarter):
                rate = 10000.0 ** (-k / quarter)
                table[patch, k], table[patch, quarter + k] = math.sin(column * rate), math.cos(column * rate)
                table[patch, 2 * quarter + k] = math.sin(row * rate)
                table[patch, 3 * quarter + k] = math.cos(row * rate)
        return table.float()

    def patchify(self, x: torch.Tensor) -> torch.Tensor:
        """[B, C, H, W] to [B, N, C * P * P], by unfolding."""
        return F.unfold(x, self.c["patch_size"], stride=self.c["patch_size"]).transpose(1, 2)

    def encode(self, images: dict[str, torch.Tensor], visible: torch.Tensor) -> torch.Tensor:
        tokens = []
        for m in self.c["modalities"]:
            pixels = images[m]
            if m == "semseg":
                pixels = self.w["multimae.embeddings.semseg.class_embeddings.weight"][pixels].permute(0, 3, 1, 2)
            projected = self.linear(f"multimae.embeddings.{m}.projection", self.patchify(pixels))
            tokens.append(projected + self.positions(self.c["hidden_size"]))
        x = torch.cat(tokens, 1)
        x = torch.stack([row[chosen] for row, chosen in zip(x, visible)])
        x = torch.cat([self.w["multimae.embeddings.global_tokens"].expand(len(x), -1, -1), x], 1)
        for i in range(self.c["num_hidden_layers"]):
            x = self.block(f"multimae.encoder.layer.{i}", x, self.c["num_attention_heads"])
        return x

    def decode(self, m: str, encoded: torch.Tensor, visible: torch.Tensor) -> torch.Tensor:
        name, heads, g = f"decoders.{m}", self.c["decoder_num_attention_heads"], self.c["num_global_tokens"]
        context = self.linear(f"{name}.context_projection", encoded)
        places = torch.cat([row + self.positions(self.c["decoder_hidden_size"])
                            for row in self.w[f"{name}.modality_embeddings"]])
        first = self.c["modalities"].index(m) * self.patches
        queries, keys = [], []
        for example, chosen in zip(context, visible):
            place_of = {int(patch): g + place for place, patch in enumerate(chosen)}
            rows = [example[place_of[first + n]] if first + n in place_of else self.w[f"{name}.mask_token"][0, 0]
                    for n in range(self.patches)]
            queries.append(torch.stack(rows) + places[first:first + self.patches])
            keys.append(torch.cat([example[:g], example[g:] + places[chosen]]))
        x = self.attention(f"{name}.cross_attention", self.norm(f"{name}.query_norm", torch.stack(queries)),
                           self.norm(f"{name}.context_norm", torch.stack(keys)), heads)
        x = x + self.mlp(name, self.norm(f"{name}.output_norm", x))
        for i in range(self.c["decoder_num_hidden_layers"]):
            x = self.block(f"{name}.layer.{i}", x, heads)
        return self.linear(f"{name}.projection", x)

    def loss(self, m: str, found: torch.Tensor, pixels: torch.Tensor, visible: torch.Tensor) -> torch.Tensor:
        first = self.c["modalities"].index(m) * self.patches
        result = []
        for b in range(len(found)):
            masked = [n for n in range(self.patches) if first + n not in visible[b].tolist()]
            if m == "semseg":
                target = self.patchify(pixels[b : b + 1, None].double())[0].long()
                logits = found[b].unflatten(-1, (self.c["num_semantic_labels"], -1))  # [N, C, P * P]
                errors = -logits.log_softmax(1).gather(1, target[:, None])[:, 0]
            else:
                target = self.patchify(pixels[b : b + 1])[0]
                if m == "rgb" and self.c["norm_pix_loss"]:
                    target = (target - target.mean(-1, keepdim=True)) / (target.var(-1, keepdim=True) + 1e-6).sqrt()
                errors = (found[b] - target).square() if m == "rgb" else (found[b] - target).abs()
            result.append(errors.mean(-1)[masked].mean() if masked else errors.sum() * 0)
        return torch.stack(result)


def write(name: str, c: dict, generator: torch.Generator) -> None:
    def normal(shape: tuple[int, ...]) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    weights = {}
    for key, shape in shapes(c).items():
        # No weight stays at zero or one: what a wrong implementation leaves out must show.
        center = 1.0 if "norm" in key and key.endswith("weight") else 0.0
        weights[key] = (center + 0.3 * normal(shape)).requires_grad_()
    size = c["image_size"]
    images = {"rgb": normal((BATCH, 3, size, size)), "depth": normal((BATCH, 1, size, size)),
              "semseg": torch.randint(c["num_semantic_labels"], (BATCH, size, size), generator=generator)}
    reference = Reference(c, weights)
    total = len(c["modalities"]) * reference.patches
    visible = torch.stack([torch.randperm(total, generator=generator)[: c["num_visible_tokens"]].sort().values
                           for _ in range(BATCH)])
    example_weights = torch.tensor([0.5, 1.0, 2.0])
    encoded = reference.encode(images, visible)
    outputs = {m: reference.decode(m, encoded, visible) for m in c["modalities"]}
    losses = {m: reference.loss(m, outputs[m], images[m], visible) for m in c["modalities"]}
    (sum(losses.values()) * example_weights).mean().backward()
    tensors = {f"image:{m}": images[m] for m in c["modalities"]}
    tensors |= {"visible": visible, "example_weights": example_weights, "encoded": encoded}
    tensors |= {f"output:{m}": outputs[m] for m in outputs} | {f"loss:{m}": losses[m] for m in losses}
    tensors |= {f"weight:{key}": value for key, value in weights.items()}
    tensors |= {f"gradient:{key}": value.grad for key, value in weights.items()}
    FOLDER.mkdir(parents=True, exist_ok=True)
    described = json.dumps({"configuration": c, "torch": torch.__version__})
    save_file({k: v.detach().contiguous() for k, v in tensors.items()}, FOLDER / f"{name}.safetensors",
              metadata={"golden": described})


def main() -> None:
    generator = torch.Generator().manual_seed(220401678)
    for name, configuration in CASES.items():
        write(name, configuration, generator)


if __name__ == "__main__":
    main()
