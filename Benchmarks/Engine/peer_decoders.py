"""The decoders of engine-bench as plain PyTorch modules; see peer_vision.py."""

import torch
import torch.nn.functional as F
from torch import nn


def token_losses(logits, targets):
    losses = F.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), reduction="none")
    return losses.view(targets.shape).mean(1)


def extended(cache, layer, key, value):
    """Keys and values of all tokens so far, appended as transformers' DynamicCache does it."""
    if cache is None:
        return key, value
    if layer in cache:
        key, value = (torch.cat([past, new], 2) for past, new in zip(cache[layer], (key, value)))
    cache[layer] = key, value
    return key, value


class GPT2Block(nn.Module):
    def __init__(self, c, index):
        super().__init__()
        width, epsilon = c["n_embd"], c["layer_norm_epsilon"]
        self.ln_1, self.ln_2 = nn.LayerNorm(width, eps=epsilon), nn.LayerNorm(width, eps=epsilon)
        self.attention, self.attention_output = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.expansion, self.contraction = nn.Linear(width, c["n_inner"]), nn.Linear(c["n_inner"], width)
        self.heads, self.index = c["n_head"], index

    def forward(self, x, cache):
        batch, length, width = x.shape
        parts = self.attention(self.ln_1(x)).split(width, 2)
        query, key, value = (part.view(batch, length, self.heads, -1).transpose(1, 2) for part in parts)
        key, value = extended(cache, self.index, key, value)
        attended = F.scaled_dot_product_attention(query, key, value, is_causal=length > 1)
        h = x + self.attention_output(attended.transpose(1, 2).reshape(batch, length, width))
        return h + self.contraction(F.gelu(self.expansion(self.ln_2(h)), approximate="tanh"))


class GPT2(nn.Module):
    inputs = ("tokens",)

    def __init__(self, c):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(c["vocab_size"], c["n_embd"]), nn.Embedding(c["n_positions"], c["n_embd"])
        self.blocks = nn.ModuleList(GPT2Block(c, i) for i in range(c["n_layer"]))
        self.ln_f = nn.LayerNorm(c["n_embd"], eps=c["layer_norm_epsilon"])

    def logits(self, tokens, start=0, cache=None):
        x = self.wte(tokens) + self.wpe(torch.arange(start, start + tokens.shape[1]))
        for block in self.blocks:
            x = block(x, cache)
        return F.linear(self.ln_f(x), self.wte.weight)

    def forward(self, tokens):
        return token_losses(self.logits(tokens[:, :-1]), tokens[:, 1:])

    @staticmethod
    def weights(file, c):
        modules = {"ln_f": "ln_f"}
        for i in range(c["n_layer"]):
            modules |= {f"blocks.{i}.ln_1": f"h.{i}.ln_1", f"blocks.{i}.ln_2": f"h.{i}.ln_2"}
            modules |= {f"blocks.{i}.attention": f"h.{i}.attn.c_attn"}
            modules |= {f"blocks.{i}.attention_output": f"h.{i}.attn.c_proj"}
            modules |= {f"blocks.{i}.expansion": f"h.{i}.mlp.c_fc", f"blocks.{i}.contraction": f"h.{i}.mlp.c_proj"}
        result = {"wte.weight": file["transformer.wte.weight"], "wpe.weight": file["transformer.wpe.weight"]}
        for here, there in modules.items():
            weight = file[f"transformer.{there}.weight"]
            # Hugging Face's Conv1D has [in, out]; a linear map [out, in].
            result[f"{here}.weight"] = weight.t().contiguous() if weight.dim() == 2 else weight
            result[f"{here}.bias"] = file[f"transformer.{there}.bias"]
        return result


def rotated(x, cosine, sine):
    half = x.shape[-1] // 2
    return x * cosine + torch.cat([-x[..., half:], x[..., :half]], -1) * sine


class LlamaBlock(nn.Module):
    def __init__(self, c, index):
        super().__init__()
        width, size, inner, epsilon = c["hidden_size"], c["head_dim"], c["intermediate_size"], c["rms_norm_eps"]
        queries, keys = c["num_attention_heads"] * size, c["num_key_value_heads"] * size
        self.input_layernorm = nn.RMSNorm(width, eps=epsilon)
        self.post_attention_layernorm = nn.RMSNorm(width, eps=epsilon)
        self.q_proj, self.o_proj = nn.Linear(width, queries, bias=False), nn.Linear(queries, width, bias=False)
        self.k_proj, self.v_proj = nn.Linear(width, keys, bias=False), nn.Linear(width, keys, bias=False)
        self.gate_proj, self.up_proj = nn.Linear(width, inner, bias=False), nn.Linear(width, inner, bias=False)
        self.down_proj = nn.Linear(inner, width, bias=False)
        self.size, self.index, self.isGrouped = size, index, queries != keys

    def forward(self, x, cosine, sine, cache):
        batch, length, _ = x.shape
        y = self.input_layernorm(x)
        maps = (self.q_proj, self.k_proj, self.v_proj)
        query, key, value = (m(y).view(batch, length, -1, self.size).transpose(1, 2) for m in maps)
        query, key = rotated(query, cosine, sine), rotated(key, cosine, sine)
        key, value = extended(cache, self.index, key, value)
        attended = F.scaled_dot_product_attention(
            query, key, value, is_causal=length > 1, enable_gqa=self.isGrouped)
        h = x + self.o_proj(attended.transpose(1, 2).reshape(batch, length, -1))
        y = self.post_attention_layernorm(h)
        return h + self.down_proj(F.silu(self.gate_proj(y)) * self.up_proj(y))


class Llama(nn.Module):
    inputs = ("tokens",)

    def __init__(self, c):
        super().__init__()
        width = c["hidden_size"]
        self.embed_tokens = nn.Embedding(c["vocab_size"], width)
        self.layers = nn.ModuleList(LlamaBlock(c, i) for i in range(c["num_hidden_layers"]))
        self.norm = nn.RMSNorm(width, eps=c["rms_norm_eps"])
        self.lm_head = nn.Linear(width, c["vocab_size"], bias=False)
        rates = c["rope_theta"] ** (-torch.arange(0, c["head_dim"], 2).double() / c["head_dim"])
        self.register_buffer("rates", torch.cat([rates, rates]).float(), persistent=False)

    def logits(self, tokens, start=0, cache=None):
        x = self.embed_tokens(tokens)
        angles = torch.arange(start, start + tokens.shape[1])[:, None] * self.rates
        cosine, sine = angles.cos(), angles.sin()
        for layer in self.layers:
            x = layer(x, cosine, sine, cache)
        return self.lm_head(self.norm(x))

    def forward(self, tokens):
        return token_losses(self.logits(tokens[:, :-1]), tokens[:, 1:])

    @staticmethod
    def weights(file, c):
        names = {"lm_head.weight": "lm_head.weight", "norm.weight": "model.norm.weight"}
        names["embed_tokens.weight"] = "model.embed_tokens.weight"
        for i in range(c["num_hidden_layers"]):
            for part in ("input_layernorm", "post_attention_layernorm"):
                names[f"layers.{i}.{part}.weight"] = f"model.layers.{i}.{part}.weight"
            for part in ("q_proj", "k_proj", "v_proj", "o_proj"):
                names[f"layers.{i}.{part}.weight"] = f"model.layers.{i}.self_attn.{part}.weight"
            for part in ("gate_proj", "up_proj", "down_proj"):
                names[f"layers.{i}.{part}.weight"] = f"model.layers.{i}.mlp.{part}.weight"
        return {here: file[there] for here, there in names.items()}
