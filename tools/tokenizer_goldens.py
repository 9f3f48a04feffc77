#!/usr/bin/env python3
"""Writes the tokenizer goldens in Tests/TokenizersTests/Resources.

    pip install tokenizers sentencepiece
    python3 tools/tokenizer_goldens.py [DATA]

DATA (default ../shared/data beside this package) holds tokenizers/llama2-tokenizer.model, tokenizers/encoder.json,
tokenizers/vocab.bpe and stories260k/tok512.bin. Each golden is a list with, for every text of torture.json, its
`ids` and, where decoding them does not give the text back, what it gives as `decoded`.
"""

import json
import struct
import sys
from pathlib import Path

import sentencepiece
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

ROOT = Path(__file__).resolve().parent.parent
RESOURCES = ROOT / "Tests" / "TokenizersTests" / "Resources"

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
    r"|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")

# Article 1 of the Universal Declaration of Human Rights, for what natural text looks like.
LANGUAGES = {
    "English": "All human beings are born free and equal in dignity and rights. They are endowed with reason and "
    "conscience and should act towards one another in a spirit of brotherhood.",
    "German": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen "
    "begabt und sollen einander im Geist der Brüderlichkeit begegnen.",
    "French": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison et "
    "de conscience et doivent agir les uns envers les autres dans un esprit de fraternité.",
    "Turkish": "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. İIıi",
    "Vietnamese": "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi.",
    "Russian": "Все люди рождаются свободными и равными в своём достоинстве и правах.",
    "Greek": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "Arabic": "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. ١٢٣٤",
    "Hebrew": "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם.",
    "Hindi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है। १२३",
    "Thai": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
    "Chinese": "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相对待。",
    "Japanese": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "Korean": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
}

TORTURE = {
    "empty": "",
    "one space": " ",
    "spaces alone": "      ",
    "leading and trailing spaces": "   leading and trailing   ",
    "trailing space": "word ",
    "runs of spaces": "a b  c   d    e     f                                  g",
    "tabs": "\ttab\t\ttabs \t mixed\t ",
    "line ends": "unix\nmac\rdos\r\n\r\n\n\n\r\r end\n",
    "spaces before line ends": "x  \n  y \r\n \n z\t\n",
    "Unicode spaces": "no\u00a0break em\u2003space thin\u2009 ideographic\u3000 line\u2028sep\u2029 nel\u0085 zw\u200b mvs\u180e bom\ufeffin",
    "lone BOM": "\ufeff",
    "BOM in front": "\ufefftext",
    "SentencePiece's space": "a\u2581b \u2581 c\u2581",
    "control characters": "nul\x00 bell\x07 esc\x1b[31m del\x7f us\x1f c1\x80\x9f vt\x0b ff\x0c",
    "contractions": "I'm we're they've he'd she'll it's don't 'S 'LL I'M DON'T '\u017f can’t 'tis rock'n'roll",
    "numbers": "0 12 123 1234 12345678901234567890 3.14159 1,000,000 -5e-10 ½ ² Ⅷ ① 1st 0xFF",
    "code": "def f(x: int) -> str:\n    if x != 0:\n\t\treturn f\"{x!r:>10}\"  # why\n    return {'a': [1, 2]}['a'][-1]\n",
    "C++": "template<class T> auto&& g(T&& t) noexcept(false) { return std::forward<T>(t); } // ->*<=>",
    "LaTeX": "$\\int_0^\\infty e^{-x^2}\\,dx = \\frac{\\sqrt{\\pi}}{2}$",
    "markup": "<p class=\"a\">&nbsp;<br/></p> https://example.org/a_b?c=d&e=%20#f user@example.org",
    "punctuation runs": "...!!!???---***___===~~~ (((nested))) [[x]] {{y}} «guillemets» “quotes” ‘single’ …—–",
    "case": "camelCase PascalCase snake_case SCREAMING_SNAKE kebab-case iPhone ALLCAPS mIxEd",
    "emoji": "😀😃😄 👍🏽 ❤️ ☎︎ 🇩🇪🇫🇷 1️⃣ #️⃣",
    "emoji sequences": "👨‍👩‍👧‍👦 🏳️‍🌈 👩🏿‍🚀 🧑🏻‍❤️‍💋‍🧑🏾 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🐻‍❄️",
    "composed and decomposed": "é e\u0301 ñ n\u0303 Å A\u030a \u212b \u1e9b\u0323 각 \u1100\u1161\u11a8 が か\u3099 \u2126 \u0958",
    "stacked marks": "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324 a\u0323\u0307 a\u0307\u0323",
    "marks with nothing under": "\u0301 \u0308x",
    "astral letters": "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟘𝟙𝟚 𐍈 𠜎𠜱 𓀀",
    "bidirectional": "abc \u202eשלום\u202c \u2067مرحبا\u2069 def",
    "full width": "ABC 123 「」 ㌔ ㎡ ﬁ ﬀ",
    "looks broken": "\ufffd \ufffd\ufffd é â€™ \ufffe \uffff \ufdd0 \U0010ffff \ue000",
    "looks like bytes": "<0x0A> <0xE4><0xBD> \\xff \\u0000 %00",
    "looks like special tokens": "<s> </s> <unk> <|endoftext|>x <|begin_of_text|> <|im_start|>user\n<|im_end|> <mask>",
    "added tokens": "a <mask>  b<mask>c <tool_call>{}</tool_call> cat concat cat. Ω \u2126-mark \u03a9-mark",
    "long word": "abcdefghij" * 150,
    "long run": "a" * 1200,
    "long white space": " " * 700 + "x" + "\n" * 300,
    "long symbols": "=" * 500 + "\n" + "-_" * 200,
    "Chinese without end": "自由平等" * 60,
    **LANGUAGES,
}


def write(name, value):
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    (RESOURCES / name).write_text(text.replace("},{", "},\n{") + "\n")


def golden(name, encode, decode):
    rows = []
    for text in TORTURE.values():
        row = {"ids": encode(text)}
        decoded = decode(row["ids"])
        if decoded != text:
            row["decoded"] = decoded
        rows.append(row)
    write(f"{name}.golden.json", rows)


def tiny(name, pre_tokenizer, normalizer=None):
    """A byte-level BPE of 600 tokens, trained on the texts above."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600, show_progress=False, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet())
    )
    tokenizer.train_from_iterator(list(TORTURE.values()) + [LANGUAGES["English"]] * 3, trainer)
    return tokenizer


def split(pattern):
    return pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )


def save(name, tokenizer, edit=lambda content: None):
    content = json.loads(tokenizer.to_str())
    edit(content)
    text = json.dumps(content, ensure_ascii=False, indent=None, separators=(",", ":"))
    (RESOURCES / f"{name}.tokenizer.json").write_text(text + "\n")
    reread = Tokenizer.from_str(text)
    golden(name, lambda text: reread.encode(text).ids, reread.decode)


def tiny_gpt2():
    tokenizer = tiny("gpt2", pre_tokenizers.ByteLevel(add_prefix_space=False))
    tokenizer.add_special_tokens(["<|endoftext|>", AddedToken("<mask>", lstrip=True, special=True)])
    tokenizer.add_tokens([AddedToken("cat", single_word=True, rstrip=True)])

    def edit(content):  # the older form of merges
        content["model"]["merges"] = [" ".join(pair) for pair in content["model"]["merges"]]

    save("tiny-gpt2", tokenizer, edit)


def tiny_llama3():
    tokenizer = tiny("llama3", split(LLAMA3))
    tokenizer.add_special_tokens(["<|begin_of_text|>", "<|end_of_text|>"])
    begin = tokenizer.token_to_id("<|begin_of_text|>")
    template = processors.TemplateProcessing(
        single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", begin)]
    )
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template])

    def edit(content):  # whole words that no merge makes any more: only ignore_merges finds them
        content["model"]["ignore_merges"] = True
        content["model"]["merges"] = content["model"]["merges"][:-60]

    save("tiny-llama3", tokenizer, edit)


def tiny_qwen2():
    tokenizer = tiny("qwen2", split(QWEN2), normalizers.NFC())
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.add_tokens([AddedToken("<tool_call>", normalized=False), AddedToken("</tool_call>", normalized=False)])
    tokenizer.add_tokens([AddedToken("\u2126-mark", normalized=True)])
    save("tiny-qwen2", tokenizer)


def gpt2(folder):
    merges = [tuple(line.split(" ")) for line in (folder / "vocab.bpe").read_text("utf8").split("\n")[1:] if line]
    tokenizer = Tokenizer(models.BPE(json.loads((folder / "encoder.json").read_text("utf8")), merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<|endoftext|>"])
    golden("gpt2", lambda text: tokenizer.encode(text).ids, tokenizer.decode)


def llama2(folder):
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "llama2-tokenizer.model"))
    golden("llama2", lambda text: processor.encode(text, add_bos=True), processor.decode)


def llama2c(file):
    """llama2.c's run.c in a few lines: of all neighbours, those that make the token of the highest score merge."""
    data = file.read_bytes()
    tokens, offset = [], 4
    while offset < len(data):
        score, length = struct.unpack_from("<fi", data, offset)
        tokens.append((data[offset + 8 : offset + 8 + length], score))
        offset += 8 + length
    ids = {}
    for index, (text, _) in enumerate(tokens):
        ids.setdefault(text, index)

    def encode(text):
        out = [1]
        for character in " " + text if text else "":
            piece = character.encode()
            out += [ids[piece]] if piece in ids else [byte + 3 for byte in piece]
        while True:
            best = None
            for index in range(1, len(out) - 1):
                merged = ids.get(tokens[out[index]][0] + tokens[out[index + 1]][0])
                if merged is not None and (best is None or tokens[merged][1] > best[0]):
                    best = (tokens[merged][1], index, merged)
            if best is None:
                return out
            out[best[1] : best[1] + 2] = [best[2]]

    def decode(out):
        pieces = [bytes([i - 3]) if i < 259 else tokens[i][0] for i in out if i > 2]
        if pieces and out[1] >= 259:
            pieces[0] = pieces[0].removeprefix(b" ")
        return b"".join(pieces).decode("utf8", "replace")

    golden("tok512", encode, decode)


def main():
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
    RESOURCES.mkdir(parents=True, exist_ok=True)
    write("torture.json", [{"name": name, "text": text} for name, text in TORTURE.items()])
    tiny_gpt2()
    tiny_llama3()
    tiny_qwen2()
    gpt2(data / "tokenizers")
    llama2(data / "tokenizers")
    llama2c(data / "stories260k" / "tok512.bin")


if __name__ == "__main__":
    main()
