"""The models of engine-bench as plain PyTorch modules, and their weights from Hugging Face's names.

Each takes the inputs of a batch and returns the loss of each of its examples, fp32 [B].
"""

import torch
import torch.nn.functional as F
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


def named(file, modules):
    """Weights and biases of modules, by this file's names and those of the weights' file."""
    return {f"{here}.{part}": file[f"{there}.{part}"] for here, there in modules.items() for part in ("weight", "bias")}


def block_weights(file, prefix, layers):
    result, modules = {}, {}
    for i in range(layers):
        here, there = f"blocks.{i}", f"{prefix}.{i}"
        modules[f"{here}.before"] = f"{there}.layernorm_before"
        modules[f"{here}.after"] = f"{there}.layernorm_after"
        modules[f"{here}.attention.output"] = f"{there}.attention.output.dense"
        modules[f"{here}.intermediate"] = f"{there}.intermediate.dense"
        modules[f"{here}.output"] = f"{there}.output.dense"
        for part in ("weight", "bias"):
            parts = [file[f"{there}.attention.attention.{name}.{part}"] for name in ("query", "key", "value")]
            result[f"{here}.attention.qkv.{part}"] = torch.cat(parts)
    return result | named(file, modules)


def blocks(c):
    return nn.ModuleList(
        Block(c["hidden_size"], c["num_attention_heads"], c["intermediate_size"], c["layer_norm_eps"])
        for _ in range(c["num_hidden_layers"])
    )


class ViT(nn.Module):
    inputs = ("images", "labels")

    def __init__(self, c):
        super().__init__()
        width, patch = c["hidden_size"], c["patch_size"]
        count = (c["image_size"] // patch) ** 2
        self.patch = patch
        self.token = nn.Parameter(torch.empty(1, 1, width))
        self.positions = nn.Parameter(torch.empty(1, 1 + count, width))
        self.projection = nn.Linear(c["num_channels"] * patch * patch, width)
        self.blocks = blocks(c)
        self.norm = nn.LayerNorm(width, eps=c["layer_norm_eps"])
        self.classifier = nn.Linear(width, c["num_labels"])

    def forward(self, images, labels):
        x = self.projection(F.unfold(images, self.patch, stride=self.patch).transpose(1, 2))
        x = torch.cat([self.token.expand(len(images), -1, -1), x], 1) + self.positions
        for block in self.blocks:
            x = block(x)
        return F.cross_entropy(self.classifier(self.norm(x)[:, 0]).float(), labels, reduction="none")

    @staticmethod
    def weights(file, c):
        names = {"token": "vit.embeddings.cls_token", "positions": "vit.embeddings.position_embeddings"}
        result = {here: file[there] for here, there in names.items()}
        projection = "vit.embeddings.patch_embeddings.projection"
        result["projection.weight"] = file[f"{projection}.weight"].flatten(1)
        result["projection.bias"] = file[f"{projection}.bias"]
        result |= named(file, {"norm": "vit.layernorm", "classifier": "classifier"})
        return result | block_weights(file, "vit.encoder.layer", c["num_hidden_layers"])


class Encoder(nn.Module):
    """The encoder of a masked autoencoder of colours: visible patches, fixed sine-cosine positions, one global token."""

    inputs = ("images", "visible")

    def __init__(self, c):
        super().__init__()
        width, self.patch = c["hidden_size"], c["patch_size"]
        self.token = nn.Parameter(torch.empty(1, 1, width))
        self.projection = nn.Linear(c["num_channels"] * self.patch**2, width)
        self.blocks = blocks(c)
        positions = self.sine_cosine(width, c["image_size"] // self.patch)
        self.register_buffer("positions", positions, persistent=False)

    @staticmethod
    def sine_cosine(width, side):
        rates = 10000.0 ** (-torch.arange(width // 4, dtype=torch.float64) / (width // 4))
        row, column = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
        angles = [column.flatten()[:, None] * rates, row.flatten()[:, None] * rates]
        return torch.cat([f(angle) for angle in angles for f in (torch.sin, torch.cos)], 1).float()

    def forward(self, images, visible):
        x = self.projection(F.unfold(images, self.patch, stride=self.patch).transpose(1, 2)) + self.positions
        x = x.gather(1, visible[..., None].expand(-1, -1, x.shape[-1]))
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1)
        for block in self.blocks:
            x = block(x)
        return x.float().square().mean((1, 2))

    @staticmethod
    def weights(file, c):
        result = {"token": file["embeddings.global_tokens"]}
        result |= named(file, {"projection": "embeddings.rgb.projection"})
        return result | block_weights(file, "encoder.layer", c["num_hidden_layers"])
