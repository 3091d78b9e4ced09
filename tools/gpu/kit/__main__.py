"""Runs the parts, each in a process of its own, and writes report.json and report.md.

Exit code: 0 all bounds met, 3 some not, 2 it cannot run here.
"""

import argparse
import importlib
import json
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import bundle
from .report import PARTS, missed, read_results, write_reports

MODULES = {"A": "fidelity", "B": "determinism", "C": "throughput", "D": "memory", "E": "product", "F": "choices"}
GRACE_SECONDS = 60
MET, CANNOT, NOT_MET = 0, 2, 3


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/gpu/run", description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, metavar="OUT", help="folder for report.json, report.md and logs")
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N or cpu (default: %(default)s)")
    parser.add_argument("--part", action="append", choices=tuple(PARTS), help="A to F, may be given again (default: all)")
    parser.add_argument("--minutes", type=float, default=8, help="at most so long for each part (default: %(default)s)")
    parser.add_argument("--bundle", type=Path, required=True, help="what tools/gpu/prepare made, packed or unpacked")
    parser.add_argument("--model", type=Path, help="folder of a published Stable Diffusion 2, instead of random weights at the real size")
    parser.add_argument("--images", type=int, help="how many part E makes (default: 500)")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    return parser.parse_args()


def cannot(reason: str) -> int:
    print(f"Cannot run here: {reason}", file=sys.stderr)
    return CANNOT


def main() -> int:
    given = arguments()
    if reason := unusable(given.device):
        return cannot(reason)
    given.output.mkdir(parents=True, exist_ok=True)
    if given.only:
        run_part(given, given.only)
        return MET
    with tempfile.TemporaryDirectory(prefix="gpu-kit-") as temporary:
        try:
            folder = bundle.unpacked(given.bundle, Path(temporary))
        except bundle.BundleError as error:
            return cannot(str(error))
        report = report_of(given, folder)
    report["missed"] = missed(report)
    report["exit_code"] = NOT_MET if report["missed"] else MET
    write_reports(report, given.output)
    print(f"{'Not met: ' + '; '.join(report['missed']) if report['missed'] else 'All bounds met.'} {given.output / 'report.md'} says more.")
    return report["exit_code"]


def unusable(device: str) -> str:
    """Why nothing can be measured on the device; empty where it can."""
    try:
        import torch
    except ImportError as error:
        return f"this Python must have PyTorch 2 ({sys.executable}: {error}); PYTHON=... names another"
    if int(torch.__version__.split(".")[0]) < 2:
        return f"PyTorch must be 2 or newer ({torch.__version__})"
    try:
        kind = torch.device(device)
    except RuntimeError:
        return f"--device must be cuda, cuda:N or cpu ({device})"
    if kind.type == "cpu":
        return ""
    if kind.type != "cuda":
        return f"--device must be cuda, cuda:N or cpu ({device})"
    if not torch.cuda.is_available():
        return f"PyTorch {torch.__version__} must see a GPU (it sees none: check nvidia-smi and that this is a CUDA build); --device cpu tries the kit itself"
    if (kind.index or 0) >= torch.cuda.device_count():
        return f"PyTorch must see {device} (it sees {torch.cuda.device_count()})"
    return ""


def report_of(given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    from . import machine

    bundle.offer_packages(folder)
    report: dict[str, Any] = {"format": 1, "bundle": json.loads((folder / "bundle.json").read_text()), "machine": machine.describe(given.device), "parts": {}}
    for letter in sorted(set(given.part or PARTS)):
        print(f"{letter}. {PARTS[letter]}", flush=True)
        report["parts"][letter] = run_apart(given, folder, letter)
    return report


def run_apart(given: argparse.Namespace, folder: Path, letter: str) -> dict[str, Any]:
    """A part in its own process: what breaks a CUDA context or the process itself ends no other part."""
    results = given.output / f"part-{letter}.jsonl"
    results.unlink(missing_ok=True)
    command = [sys.executable, "-m", "kit", str(given.output.resolve()), "--device", given.device, "--minutes", str(given.minutes)]
    command += ["--bundle", str(folder.resolve()), "--only", letter]
    command += ["--model", str(given.model.resolve())] if given.model else []
    command += ["--images", str(given.images)] if given.images else []
    begin = time.monotonic()
    with (given.output / f"part-{letter}.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=Path(__file__).resolve().parents[1])
        ended = end(process, given.minutes * 60 + GRACE_SECONDS)
    seconds, found = time.monotonic() - begin, read_results(results)
    if ended == "finished" and any(result["not_run"] == "no time left" for result in found):
        ended = "out of time"
    return {"ended": ended, "seconds": seconds, "results": found}


def end(process: subprocess.Popen, seconds: float) -> str:
    try:
        status = process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return "out of time"
    if status == 0:
        return "finished"
    return f"died: {signal.Signals(-status).name if status < 0 else f'exit status {status}'}, its log says more"


def run_part(given: argparse.Namespace, letter: str) -> None:
    import torch

    from .part import ON_CPU, ON_GPU, Work
    from .report import Recorder

    bundle.offer_packages(given.bundle)
    torch.set_grad_enabled(False)
    if given.device == "cpu":
        torch.set_num_threads(1)  # the kit is tried, and the machine may have other work
    counts = ON_CPU if given.device == "cpu" else ON_GPU
    if given.images:
        counts = replace(counts, images=given.images)
    label = f"recorded graphs under PyTorch {torch.__version__}"
    with tempfile.TemporaryDirectory(prefix="gpu-kit-part-") as temporary:
        work = Work(
            given.bundle, given.device, counts, Recorder(given.output / f"part-{letter}.jsonl", label),
            time.monotonic() + given.minutes * 60, given.model, Path(temporary), given.output)
        importlib.import_module(f"kit.{MODULES[letter]}").run(work)


if __name__ == "__main__":
    sys.exit(main())
