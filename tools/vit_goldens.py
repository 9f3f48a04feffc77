#!/usr/bin/env python3
"""Writes Tests/ModelsTests/Goldens/vit.safetensors: what PyTorch and Hugging Face make of a tiny vision transformer.

    pip install torch==2.13.0 transformers safetensors numpy
    python3 tools/vit_goldens.py

The file holds the images and labels, and under the names of Hugging Face's own model.safetensors the weights
(`weight:`), the gradients of the mean cross-entropy (`gradient:`) and the weights after a few AdamW steps
(`trained:`); besides, the logits of the class token, of the mean of the patches and of a subset of the patches, and
each step's loss and gradient norm. Its metadata's one entry, `golden`, is JSON: the configuration, the
optimiser's settings and the versions that made it.
"""

import copy
import json
import tempfile
from pathlib import Path

import numpy
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import ViTConfig, ViTForImageClassification

GOLDEN = Path(__file__).resolve().parent.parent / "Tests" / "ModelsTests" / "Goldens" / "vit.safetensors"

CONFIGURATION = {
    "image_size": 8,
    "patch_size": 2,
    "num_channels": 3,
    "num_labels": 5,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "hidden_dropout_prob": 0.0,
    "layer_norm_eps": 1e-6,
    "initializer_range": 0.02,
}
# The loss does not depend on the keys' biases, so their gradients are rounding noise; an epsilon well above it keeps
# AdamW from blowing that noise up to full steps. Rate and decay are large so that each leaves its mark in few steps.
OPTIMIZER = {
    "steps": 5,
    "learning_rate": 1e-2,
    "beta1": 0.9,
    "beta2": 0.95,
    "epsilon": 1e-4,
    "weight_decay": 0.3,
    "maximum_norm": 1.0,
}
BATCH, SUBSET = 4, 7


def expected_names() -> set[str]:
    """The key names that Sources/Models/ViT.swift gives its weights."""
    layer = ["layernorm_before", "attention.attention.query", "attention.attention.key", "attention.attention.value"]
    layer += ["attention.output.dense", "layernorm_after", "intermediate.dense", "output.dense"]
    modules = ["vit.embeddings.patch_embeddings.projection", "vit.layernorm", "classifier"]
    for index in range(CONFIGURATION["num_hidden_layers"]):
        modules += [f"vit.encoder.layer.{index}.{name}" for name in layer]
    names = {f"{module}.{kind}" for module in modules for kind in ("weight", "bias")}
    return names | {"vit.embeddings.cls_token", "vit.embeddings.position_embeddings"}


def on_disk(model: torch.nn.Module, values: list[torch.Tensor]) -> dict[str, torch.Tensor]:
    """`values`, one a parameter, under the names that the model's own checkpoint gives the parameters."""
    carrier = copy.deepcopy(model)
    with torch.no_grad():
        for parameter, value in zip(carrier.parameters(), values, strict=True):
            parameter.copy_(value)
    with tempfile.TemporaryDirectory() as folder:
        carrier.save_pretrained(folder)
        tensors = load_file(Path(folder) / "model.safetensors")
    assert set(tensors) == expected_names(), f"unexpected names: {set(tensors) ^ expected_names()}"
    return tensors


def make_model(generator: torch.Generator) -> ViTForImageClassification:
    model = ViTForImageClassification(ViTConfig(**CONFIGURATION, attn_implementation="eager")).train()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            # No weight stays at zero or one: what a wrong implementation leaves out must show.
            center = 1.0 if "norm" in name and name.endswith("weight") else 0.0
            parameter.copy_(center + 0.3 * torch.randn(parameter.shape, generator=generator))
    return model


def subset_logits(model: ViTForImageClassification, images: torch.Tensor, subset: torch.Tensor) -> torch.Tensor:
    def keep(module: torch.nn.Module, inputs: tuple, output: torch.Tensor) -> torch.Tensor:
        index = subset.unsqueeze(-1).expand(-1, -1, output.shape[-1])
        return torch.cat([output[:, :1], output[:, 1:].gather(1, index)], dim=1)

    hook = model.vit.embeddings.register_forward_hook(keep)
    logits = model(images).logits
    hook.remove()
    return logits


def train(model: ViTForImageClassification, images: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
    parameters = list(model.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": OPTIMIZER["weight_decay"]},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    betas = (OPTIMIZER["beta1"], OPTIMIZER["beta2"])
    adamw = torch.optim.AdamW(groups, lr=OPTIMIZER["learning_rate"], betas=betas, eps=OPTIMIZER["epsilon"])
    losses, norms = [], []
    for _ in range(OPTIMIZER["steps"]):
        loss = torch.nn.functional.cross_entropy(model(images).logits, labels)
        adamw.zero_grad()
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(parameters, OPTIMIZER["maximum_norm"]))
        adamw.step()
        losses.append(loss.detach())
    return {"losses": torch.stack(losses), "norms": torch.stack(norms)}


def main() -> None:
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(20102011929)
    model = make_model(generator)
    parameters = list(model.parameters())
    size, patches = CONFIGURATION["image_size"], (CONFIGURATION["image_size"] // CONFIGURATION["patch_size"]) ** 2
    images = torch.randn(BATCH, CONFIGURATION["num_channels"], size, size, generator=generator)
    labels = torch.randint(CONFIGURATION["num_labels"], (BATCH,), generator=generator)
    subset = torch.stack([torch.randperm(patches, generator=generator)[:SUBSET].sort().values for _ in range(BATCH)])

    logits = model(images).logits
    golden = {"images": images, "labels": labels, "subset": subset, "logits": logits}
    golden["logits.subset"] = subset_logits(model, images, subset)
    golden["logits.mean"] = model.classifier(model.vit(images).last_hidden_state[:, 1:].mean(1))
    gradients = torch.autograd.grad(torch.nn.functional.cross_entropy(logits, labels), parameters)
    golden |= {f"weight:{name}": value for name, value in on_disk(model, parameters).items()}
    golden |= {f"gradient:{name}": value for name, value in on_disk(model, list(gradients)).items()}
    golden |= train(model, images, labels)
    golden |= {f"trained:{name}": value for name, value in on_disk(model, parameters).items()}

    about = {
        "configuration": CONFIGURATION | {"pooling": "cls"},
        "optimizer": OPTIMIZER,
        "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "numpy": numpy.__version__},
    }
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.detach().contiguous() for name, value in golden.items()}
    save_file(tensors, GOLDEN, {"golden": json.dumps(about)})
    print(f"{GOLDEN}: {len(golden)} tensors, {GOLDEN.stat().st_size} bytes")


if __name__ == "__main__":
    main()
