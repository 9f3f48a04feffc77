"""transformers' Trainer with a teacher: a tiny Llama, freshly made, learns to add.

    python finetune.py [policy]
"""

import sys
import tempfile

import torch
from attent.transformers import TeachingTrainer
from transformers import LlamaConfig, LlamaForCausalLM, TrainingArguments

CHARACTERS = "0123456789+=."


def problems(count: int) -> list[dict]:
    """`12+7=19.` and the like; the loss is on what follows the equals sign."""
    numbers = torch.randint(0, 100, (count, 2), generator=torch.Generator().manual_seed(0)).tolist()
    items = []
    for left, right in numbers:
        question, answer = f"{left:02d}+{right:02d}=", f"{left + right:03d}."
        tokens = [CHARACTERS.index(character) for character in question + answer]
        items.append({"input_ids": tokens, "labels": [-100] * len(question) + tokens[len(question) :]})
    return items


def main() -> None:
    policy = sys.argv[1] if len(sys.argv) > 1 else "attent-simple"
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(CHARACTERS), hidden_size=32, intermediate_size=64, num_hidden_layers=2,
            num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=16,
        )
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder, num_train_epochs=3, per_device_train_batch_size=32, learning_rate=3e-3,
            report_to=[], save_strategy="no", disable_tqdm=True, logging_strategy="no",
        )  # fmt: skip
        trainer = TeachingTrainer(model=model, args=arguments, train_dataset=problems(1000), teacher=policy)
        trainer.train()
    taught = trainer.teaching.teacher.spending.taught
    print(f"{policy}: {trainer.state.global_step} steps, {taught} examples taught")


if __name__ == "__main__":
    main()
