"""Token ids of 5,000 generated prompts by CLIPTokenizerFast, with the small vocabulary and with the published one."""

import collections
import functools
import gzip
import json
import random
import sys
import unicodedata

import regex
from transformers import CLIPTokenizer, CLIPTokenizerFast, logging

from common import OUTPUT, PUBLISHED
from vocabulary import WORDS

logging.set_verbosity_error()  # no warning about prompts over 77 tokens: they are wanted

COUNT = 5_000
LENGTH = 77
LONG = 10_000  # characters

EMOJI = "😀 🎨 🚀 ❤️ 👍🏽 👩‍🚀 👨‍👩‍👧‍👦 🏳️‍🌈 🇯🇵 ☃ ✨ 1️⃣ 🧑🏿‍🔬".split()
FOREIGN = """日本語 写真を撮る猫 山水画 東京の夜景 中文提示词 宇宙飛行士 한국어 고양이 한글 مرحبا بالعالم قطة جميلة שלום Привет кошка Ελλάδα ΣΊΣΥΦΟΣ หมา
हिन्दी बिल्ली தமிழ் ქართული ԱՐԵՎ ⵣⴰⵡ ᚠᚢᚦ 𝔉𝔯𝔞𝔨𝔱𝔲𝔯 𐐀𐐁 ﷺ ﬁne Ⅷ ½ ² ٣٤٥ 一二三 ㊙ ｆｕｌｌ Ａ１ İstanbul ıI ẞtraße ǅ K Å Ω ʼn""".split()
MARKS = ["e\u0301", "o\u0308", "n\u0303", "a\u0323\u0302", "\u1100\u1161\u11a8", "\u0915\u093c", "q\u0307\u0323", "s\u0323\u0307", "\u212b",
         "\u1e9b\u0323", "x\u0301\u0301\u0301", "\u0301", "A\u030a", "i\u0307", "\u0627\u0653", "\ufb2c", "\u2126"]
CONTROLS = [chr(code) for code in [*range(0x20), *range(0x7F, 0xA0), 0xFFFD, 0xFFFE, 0xE000, 0x10FFFF]]
INVISIBLE = ["\u200b", "\u200c", "\u200d", "\ufeff", "\u2060", "\u00ad", "\u200e", "\u202e", "\u180e", "\ufe0f", "\u034f"]
SPACES = [" ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u2003", "\u202f", "\u3000", "\u1680", "\u2028", "\u2029", "\u0085", "\x1c", "\x0b", "\x0c"]
CONTRACTIONS = "it's IT'S don't we're I'VE i'm you'll he'd 's 't 're 'll ''s 'sun 'revolt rock'n'roll cats' o'clock ’s it’s".split()
SPECIALS = ["<|startoftext|>", "<|endoftext|>", "<|ENDOFTEXT|>", "<|endoftext|", "< |endoftext|>", "<|startoftext|><|endoftext|>", "</w>", "a</w>",
            "<|startoftext|>cat", "dog<|endoftext|>dog"]
SIGNS = "! !! !!! !!!! a! !a a!!!b ?! ... -- ,,, ((masterpiece:1.2)) [x|y] #1 50% $5 a_b c++ a/b \\ ~ ^ @me &amp; <b> `code` \" « » “q” — … · §".split()
DIGITS = "0 7 42 100 2024 3.14 1e-5 4k 8K 1,000,000 0x1F 12:30 1/2 v2.1 ²³ ①②".split()


def words(choose, limit=30):
    return [choose.choice(WORDS) for _ in range(choose.randint(1, limit))]


def mixed_case(choose):
    change = (str.upper, str.title, str.swapcase, str.lower)
    return " ".join(choose.choice(change)(word) for word in words(choose))


def sprinkled(pieces):
    """Prompts with pieces of one kind between, before and inside plain words."""

    def prompt(choose):
        result = words(choose, 12)
        for _ in range(choose.randint(1, 6)):
            place = choose.randrange(len(result) + 1)
            piece = choose.choice(pieces)
            if place < len(result) and choose.random() < 0.4:
                cut = choose.randrange(len(result[place]) + 1)
                result[place] = result[place][:cut] + piece + result[place][cut:]
            else:
                result.insert(place, piece)
        return choose.choice(["", " "]).join(result) if choose.random() < 0.2 else " ".join(result)

    return prompt


def spaced(choose):
    text = "".join(word + choose.choice(SPACES) * choose.randint(1, 3) for word in words(choose, 12))
    return choose.choice(["", *SPACES]) + text


def only_spaces(choose):
    return "".join(choose.choices(SPACES, k=choose.randint(0, 6)))


def any_characters(choose):
    planes = [(0x20, 0x7F), (0x80, 0x250), (0x250, 0x3000), (0x3000, 0xD800), (0xE000, 0x10000), (0x10000, 0x20000), (0x20000, 0x110000)]
    return "".join(chr(choose.randrange(*choose.choice(planes))) for _ in range(choose.randint(1, 24)))


def everything(choose):
    pieces = EMOJI + FOREIGN + MARKS + CONTROLS + INVISIBLE + SPACES + CONTRACTIONS + SPECIALS + SIGNS + DIGITS
    return choose.choice(["", " "]).join(choose.choices(pieces, k=choose.randint(1, 20)))


KINDS = {
    "plain": (12, lambda choose: " ".join(words(choose))),
    "mixed case": (6, mixed_case),
    "over 77 tokens": (1, lambda choose: " ".join(words(choose, 60) + words(choose, 60))),
    "only spaces": (1, only_spaces),
    "other spaces": (5, spaced),
    "emoji": (6, sprinkled(EMOJI)),
    "other scripts": (8, sprinkled(FOREIGN)),
    "combining marks": (6, sprinkled(MARKS)),
    "control characters": (6, sprinkled(CONTROLS)),
    "invisible characters": (5, sprinkled(INVISIBLE)),
    "contractions": (5, sprinkled(CONTRACTIONS)),
    "special tokens": (5, sprinkled(SPECIALS)),
    "signs": (5, sprinkled(SIGNS)),
    "digits": (5, sprinkled(DIGITS)),
    "any characters": (6, any_characters),
    "everything": (5, everything),
}


def prompts():
    """(kind, prompt) pairs; the first ones are fixed."""
    choose = random.Random(5)
    fixed = ["", " ", "\n", "a photo of a cat", "!", "!!!", "a !", "<|endoftext|>", "<|startoftext|>", *CONTROLS, *INVISIBLE, *EMOJI, *MARKS, *FOREIGN]
    result = [("fixed", prompt) for prompt in fixed]
    result += [("10,000 characters", prompt) for prompt in long_prompts(choose)]
    weights = [weight for weight, _ in KINDS.values()]
    while len(result) < COUNT:
        (kind,) = choose.choices([*KINDS], weights)
        result.append((kind, KINDS[kind][1](choose)))
    return result


def long_prompts(choose):
    yield "a" * LONG
    yield "!" * LONG
    yield "é 猫" * (LONG // 3)
    yield " " * LONG + "cat"
    yield (" ".join(words(choose, 1) * 5_000))[:LONG]
    yield (" ".join(choose.choices(WORDS, k=5_000)))[:LONG]


def encode(tokenizer, texts):
    """Ids cut to 77 without the padding after the end token, and the count of tokens before cutting."""
    result = []
    padded = tokenizer(texts, padding="max_length", max_length=LENGTH, truncation=True).input_ids
    for row, whole in zip(padded, tokenizer(texts).input_ids):
        length = min(len(whole), LENGTH)
        assert row[length - 1] == tokenizer.eos_token_id and row[length:] == [0] * (LENGTH - length)
        result.append((row[:length], len(whole)))
    return result


def write(name, tokenizer, pairs, with_prompts):
    rows = []
    for (kind, prompt), (row, count) in zip(pairs, encode(tokenizer, [prompt for _, prompt in pairs])):
        rows.append(({"kind": kind, "prompt": prompt} if with_prompts else {}) | {"ids": row, "count": count})
    text = "[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n"
    (OUTPUT / name).write_bytes(gzip.compress(text.encode("ascii"), 9, mtime=0))


def without_category_c(text):
    kept = "\t\n\r"
    return "".join(c for c in text if c in kept or c != "\ufffd" and unicodedata.category(c)[0] != "C")


SLOW_CAUSES = {
    "ideograph": lambda text: regex.sub(r"\p{Han}", "", text),
    "character of category C, or U+FFFD": without_category_c,
    "Σ at a word's end": lambda text: text.replace("Σ", ""),
    "special token in capitals": lambda text: text.replace("<|ENDOFTEXT|>", ""),
}


def print_slow_differences(folder, pairs):
    """Where the slow CLIPTokenizer (without ftfy) gives other ids than the fast one, by what must go for them to agree."""
    fast, slow = CLIPTokenizerFast.from_pretrained(folder), CLIPTokenizer.from_pretrained(folder)

    def differs(text):
        return fast(text).input_ids != slow(text).input_ids

    examples = collections.defaultdict(list)
    for _, prompt in pairs:
        if differs(prompt):
            alone = [cause for cause, remove in SLOW_CAUSES.items() if not differs(remove(prompt))]
            none = functools.reduce(lambda text, remove: remove(text), SLOW_CAUSES.values(), prompt)
            examples[alone[0] if alone else "other" if differs(none) else "several of these"].append(prompt)
    for cause, prompts in examples.items():
        example = min(prompts, key=len)
        tokens = [" ".join(tokenizer.tokenize(example)) for tokenizer in (fast, slow)]
        print(f"| {cause} | {len(prompts)} | `{example!a:.80}` | `{tokens[0]:.80}` | `{tokens[1]:.80}` |")


def main():
    pairs = prompts()
    write("tokens.json.gz", CLIPTokenizerFast.from_pretrained(OUTPUT / "base/tokenizer"), pairs, with_prompts=True)
    write("tokens_real.json.gz", CLIPTokenizerFast.from_pretrained(PUBLISHED / "tokenizer"), pairs, with_prompts=False)
    if "--slow" in sys.argv:
        print_slow_differences(OUTPUT / "base/tokenizer", pairs)


if __name__ == "__main__":
    main()
