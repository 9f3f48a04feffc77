#!/usr/bin/env python3
"""Makes the goldens of the language models: tiny random models of Hugging Face's transformers.

    pip install torch transformers safetensors
    tools/llama_goldens.py Tests/ModelsTests/Goldens

Each folder <family>/ is what `save_pretrained` writes, and beside it expected.safetensors: tokens, logits and, under
gradients.<parameter>, every gradient of the mean next-token loss.
"""
import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file
from transformers import GemmaConfig, GPT2Config, LlamaConfig, MistralConfig, Qwen2Config

SIZES = dict(
    vocab_size=40,
    hidden_size=16,
    intermediate_size=24,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=64,
    attn_implementation="eager",
)
BATCH, LENGTH = 2, 12


def configurations():
    # Wavelengths of a head of 8 elements at θ = 100 lie on both sides of Llama 3's two bounds.
    scaling = dict(
        rope_type="llama3",
        rope_theta=100.0,
        factor=8.0,
        low_freq_factor=1.0,
        high_freq_factor=4.0,
        original_max_position_embeddings=32,
    )
    yield "llama", LlamaConfig(**SIZES | dict(head_dim=8), rope_parameters=scaling, attention_bias=True)
    yield "mistral", MistralConfig(**SIZES, sliding_window=5)
    yield "gemma", GemmaConfig(**SIZES, head_dim=8)
    yield "qwen2", Qwen2Config(
        **SIZES, tie_word_embeddings=True, use_sliding_window=True, sliding_window=5, max_window_layers=1)
    yield "gpt2", GPT2Config(
        vocab_size=40, n_positions=64, n_embd=16, n_layer=2, n_head=4, bos_token_id=1, eos_token_id=2, attn_implementation="eager",
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0)


def write(folder, config):
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config).float().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            # Large enough that every part of the computation shows in the logits, biases and norms too.
            parameter.add_(torch.randn_like(parameter) * 0.2)
    tokens = torch.randint(0, config.vocab_size, (BATCH, LENGTH))
    logits = model(tokens).logits
    torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()).backward()
    model.save_pretrained(folder)
    expected = {"tokens": tokens, "logits": logits.detach().contiguous()}
    for name, parameter in model.named_parameters():
        expected[f"gradients.{name}"] = parameter.grad
    save_file(expected, folder / "expected.safetensors")


if __name__ == "__main__":
    for family, config in configurations():
        write(pathlib.Path(sys.argv[1]) / family, config)
