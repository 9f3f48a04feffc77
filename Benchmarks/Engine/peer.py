"""The same models in PyTorch, at its best settings, driven line by line by engine-bench.

Each line on standard input is a command, each answer one JSON object on standard output.
"""

import ctypes
import gc
import json
import sys
import time

import torch
import torch.nn.functional as F
from peer_decoders import GPT2, Llama
from peer_vision import Encoder, ViT
from safetensors.torch import load_file
from torch import nn

MODELS = {"vit": ViT, "encoder": Encoder, "gpt2": GPT2, "llama": Llama}


class Session:
    def __init__(self, settings):
        file = load_file(settings["file"])
        kind = MODELS[settings["kind"]]
        numbers = {k: int(v) if float(v).is_integer() else v for k, v in settings["model"].items()}
        model = kind(numbers)
        model.load_state_dict({k: v.clone() for k, v in kind.weights(file, numbers).items()})
        self.inputs = [file[name] for name in kind.inputs]
        self.plain, self.generation = model, settings["generation"]
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
            return self.model(*(batches[index] for batches in self.inputs))

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

    @torch.no_grad()
    def token(self, index):
        tokens, cache = self.inputs[0][index, :1], {}
        first, end = self.generation["prompt"], self.generation["prompt"] + self.generation["tokens"]
        self.plain.logits(tokens[:, :first], 0, cache)
        start = self.clock()
        for place in range(first, end):
            logits = self.plain.logits(tokens[:, place : place + 1], place, cache)
            last = logits.flatten().tolist()
        seconds = self.clock() - start
        loss = F.cross_entropy(torch.tensor(last)[None], tokens[:, end]).item()
        return {"seconds": seconds / self.generation["tokens"], "loss": loss}


def reset_peak():
    """Gives freed memory back first, as the other side does, so that it does not count against what comes next."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
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
                session = None
                torch.compiler.reset()
                reset_peak()
                session, answer = Session(settings), {}
            elif command == "peak":
                answer = {"bytes": peak_bytes()}
            else:
                answer = {"step": session.step, "score": session.score, "token": session.token}[command](int(argument))
        except Exception as error:
            answer = {"error": " ".join(f"{type(error).__name__}: {error}".split())[:300]}
        print(json.dumps(answer), flush=True)


main()
