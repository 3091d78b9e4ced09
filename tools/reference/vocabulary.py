"""Learns a small byte-level BPE vocabulary, laid out as CLIP's: all bytes, all bytes ending a word, merges, two specials."""

import collections
import random

import regex

MERGES = 500
SPECIALS = ["<|startoftext|>", "<|endoftext|>"]
WORDS = """a an the of in on at with and by under over near from to into is are photo photograph painting drawing sketch
picture portrait landscape render illustration watercolor oil pencil ink digital art artwork style studio light lighting
lights soft hard warm cold bright dark golden hour sunset sunrise morning evening night moon star stars sky cloud clouds
rain snow fog storm mountain mountains river lake ocean sea beach forest tree trees flower flowers garden field desert
island city street house castle tower bridge station train car boat ship plane rocket astronaut robot knight wizard
dragon horse riding cat dog bird fox wolf bear lion tiger elephant whale fish owl rabbit child woman man king queen
red green blue yellow orange purple black white grey silver small large tall old young ancient modern futuristic
beautiful detailed highly realistic photorealistic cinematic dramatic sharp focus blurry low high quality best worst
masterpiece trending background foreground depth camera lens film close up wide angle view perspective composition
concept character design fantasy science fiction cyberpunk steampunk impressionist abstract surreal minimal colorful
vibrant pastel texture pattern wooden metal glass stone marble paper fabric reading sleeping running flying standing
sitting holding wearing looking walking swimming dancing it's don't we're i'm you'll they've he'd café naïve über
日本 写真 猫 山 中文 مرحبا قطة 😀 🎨 🚀 ❤️ 100 42 7 2024 4k 8k , . - ! ? ( ) : ; ' " / & ...""".split()
# The split of CLIP's byte-level BPE, without its special tokens.
PIECES = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")


def byte_symbols():
    """One printable character for each byte: printable Latin-1 stands for itself, other bytes from U+0100 on."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(others)}


def corpus():
    choose = random.Random(7)
    weights = [1 / (1 + position) ** 0.5 for position in range(len(WORDS))]
    return " ".join(choose.choices(WORDS, weights, k=20_000))


def learn(text, limit=MERGES):
    """Returns (vocabulary: token to id, merges: list of pairs, at most `limit`, fewer where each word has become one token)."""
    symbols = byte_symbols()
    words = collections.Counter()
    for piece, count in collections.Counter(PIECES.findall(text)).items():
        letters = [symbols[byte] for byte in piece.encode("utf-8")]
        words[(*letters[:-1], letters[-1] + "</w>")] += count
    merges = []
    while len(merges) < limit:
        pairs = collections.Counter()
        for word, count in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += count
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        words = collections.Counter({merged(word, best): count for word, count in words.items()})
    tokens = [*symbols.values()] + [symbol + "</w>" for symbol in symbols.values()]
    tokens += dict.fromkeys("".join(pair) for pair in merges)
    tokens += SPECIALS
    return {token: index for index, token in enumerate(tokens)}, merges


def merged(word, pair):
    result = []
    for symbol in word:
        if result and (result[-1], symbol) == pair:
            result[-1] += symbol
        else:
            result.append(symbol)
    return tuple(result)
