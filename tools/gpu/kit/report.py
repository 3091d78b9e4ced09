"""Measurements as they come, one JSON object a line, so that a part that dies keeps what it had; then the reports of all parts."""

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .bounds import Bound

PARTS = {
    "A": "Fidelity: diffusers' numbers, types, whole loops, headroom of float16",
    "B": "Determinism and invariance: the same bytes again, elsewhere in a batch, in another batch",
    "C": "Throughput beside diffusers",
    "D": "Memory and what the device says when it has too little",
    "E": "The product in Java over this machine's libtorch",
    "F": "Kernels that could be taken on a GPU, beside those that are",
}


@dataclass
class Result:
    """One measurement: `met` is None where there is no bound, `not_run` says why there is no value."""

    name: str
    label: str
    value: Any = None
    unit: str = ""
    bound: float | None = None
    bound_reason: str = ""
    met: bool | None = None
    not_run: str = ""
    details: dict[str, Any] = field(default_factory=dict)


class Recorder:
    """Writes a part's results to a file of its own."""

    def __init__(self, path: Path, label: str):
        self.label = label
        self.file = path.open("a", encoding="utf-8")

    def write(self, result: Result) -> None:
        self.file.write(json.dumps(plain(asdict(result))) + "\n")
        self.file.flush()

    def value(self, name: str, value: Any, unit: str = "", bound: Bound | None = None, label: str = "", **details: Any) -> None:
        result = Result(name, label or self.label, value, unit, details=details)
        if bound:
            result.bound, result.bound_reason = bound.most, bound.reason
            result.met = value is not None and math.isfinite(value) and value <= bound.most
        self.write(result)

    def not_run(self, name: str, reason: str, label: str = "") -> None:
        self.write(Result(name, label or self.label, not_run=reason))

    def failed(self, name: str, error: BaseException, label: str = "") -> None:
        """What should have run and did not: a bound that is not met."""
        self.write(Result(name, label or self.label, met=False, details={"error": first_lines(error)}))


def first_lines(error: BaseException, most: int = 600) -> str:
    text = str(error).strip() or type(error).__name__
    return f"{type(error).__name__}: {text[-most:] if 'Traceback of TorchScript' in text else text[:most]}"


def plain(value: Any) -> Any:
    """JSON has no NaN: what is not finite is written as a word."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def read_results(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.endswith("}")]


def missed(report: dict[str, Any]) -> list[str]:
    """What was not as it must be, in words."""
    lines = []
    for letter, part in report["parts"].items():
        lines += [f"{letter}: {result['name']}" for result in part["results"] if result["met"] is False]
        if part["ended"] not in ("finished", "out of time"):
            lines.append(f"{letter}: {part['ended']}")
        elif not any(result["not_run"] == "" for result in part["results"]) and part["ended"] == "out of time":
            lines.append(f"{letter}: nothing was measured in the time given")
    return lines


def write_reports(report: dict[str, Any], folder: Path) -> None:
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (folder / "report.md").write_text("\n".join(markdown(report)) + "\n", encoding="utf-8")


def markdown(report: dict[str, Any]) -> list[str]:
    machine, bad = report["machine"], report["missed"]
    lines = ["# Is this GPU right?", "", "All bounds met." if not bad else "Not met: " + "; ".join(bad) + ".", ""]
    lines += ["| what | |", "|---|---|", *(f"| {key} | {cell(value)} |" for key, value in machine.items())]
    for letter, part in report["parts"].items():
        lines += ["", f"## {letter}. {PARTS[letter]}", "", f"{part['ended']}, {part['seconds']:.0f} s", ""]
        lines += ["| measured | value | bound | by |", "|---|---|---|---|"]
        lines += [row(result) for result in part["results"]]
    reasons = {r["bound_reason"]: r["bound"] for part in report["parts"].values() for r in part["results"] if r["bound"] is not None}
    lines += ["", "## Bounds", "", *(f"- at most {bound:g}: {reason}" for reason, bound in reasons.items())]
    return lines


def row(result: dict[str, Any]) -> str:
    if result["not_run"]:
        value = f"not run: {result['not_run']}"
    elif "error" in result["details"]:
        value = f"failed: {result['details']['error']}"
    else:
        value = f"{cell(result['value'])} {result['unit']}".strip()
        more = ", ".join(f"{key} {cell(item)}" for key, item in result["details"].items())
        value += f" ({more})" if more else ""
    bound = "" if result["met"] is None else "met" if result["met"] else "**not met**"
    return f"| {result['name']} | {value} | {bound} | {result['label']} |".replace("\n", " ")


def cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(value).replace("|", "/").replace("\n", " ")
