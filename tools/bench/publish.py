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
    "vae_encode_bf16_vs_diffusers": "encoder bfloat16 images-in",
    "vae_encode_fp32_vs_diffusers": "encoder float32 images-in",
    "control_step_bf16_vs_diffusers": "control bfloat16 images-in",
    "control_step_fp32_vs_diffusers": "control float32 images-in",
    "inpainting_unet_bf16_vs_diffusers": "inpainting bfloat16 images-in",
    "inpainting_unet_fp32_vs_diffusers": "inpainting float32 images-in",
}
LABELS = {
    "text": "text encoding, one prompt", "unet": "UNet, one guidance pair", "guidance": "guidance, rescale and DDIM step",
    "vae": "VAE decode, 512x512", "unet:4": "UNet, four pairs", "vae:4": "VAE decode, four images",
}
LABELS_OF_IMAGES_IN = {
    "encoder": "VAE encode, 512x512", "control": "ControlNet and UNet, one guidance pair", "inpainting": "inpainting UNet, one guidance pair",
}
LABEL_CELLS = {"diffusers": 2, "openvino": 2, "newest": 2, "whole": 1, "scaling": 1}
MEASURED = ("ratio (95 % interval)", "pairs", "commit")  # the last columns of a table of ratios
TERAFLOPS = {"unet": 2 * 0.804, "vae": 2.51, "text": 0.045}  # of one guidance pair, image and prompt


LABELS_OF_WHOLE = {
    "cold start bfloat16": "process start to the beginning of the first step, bfloat16, files in the page cache; peer: diffusers",
    "job": "the Spark job, bfloat16, from the first image to the last byte and the last line; peer: the bare pipeline, which writes nothing",
    "image of 2 steps bfloat16": "an image of 2 steps, PNG included, bfloat16; peer: diffusers",
}


def number(seconds):
    return f"{seconds:.2f} s" if seconds >= 0.1 else f"{1000 * seconds:.1f} ms"


def measured(value):
    return f"{value['ratio']:.3f} ({value['low']:.3f} to {value['high']:.3f})"


def row(label, ours, theirs, value):
    return f"| {label} | {ours} | {theirs} | {measured(value)} | {value['pairs']} | {value['commit']} |"


def line(label, value):
    return row(label, *map(number, value["seconds"].values()), value)


def head(*names):
    return [f"| {' | '.join(names)} |", "|" + "---|" * len(names)]


def stages(results, peer):
    lines = head("what", "dtype", "Spark Diffusion", peer, *MEASURED)
    for name, value in results.items():
        words = name.split(" ")
        if len(words) == 3 and words[0] in LABELS and words[2] == peer:
            lines.append(line(f"{LABELS[words[0]]} | {words[1]}", value))
    return lines


def images_in(results, facts):
    """The only table that says on which machine it was measured: it is written whole, with what is in the results."""
    lines = head("what", "dtype", "Spark Diffusion", "peak memory", "diffusers", "peak memory", "difference", *MEASURED)
    for stage, label in LABELS_OF_IMAGES_IN.items():
        for dtype in ("bfloat16", "float32"):
            if value := results.get(f"{stage} {dtype} images-in"):
                ours, theirs = (f"{number(value['seconds'][side])} | {value['bytes'][side] / 2**30:.2f} GiB" for side in ("java", "diffusers"))
                lines.append(row(f"{label} | {dtype}", ours, f"{theirs} | {value['difference']:.1e}", value))
    return [f"{facts['hardware']}, {facts['date']}:", "", *lines] if len(lines) > 2 else []


def whole(results):
    lines = head("what", "Spark Diffusion", "peer", *MEASURED)
    for name, label in LABELS_OF_WHOLE.items():
        if name in results:
            lines.append(line(label, results[name]))
    few = results.get("image of 2 steps bfloat16")
    if few and "unet bfloat16 diffusers" in results:
        fifty = [seconds + 48 * results["unet bfloat16 diffusers"]["seconds"][side] for side, seconds in few["seconds"].items()]
        lines.append(f"| the same with 50 steps, extrapolated with 48 UNet pairs | {number(fifty[0])} | {number(fifty[1])} | {fifty[0] / fifty[1]:.2f} | | {few['commit']} |")
    if value := results.get("peak memory"):
        lines.append(row("peak anonymous memory of two such images, each time in a new process", *(f"{memory / 2**30:.2f} GiB" for memory in value["bytes"].values()), value))
    for name, image in {"soft": "an image like a photograph", "drawn": "flat shapes", "hard": "white noise"}.items():
        if value := results.get(f"png {name}"):
            lines.append(line(f"PNG 512x512 on one core, {image}: {value['bytes']['ours']:,} bytes; peer: ImageIO, {value['bytes']['imageio']:,} bytes", value))
    return lines


def scaling(results):
    lines = head("what", "early or one", "late or two", *MEASURED)
    if value := results.get("scaling"):
        seconds, memory = value["seconds"], value["rss_anon_bytes"]
        where = f"turns of twenty, in a process that has made {value['images']:,} and in one that has made 100"
        lines.append(row(f"seconds of an image, {where}; late / early", *(f"{1000 * seconds[when]:.2f} ms" for when in ("early", "late")), value))
        part = f"medians over {value['part']:,} images, from the 101st and up to number {value['images']:,}"
        early, late = (memory[when] / 2**20 for when in ("early", "late"))
        lines.append(f"| anonymous memory, {part}; late / early | {early:.0f} MiB | {late:.0f} MiB | {late / early:.3f} | | {value['commit']} |")
    if value := results.get("two executors"):
        one, two = (number(value["seconds"][executors]) for executors in ("1", "2"))
        lines.append(row("executors of one core each, from the plan to the commit; of twice one", one, two, value))
    return lines


def by_hardware(measured, published):
    """A set of ratios for each kind of hardware, the one with the most first, of equals the one measured now; a ratio that was not measured again stays, and each is
    said with its own commit."""
    others = {one["hardware"]: one for one in [published, *published.pop("elsewhere", [])]}
    before = others.pop(measured["hardware"], {"versions": {}, "commits": {}})
    together = {key: before[key] | measured[key] for key in ("versions", "commits")}
    return sorted([before | measured | together, *others.values()], key=lambda one: -len(one["commits"]))


def roofline(results):
    lines = head("stage", "dtype", "TFLOP", "TFLOP/s", "of the matrix rate", "commit")
    rates_of = results.get("roofline", {})
    for dtype in (name for name in rates_of if name != "commit"):
        rates = rates_of[dtype]
        for stage, work in TERAFLOPS.items():
            if value := results.get(f"{stage} {dtype} diffusers"):
                rate = work / value["seconds"]["java"]
                lines.append(f"| {stage} | {dtype} | {work:.3g} | {rate:.3f} | {100 * rate / rates['matrix']:.0f} % | {value['commit']} |")
        lines.append(f"| matrix product 4096, convolution 320 at 64x64 | {dtype} | | {rates['matrix']:.3f}, {rates['convolution']:.3f} | | {rates_of['commit']} |")
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
    commits = {key: results[RATIOS.get(key, "scaling")]["commit"] for key in ratios}
    file = REPOSITORY / "docs/benchmarks.json"
    first, *others = by_hardware(ratios | facts | {"commits": commits}, json.loads(file.read_text()))
    file.write_text(json.dumps(first | {"elsewhere": others}, indent=2) + "\n")
    tables = {"images-in": images_in(results, facts)}
    if first["hardware"] == facts["hardware"]:  # the other tables are of one machine
        tables |= {"machine": [f"{first['hardware']}, last on {first['date']}."], "diffusers": stages(results, "diffusers"), "openvino": stages(results, "openvino"),
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
