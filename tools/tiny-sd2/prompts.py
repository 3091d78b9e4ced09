"""Writes the prompts of the check, each with what its image must show, a third of them of pairs (shape, colour) never trained."""

import csv

import numpy as np

import scenes
import training
from scenes import choose

FILE = training.REPOSITORY / "src/test/resources/meaning/prompts.csv"
COLUMNS = ("id", "prompt", "seed", "kind", "held_out", "background", "colour", "shape", "colour2", "shape2", "relation")
COUNTS = {("single", False): 100, ("single", True): 60, ("pair", False): 70, ("pair", True): 50, ("landscape", False): 40}
RELATIONS = {"left": ("to the left of", "left of"), "above": ("above", "over")}
TURNED = {"left": ("to the right of", "right of"), "above": ("below", "under")}


def with_article(words):
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


def thing(rng, pair):
    size = choose(rng, ("", "", "small ", "large "))
    return with_article(f"{size}{pair[1]} {pair[0]}")


def single(rng, held_out):
    background = choose(rng, tuple(scenes.BACKGROUNDS))
    pair = scenes.kind_and_colour(rng, background, held_out)
    prompt = choose(rng, ("{} on {} background", "{} in front of {} background", "a picture of {} on {} background"))
    return {"prompt": prompt.format(thing(rng, pair), with_article(background)), "background": background, "shape": pair[0], "colour": pair[1]}


def pair(rng, held_out):
    row = single(rng, held_out)
    first = (row["shape"], row["colour"])
    while (second := scenes.kind_and_colour(rng, row["background"], False))[1] == first[1]:
        pass
    relation = choose(rng, tuple(RELATIONS))
    texts = [with_article(f"{p[1]} {p[0]}") for p in (first, second)]
    if rng.random() < 0.5:
        words = f"{texts[0]} {choose(rng, RELATIONS[relation])} {texts[1]}"
    else:
        words = f"{texts[1]} {choose(rng, TURNED[relation])} {texts[0]}"
    row |= {"prompt": f"{words} on {with_article(row['background'])} background", "relation": relation}
    return row | {"shape2": second[0], "colour2": second[1]}


def landscape(rng, held_out):
    time = choose(rng, tuple(scenes.SKIES))
    light = choose(rng, ("", " under the sun" if time == "day" else " under the moon"))
    words, colour = choose(rng, (("a tree", ""), ("house", "x"), ("boat", "x")))
    if colour:  # measured by day only: at night all colours are darker
        colour = choose(rng, [c for c in scenes.WALLS if (words, c) != ("boat", "blue")])
        words, colour = with_article(f"{colour} {words}"), colour if time == "day" else ""
    ground = " on the water" if words.endswith("boat") else choose(rng, ("", " on the grass"))
    return {"prompt": f"{words}{ground} {'by day' if time == 'day' else 'at night'}{light}", "background": time, "colour": colour}


def main():
    rng = np.random.default_rng(5)
    FILE.parent.mkdir(parents=True, exist_ok=True)
    with open(FILE, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        for (kind, held_out), count in COUNTS.items():
            make = {"single": single, "pair": pair, "landscape": landscape}[kind]
            for i in range(count):
                name = f"{kind}{'-held-out' if held_out else ''}-{i:03d}"
                writer.writerow({"id": name, "seed": 1000 + i, "kind": kind, "held_out": str(held_out).lower()} | make(rng, held_out))


if __name__ == "__main__":
    main()
