"""The peer of tokenizer-bench: pip's sentencepiece and tokenizers, on one thread.

    peer.py DATA TEXTS.json

For each line read, `spm` or `bpe`, it encodes all texts with a newly loaded tokenizer (loading is not timed), by the
faster of the ways the library offers, and writes `SECONDS TOKENS CHECKSUM`.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import sentencepiece  # noqa: E402
from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: E402


def load_spm(folder):
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "llama2-tokenizer.model"))
    return lambda texts: processor.encode(texts, num_threads=1)


def load_bpe(folder):
    lines = (folder / "vocab.bpe").read_text("utf8").split("\n")[1:]
    merges = [tuple(line.split(" ")) for line in lines if line]
    tokenizer = Tokenizer(models.BPE(json.loads((folder / "encoder.json").read_text("utf8")), merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return lambda texts: [encoding.ids for encoding in tokenizer.encode_batch_fast(texts)]


def main():
    folder = Path(sys.argv[1]) / "tokenizers"
    texts = json.loads(Path(sys.argv[2]).read_text("utf8"))
    load = {"spm": load_spm, "bpe": load_bpe}
    for line in sys.stdin:
        encode = load[line.strip()](folder)
        start = time.perf_counter()
        encoded = encode(texts)
        seconds = time.perf_counter() - start
        tokens = sum(len(ids) for ids in encoded)
        checksum = sum(sum(ids) for ids in encoded)
        print(seconds, tokens, checksum, flush=True)


if __name__ == "__main__":
    main()
