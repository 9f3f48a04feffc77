"""A recipe of train.py as a plain PyTorch script: the same data, model, optimiser and schedule, at PyTorch's defaults.

    train_peer.py RECIPE.json
"""

import json
import math
import sys
from pathlib import Path

import numpy
import torch
from peer_decoders import GPT2
from peer_vision import ViT
from torch import nn


def digits(c):
    """Images in [-1, 1], as `attent` gives them, and labels; a quarter of them held out."""
    table = torch.from_numpy(numpy.loadtxt(c["path"], delimiter=",", dtype=numpy.float32))
    table = table[torch.randperm(len(table))]
    images, labels = table[:, :64].view(-1, 1, 8, 8) / 8 - 1, table[:, 64].long()
    held_out = int(len(table) * c["test_share"])
    return [images[held_out:], labels[held_out:]], [images[:held_out], labels[:held_out]]


def characters(c):
    """Blocks of context + 1 characters, each beginning with the last one of the block before; the last ones held out."""
    text = Path(c["path"]).read_text()
    ids = {character: i for i, character in enumerate(sorted(set(text)))}
    tokens = torch.tensor([ids[character] for character in text])
    blocks = tokens.unfold(0, c["context"] + 1, c["context"])
    kept = len(blocks) - int(len(blocks) * c["test_share"])
    return [blocks[:kept][: c["limit"]]], [blocks[kept:]]


def initialized(model, deviation):
    for module in model.modules():
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.trunc_normal_(module.weight, std=deviation)
            if getattr(module, "bias", None) is not None:
                nn.init.zeros_(module.bias)
    for parameter in (getattr(model, name, None) for name in ("token", "positions")):
        if parameter is not None:
            nn.init.trunc_normal_(parameter, std=deviation)
    return model


def make(recipe):
    c = dict(recipe["model"])
    deviation = c.get("initializer_range", 0.02)
    if c["kind"] == "vit":
        return initialized(ViT(c | {"layer_norm_eps": 1e-12}), deviation), digits(recipe["data"])
    training, held_out = characters(recipe["data"])
    c |= {"vocab_size": 65, "n_inner": 4 * c["n_embd"], "layer_norm_epsilon": 1e-5}
    return initialized(GPT2(c), deviation), (training, held_out)


def rate(progress, c):
    if progress < c["warmup"]:
        return c["learning_rate"] * progress / c["warmup"]
    return c["learning_rate"] * 0.5 * (1 + math.cos(math.pi * (progress - c["warmup"]) / (1 - c["warmup"])))


def train(model, data, c):
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    others = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, fused=True)
    size, count = c["batch_size"], len(data[0])
    total, step = c["epochs"] * math.ceil(count / size), 0
    for _ in range(c["epochs"]):
        for batch in torch.randperm(count).split(size):
            for group in optimizer.param_groups:
                group["lr"] = rate(step / total, c)
            loss = model(*(part[batch] for part in data)).mean()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0, foreach=True)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            step += 1


@torch.no_grad()
def evaluate(model, data):
    losses = [model(*batch) for batch in zip(*(part.split(256) for part in data))]
    return torch.cat(losses).mean().item()


def main():
    recipe = json.loads(Path(sys.argv[1]).read_text())
    settings = recipe["training"]
    torch.set_num_threads(settings["threads"])
    torch.manual_seed(settings["seed"])
    model, (training, held_out) = make(recipe)
    train(model, training, settings)
    print(json.dumps({"loss": evaluate(model, held_out)}))


main()
