"""The same vision transformer in PyTorch, at its best settings, driven line by line by engine-bench.

Each line on standard input is a command, each answer one JSON object on standard output.
"""

import json
import sys
import time

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import nn


class Attention(nn.Module):
    """One projection for queries, keys and values, as in timm."""

    def __init__(self, width, heads):
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)
        self.heads = heads

    def forward(self, x):
        batch, length, width = x.shape
        query, key, value = self.qkv(x).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        attended = F.scaled_dot_product_attention(query, key, value)
        return self.output(attended.transpose(1, 2).reshape(batch, length, width))


class Block(nn.Module):
    def __init__(self, width, heads, inner, epsilon):
        super().__init__()
        self.before, self.after = nn.LayerNorm(width, eps=epsilon), nn.LayerNorm(width, eps=epsilon)
        self.attention = Attention(width, heads)
        self.intermediate, self.output = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x):
        h = x + self.attention(self.before(x))
        return h + self.output(F.gelu(self.intermediate(self.after(h))))


class ViT(nn.Module):
    def __init__(self, c):
        super().__init__()
        width, patch = c["hidden_size"], c["patch_size"]
        count = (c["image_size"] // patch) ** 2
        self.patch = patch
        self.token = nn.Parameter(torch.empty(1, 1, width))
        self.positions = nn.Parameter(torch.empty(1, 1 + count, width))
        self.projection = nn.Linear(c["num_channels"] * patch * patch, width)
        self.blocks = nn.ModuleList(
            Block(width, c["num_attention_heads"], c["intermediate_size"], c["layer_norm_eps"])
            for _ in range(c["num_hidden_layers"])
        )
        self.norm = nn.LayerNorm(width, eps=c["layer_norm_eps"])
        self.classifier = nn.Linear(width, c["num_labels"])

    def forward(self, images):
        x = self.projection(F.unfold(images, self.patch, stride=self.patch).transpose(1, 2))
        x = torch.cat([self.token.expand(len(images), -1, -1), x], 1) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.classifier(self.norm(x)[:, 0])


def weights(file, layers):
    """The weights in the names of this file, from Hugging Face's."""
    names = {"token": "vit.embeddings.cls_token", "positions": "vit.embeddings.position_embeddings"}
    result = {here: file[there] for here, there in names.items()}
    projection = "vit.embeddings.patch_embeddings.projection"
    result["projection.weight"] = file[f"{projection}.weight"].flatten(1)
    result["projection.bias"] = file[f"{projection}.bias"]
    modules = {"norm": "vit.layernorm", "classifier": "classifier"}
    for i in range(layers):
        here, there = f"blocks.{i}", f"vit.encoder.layer.{i}"
        modules[f"{here}.before"] = f"{there}.layernorm_before"
        modules[f"{here}.after"] = f"{there}.layernorm_after"
        modules[f"{here}.attention.output"] = f"{there}.attention.output.dense"
        modules[f"{here}.intermediate"] = f"{there}.intermediate.dense"
        modules[f"{here}.output"] = f"{there}.output.dense"
        for part in ("weight", "bias"):
            parts = [file[f"{there}.attention.attention.{name}.{part}"] for name in ("query", "key", "value")]
            result[f"{here}.attention.qkv.{part}"] = torch.cat(parts)
    for here, there in modules.items():
        for part in ("weight", "bias"):
            result[f"{here}.{part}"] = file[f"{there}.{part}"]
    return result


class Session:
    def __init__(self, settings):
        file = load_file(settings["file"])
        model = ViT(settings["model"])
        model.load_state_dict({k: v.clone() for k, v in weights(file, settings["model"]["num_hidden_layers"]).items()})
        self.images, self.labels = file["images"], file["labels"]
        self.parameters = list(model.parameters())
        torch.set_float32_matmul_precision(settings["matmul"])
        self.autocast = torch.autocast("cpu", torch.bfloat16, enabled=settings["bf16"])
        optimizer = settings["optimizer"]
        self.clip = optimizer["clip"]
        groups = [
            {"params": [p for n, p in model.named_parameters() if p.dim() >= 2], "weight_decay": optimizer["decay"]},
            {"params": [p for n, p in model.named_parameters() if p.dim() < 2], "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=optimizer["rate"], betas=(0.9, 0.999), eps=1e-8, fused=True)
        self.model = torch.compile(model) if settings["compile"] else model
        self.clock = time.process_time if settings["clock"] == "processor" else time.perf_counter

    def losses(self, index):
        with self.autocast:
            logits = self.model(self.images[index])
        return F.cross_entropy(logits.float(), self.labels[index], reduction="none")

    def step(self, index):
        start = self.clock()
        loss = self.losses(index).mean()
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, self.clip, foreach=True)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        value = loss.item()
        return {"seconds": self.clock() - start, "loss": value}

    def score(self, index):
        start = self.clock()
        with torch.no_grad():
            scores = self.losses(index).tolist()
        return {"seconds": self.clock() - start, "loss": sum(scores) / len(scores)}


def reset_peak():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def peak_bytes():
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def main():
    session = None
    for line in sys.stdin:
        command, argument = line.split(" ", 1)
        try:
            if command == "load":
                settings = json.loads(argument)
                torch.set_num_threads(settings["threads"])
                reset_peak()
                session, answer = Session(settings), {}
            elif command == "peak":
                answer = {"bytes": peak_bytes()}
            else:
                answer = (session.step if command == "step" else session.score)(int(argument))
        except Exception as error:
            answer = {"error": " ".join(f"{type(error).__name__}: {error}".split())[:300]}
        print(json.dumps(answer), flush=True)


main()
