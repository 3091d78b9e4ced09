"""Writes docs/benchmarks.json and the tables of docs/benchmarks.md from what `bench.py` measured (.work/bench/results.json)."""

import json
import re

from sides import REPOSITORY

RATIOS = {  # in docs/benchmarks.json: what was measured
    "unet_pair_bf16_vs_diffusers": "unet bfloat16 diffusers",
    "unet_pair_fp32_vs_diffusers": "unet float32 diffusers",
    "unet_pair_bf16_vs_openvino": "unet bfloat16 openvino",
    "vae_decode_vs_diffusers": "vae bfloat16 diffusers",
    "text_vs_diffusers": "text bfloat16 diffusers",
    "cold_start_vs_diffusers": "cold start bfloat16",
    "job_vs_pipeline": "job",
    "png_vs_imageio": "png soft",
    "peak_memory_bf16_vs_diffusers": "peak memory",
    "two_executors_of_twice_one": "two executors",
}
LABELS = {
    "text": "text encoding, one prompt", "unet": "UNet, one guidance pair", "guidance": "guidance, rescale and DDIM step",
    "vae": "VAE decode, 512x512", "unet:4": "UNet, four pairs", "vae:4": "VAE decode, four pictures",
}
LABEL_CELLS = {"diffusers": 2, "openvino": 2, "newest": 2, "whole": 1, "scaling": 1}
TERAFLOPS = {"unet": 2 * 0.804, "vae": 2.51, "text": 0.045}  # of one guidance pair, picture and prompt


LABELS_OF_WHOLE = {
    "cold start bfloat16": "process start to the beginning of the first step, bfloat16, files in the page cache; peer: diffusers",
    "job": "the Spark job, bfloat16, from the first picture to the last byte and the last line; peer: the bare pipeline, which writes nothing",
    "picture of 2 steps bfloat16": "a picture of 2 steps, PNG included, bfloat16; peer: diffusers",
}


def number(seconds):
    return f"{seconds:.2f} s" if seconds >= 0.1 else f"{1000 * seconds:.1f} ms"


def measured(value):
    return f"{value['ratio']:.2f} ({value['low']:.2f} to {value['high']:.2f})"


def line(label, value):
    ours, theirs = value["seconds"].values()
    return f"| {label} | {number(ours)} | {number(theirs)} | {measured(value)} |"


def stages(results, peer):
    lines = [f"| what | dtype | Spark Diffusion | {peer} | ratio (95 % interval) |", "|---|---|---|---|---|"]
    for name, value in results.items():
        words = name.split(" ")
        if len(words) == 3 and words[0] in LABELS and words[2] == peer:
            lines.append(line(f"{LABELS[words[0]]} | {words[1]}", value))
    return lines


def whole(results):
    lines = ["| what | Spark Diffusion | peer | ratio (95 % interval) |", "|---|---|---|---|"]
    for name, label in LABELS_OF_WHOLE.items():
        if name in results:
            lines.append(line(label, results[name]))
    few = results.get("picture of 2 steps bfloat16")
    if few and "unet bfloat16 diffusers" in results:
        fifty = [seconds + 48 * results["unet bfloat16 diffusers"]["seconds"][side] for side, seconds in few["seconds"].items()]
        lines.append(f"| the same with 50 steps, extrapolated with 48 UNet pairs | {number(fifty[0])} | {number(fifty[1])} | {fifty[0] / fifty[1]:.2f} |")
    if value := results.get("peak memory"):
        java, peer = (memory / 2**30 for memory in value["bytes"].values())
        lines.append(f"| peak anonymous memory of two such pictures, each time in a new process | {java:.2f} GiB | {peer:.2f} GiB | {measured(value)} |")
    for name, picture in {"soft": "a picture like a photograph", "drawn": "flat shapes", "hard": "white noise"}.items():
        if value := results.get(f"png {name}"):
            lines.append(line(f"PNG 512x512 on one core, {picture}: {value['bytes']['ours']:,} bytes; peer: ImageIO, {value['bytes']['imageio']:,} bytes", value))
    return lines


def scaling(results):
    lines = ["| what | early or one | late or two | |", "|---|---|---|---|"]
    if value := results.get("scaling"):
        seconds, memory = value["seconds"], value["rss_anon_bytes"]
        where = f"{value['pairs']} turns of twenty, in a process that has made {value['pictures']:,} and in one that has made 100"
        lines.append(f"| seconds of a picture, {where} | {1000 * seconds['early']:.2f} ms | {1000 * seconds['late']:.2f} ms | late / early {measured(value)} |")
        lines.append(f"| anonymous memory, medians over {value['part']:,} pictures, from the 101st and up to number {value['pictures']:,} | {memory['early'] / 2**20:.0f} MiB | {memory['late'] / 2**20:.0f} MiB | late / early {memory['late'] / memory['early']:.3f} |")
    if value := results.get("two executors"):
        lines.append(f"| executors of one core each: from the plan to the commit | {number(value['seconds']['1'])} | {number(value['seconds']['2'])} | of twice one: {measured(value)} |")
    return lines


def sets(measured, published):
    """What was measured now, what was published last of each other kind of hardware, and of this one what was not measured again; the most of this kind comes first."""
    sets, newest = [], {}
    for one in [measured, published, *published.pop("elsewhere", [])]:
        known = newest.setdefault(one["hardware"], set())
        values = {key for key, value in one.items() if isinstance(value, float)} - known
        if values:
            sets.append({key: value for key, value in one.items() if key not in known})
        known |= values
    most = max((one for one in sets if one["hardware"] == measured["hardware"]), key=len)
    return [most, *(one for one in sets if one is not most)]


def roofline(results):
    lines = ["| stage | dtype | TFLOP | TFLOP/s | of the matrix rate |", "|---|---|---|---|---|"]
    for dtype, rates in results.get("roofline", {}).items():
        for stage, work in TERAFLOPS.items():
            if value := results.get(f"{stage} {dtype} diffusers"):
                rate = work / value["seconds"]["java"]
                lines.append(f"| {stage} | {dtype} | {work:.3g} | {rate:.3f} | {100 * rate / rates['matrix']:.0f} % |")
        lines.append(f"| matrix product 4096, convolution 320 at 64x64 | {dtype} | | {rates['matrix']:.3f}, {rates['convolution']:.3f} | |")
    return lines


def merged(before, lines, cells):
    """The rows of a table that were not measured again stay; a row is known by its first cells without their numbers."""
    def key(line):
        return re.sub(r"\d", "", "|".join(line.split("|")[1:1 + cells]))
    new = {key(line): line for line in lines}
    return list(({key(line): line for line in before} | new).values())


def main():
    results = json.loads((REPOSITORY / ".work/bench/results.json").read_text())
    machine = results["machine"]
    ratios = {key: round(results[name]["ratio"], 3) for key, name in RATIOS.items() if name in results}
    if "scaling" in results:
        memory = results["scaling"]["rss_anon_bytes"]
        ratios |= {"scaling_seconds": round(results["scaling"]["ratio"], 3), "scaling_memory": round(memory["late"] / memory["early"], 3)}
    versions = {"torch": machine["torch"], "diffusers": machine["diffusers"]} | {
        peer: results[f"sides bfloat16 {peer}"][peer]["openvino" if peer == "openvino" else "torch"]
        for peer in ("openvino", "newest") if f"sides bfloat16 {peer}" in results}
    facts = {"commit": machine["commit"], "hardware": f"{machine['cores']} cores of an {machine['processor']}", "versions": versions, "date": machine["date"]}
    file = REPOSITORY / "docs/benchmarks.json"
    most, *others = sets(ratios | facts, json.loads(file.read_text()))
    file.write_text(json.dumps(most | {"elsewhere": others}, indent=2) + "\n")
    tables = {"machine": [f"{most['hardware']}, {most['date']}, commit {most['commit']}."], "diffusers": stages(results, "diffusers"), "openvino": stages(results, "openvino"),
              "newest": stages(results, "newest"), "whole": whole(results), "roofline": roofline(results),
              "scaling": scaling(results)}
    page = REPOSITORY / "docs/benchmarks.md"
    text = page.read_text()
    for name, lines in tables.items():
        if len(lines) in (0, 2):  # nothing or a table's head: not measured, so what is there stays
            continue
        place = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- end -->)", re.S)
        if name in LABEL_CELLS:
            lines = merged(place.search(text)[0].splitlines(), lines, LABEL_CELLS[name])
        text = place.sub(lambda match, lines=lines: "".join(line + "\n" for line in lines), text, count=1)  # a second match would begin at an empty table's end
    page.write_text(text)


if __name__ == "__main__":
    main()
