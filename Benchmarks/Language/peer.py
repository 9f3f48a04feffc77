"""The other side of compare.py: the same weights and batches in transformers and peft, and the head the plain way.

The peer is transformers' own model in a plain training loop: its attention is PyTorch's scaled_dot_product_attention,
its AdamW the fused one, nothing is logged, and rows are padded on the right, so that no mask is needed and the fastest
kernels are taken. Trainer does more than that, not less.

In bf16 its forward pass runs under torch.autocast, its backward pass outside, with weights and optimiser in fp32, as
PyTorch documents it. torch.set_float32_matmul_precision("medium"), the other way to bfloat16, takes longer instead of it
and saves nothing beside it (Documentation/Experiments.md).
"""

import os
import time
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from torch import nn
from transformers import LlamaForCausalLM

RATE, BATCHES = 1e-4, 4
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def timed(body) -> dict:
    wall, spent = time.perf_counter(), time.process_time()
    value = body()
    return {"seconds": time.perf_counter() - wall, "processor": time.process_time() - spent, "value": value}


def resident(key: str) -> int:
    """VmRSS or VmHWM in bytes."""
    with open("/proc/self/status") as status:
        return int(next(line for line in status if line.startswith(key)).split()[1]) * 1024


class Tuning:
    """The same weights and batches in transformers, with peft where there are adapters."""

    def __init__(self, folder: Path, bf16: bool = False) -> None:
        self.bf16 = bf16
        self.model = LlamaForCausalLM.from_pretrained(folder, attn_implementation="sdpa", dtype=torch.float32)
        self.model.config.use_cache = False
        adapters = folder / "adapters.safetensors"
        if adapters.exists():
            self.model = get_peft_model(self.model, LoraConfig(r=8, lora_alpha=16, target_modules=TARGETS))
            names = dict(self.model.named_parameters())
            with torch.no_grad():
                for name, value in load_file(adapters).items():
                    names[name.replace(".weight", ".default.weight")].copy_(value)
        self.model.train()
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=RATE, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, fused=True)
        text = load_file(folder / "batches.safetensors")
        self.batches = [(text[f"tokens{i}"].long(), text[f"labels{i}"].long()) for i in range(BATCHES)]

    def step(self, number: int) -> float:
        tokens, labels = self.batches[number]
        # Labels are given for each place, so that nothing is predicted there that ours does not predict.
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            loss = self.model(input_ids=tokens, labels=labels, shift_labels=labels).loss
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, 1.0, foreach=True)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return loss.item()


class Head:
    """All logits, then their cross-entropy."""

    def __init__(self, file: Path) -> None:
        tensors = load_file(file)
        self.hidden, self.weight = (tensors[name].requires_grad_() for name in ("hidden", "weight"))
        self.labels = tensors["labels"]

    def run(self) -> dict:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        before = resident("VmRSS")

        def body() -> float:
            loss = F.cross_entropy(F.linear(self.hidden, self.weight), self.labels, ignore_index=-100)
            loss.backward()
            return loss.item()

        result = timed(body)
        result["peak"] = resident("VmHWM") - before
        self.hidden.grad = self.weight.grad = None
        return result
