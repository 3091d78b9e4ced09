"""Makes the bundle, runs the kit on the CPU, and looks at the reports and the exit codes."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUNDLE = HERE.parents[1] / "target/gpu-kit.tar.gz"
KEYS = {"name", "label", "value", "unit", "bound", "bound_reason", "met", "not_run", "details"}
MACHINE = {"device", "processor", "cores", "python", "torch", "diffusers"}
EXPECTED = {  # what a part must have measured here, by the begin of its name
    "A": ("dictionary: bfloat16", "base: unet float32, as recorded", "base: unet float32, TF32 on", "v21: vae bfloat16, our error by",
          "loop base-50-steps", "loop v21-5-steps", "tiny: unet, largest |x| of", "tiny: vae float32, error to float32"),
    "B": ("unet float32, as recorded: calls of 20", "vae float32, deterministic", "unet float32, an image at each place of 4", "vae float32, an image in batches"),
    "C": ("matrix rate float32", "text float32", "unet float32, batch 4", "unet float32, batch 4, diffusers", "vae float32, batch 2, one by one", "pipeline float32, batch 4", "text float32, batch 1, beside torch.compile: compiling"),
    "D": ("unet float32, batch 4: memory", "weights float32", "vae float32, too little memory", "first call of a process", "texts that the product"),
    "F": ("unet float32, batch 2, group_norm=moments", "unet bfloat16, batch 2, shortcut=product", "vae float32, batch 1, group_norm=channels_first"),
    "E": ("24 images of 128", "the first 2 images again", "host memory: growth", "bfloat16, 8 images by another", "host memory after close"),
}


def run(output: Path, *options: object, python: str = sys.executable, expected: int = 0, bundle: Path = BUNDLE) -> str:
    command = ["bash", str(HERE / "run"), "--bundle", str(bundle), "--device", "cpu", *map(str, options), str(output)]
    done = subprocess.run(command, env=os.environ | {"PYTHON": python}, capture_output=True, text=True)
    said = done.stdout + done.stderr
    if done.returncode != expected:
        report = output / "report.md"
        sys.exit(f"{' '.join(command)}\n{said}\nexit code {done.returncode}, expected {expected}\n{report.read_text() if report.exists() else ''}")
    return said


def require(holds: bool, what: object) -> None:
    if not holds:
        sys.exit(f"The kit's report is not as it must be: {what}")


def check_report(output: Path, parts: str) -> None:
    report = json.loads((output / "report.json").read_text())
    require(report["format"] == 1 and report["exit_code"] == 0 and report["missed"] == [], report["missed"])
    require(MACHINE <= set(report["machine"]), report["machine"])
    require(list(report["parts"]) == list(parts), list(report["parts"]))
    for letter, part in report["parts"].items():
        require(part["ended"] == "finished", (letter, part["ended"]))
        for result in part["results"]:
            require(set(result) == KEYS, result)
            require(any(word in result["label"] for word in ("product", "PyTorch")), result)
            require(result["bound"] is None or (result["bound_reason"] != "" and result["met"] is True), result)
            require(result["value"] is not None or result["not_run"] != "", result)
        measured = [result["name"] for result in part["results"] if not result["not_run"]]
        for name in EXPECTED[letter]:
            require(any(one.startswith(name) for one in measured), f"{letter} lacks {name}: {measured}")
    labels = {result["label"].split(",")[0] for result in report["parts"].get("E", {"results": []})["results"]}
    require("E" not in parts or labels == {"product"}, labels)
    require((output / "report.md").read_text().startswith("# Is this GPU right?"), "report.md")


def broken(folder: Path, old: str, new: str) -> None:
    """One recorded graph that computes something else."""
    sys.path.insert(0, str(HERE))
    from kit.graphs import edited

    file = folder / "graphs/base/unet-float32-1x1x8x8.zip"
    before = file.read_bytes()
    after = edited(before, lambda script: script.replace(old, new, 1))
    require(after != before and new.encode() in after, f"no {old} in {file.name}")
    file.write_bytes(after)


def check_exit_codes(work: Path) -> None:
    with tarfile.open(BUNDLE) as archive:
        archive.extractall(work)
    folder = work / "gpu-kit"
    whole = (folder / "graphs/base/unet-float32-1x1x8x8.zip").read_bytes()
    for name, old, new in (("other", "torch.silu_(", "torch.relu_("), ("unknown", "torch.silu_(", "torch.no_such_operator(")):
        broken(folder, old, new)
        said = run(work / name, "--part", "A", "--minutes", 0.4, bundle=folder, expected=3)
        require("Not met: A: base: " in said, said)
        (folder / "graphs/base/unet-float32-1x1x8x8.zip").write_bytes(whole)
    require("tools/gpu/prepare" in run(work / "none", bundle=work / "nowhere.tar.gz", expected=2), "no bundle")
    (work / "half.tar.gz").write_bytes(BUNDLE.read_bytes()[:100_000])
    require("must be whole" in run(work / "none", bundle=work / "half.tar.gz", expected=2), "half a bundle")
    without = work / "python"
    without.write_text(f'#!/bin/sh\nexec {sys._base_executable} -S "$@"\n')  # noqa: SLF001, the one without packages
    without.chmod(0o755)
    require("must have PyTorch" in run(work / "none", python=str(without), expected=2), "no torch")
    require("must be cuda" in run(work / "none", "--device", "tpu", expected=2), "device")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--part", action="append", choices=tuple(EXPECTED), help="only these, without the exit codes")
    which.add_argument("--short", action="store_true", help="part A, which compares, and the exit codes")
    parser.add_argument("--keep", type=Path, help="where the reports stay")
    parser.add_argument("--no-prepare", action="store_true", help="take the bundle that is there")
    given = parser.parse_args()
    if not given.no_prepare:
        subprocess.run([HERE / "prepare"], check=True)
    require(BUNDLE.stat().st_size <= 60_000_000, BUNDLE.stat().st_size)
    parts = "A" if given.short else "".join(sorted(given.part or EXPECTED))
    with tempfile.TemporaryDirectory() as temporary:
        output = given.keep or Path(temporary) / "all"
        shutil.rmtree(output, ignore_errors=True)
        run(output, *(option for part in parts for option in ("--part", part)), "--minutes", 3, "--images", 24)
        check_report(output, parts)
        if not given.part:
            check_exit_codes(Path(temporary))
    print("The kit works.")


if __name__ == "__main__":
    main()
