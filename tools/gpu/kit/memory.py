"""Part D: what a batch takes, and what is said where that is too much."""

import gc
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from . import bounds, java
from .graphs import Graph, Model
from .part import Unavailable, Work

KIT = Path(__file__).resolve().parents[1]
STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
SPARE_MIB = (1, 64, 256)
SHARES = (0.05, 0.3, 0.6, 0.9)  # of what the larger batch takes above the weights


def run(work: Work) -> None:
    model = work.model()
    taken: dict[tuple[str, str, int], int] = {}
    for dtype in work.counts.dtypes:
        for part in ("unet", "vae"):
            for batch in work.counts.batches:
                work.measure(f"{part} {dtype}, batch {batch}", lambda: peak(work, model, part, dtype, batch, taken), 8)
        work.measure(f"weights {dtype}", lambda: weights(work, model, dtype), 5)
        model.forget()
    texts: set[str] = set()
    for part in ("unet", "vae"):
        name = f"{part} {work.counts.dtypes[0]}, too little memory"
        work.measure(name, lambda: too_little(work, model, part, name, taken, texts), 20)
    for spare in SPARE_MIB:
        work.measure(f"first call with {spare} MiB left", lambda: first_call(work, spare, texts), 30)
    work.measure("texts that the product knows", lambda: known(work, texts), 10)


def load(model: Model, part: str, dtype: str, batch: int) -> Graph:
    rows = (2 * batch,) if part == "unet" else ()
    return model.graph(part, dtype, batch, *rows, model.side, model.side)


def host(field: str) -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(field + ":"))
    return int(line.split()[1]) * 1024


def begin_peak(work: Work) -> int:
    """What is taken now, from which the peak counts."""
    gc.collect()
    if work.on_gpu:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        return torch.cuda.memory_allocated()
    try:
        CLEAR.write_text("5")
    except OSError as error:
        raise Unavailable(f"this system does not tell a process's peak again ({error})") from error
    return host("VmRSS")


def peak(work: Work, model: Model, part: str, dtype: str, batch: int, taken: dict[tuple[str, str, int], int]) -> None:
    call = load(model, part, dtype, batch)
    inputs = call.inputs()
    call(*inputs)
    before = begin_peak(work)
    result = call(*inputs)
    work.synchronize()
    most = torch.cuda.max_memory_allocated() if work.on_gpu else host("VmHWM")
    del result
    taken[part, dtype, batch] = most - before
    where = "of the device" if work.on_gpu else "of the host"
    work.recorder.value(f"{part} {dtype}, batch {batch}: memory above the weights", (most - before) / 2**20, f"MiB {where}", each=(most - before) / 2**20 / batch,
                        by_the_shapes=call.described["live_bytes"] / 2**20)


def weights(work: Work, model: Model, dtype: str) -> None:
    total = sum(value.nbytes for part in ("text", "unet", "vae") for value in model.weights(part, dtype, model.device).values())
    work.recorder.value(f"weights {dtype}", total / 2**20, "MiB")


@contextmanager
def limited(work: Work, spare: int) -> Iterator[None]:
    """Only so much may be taken above what is taken now."""
    if work.on_gpu:
        torch.cuda.empty_cache()
        total = torch.cuda.get_device_properties(torch.device(work.device)).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, (torch.cuda.memory_reserved() + spare) / total), torch.device(work.device))
    else:
        most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (host("VmSize") + spare, most[1]))
    try:
        yield
    finally:
        if work.on_gpu:
            torch.cuda.set_per_process_memory_fraction(1.0, torch.device(work.device))
        else:
            resource.setrlimit(resource.RLIMIT_AS, most)


def too_little(work: Work, model: Model, part: str, name: str, taken: dict[tuple[str, str, int], int], texts: set[str]) -> None:
    dtype, large = work.counts.dtypes[0], work.counts.largest
    needed = taken.get((part, dtype, large))
    if not needed:
        raise Unavailable("what the largest batch takes was not measured")
    calls = {batch: load(model, part, dtype, batch) for batch in work.counts.batches}
    inputs = {batch: call.inputs() for batch, call in calls.items()}
    refused = 0
    for share in SHARES:
        expected = {batch: calls[batch](*inputs[batch]).cpu() for batch in work.counts.batches[:-1]}
        with limited(work, int(needed * share)):
            said, batch, result = halve(calls, inputs, large)
        texts.update(said)
        refused += len(said)
        table = {"fitted": batch, "texts": " // ".join(sorted(said)) or "none"}
        if said and batch in expected and result is not None:
            differing = int((result.cpu() != expected[batch]).sum())
            work.recorder.value(f"{name}, {share:.0%} of batch {large}'s: values that differ after halving", differing, "values", bounds.HALVED, **table)
        else:
            work.recorder.value(f"{name}, {share:.0%} of batch {large}'s: largest batch that fitted", batch, "", **table)
    if not refused:
        work.recorder.not_run(f"{name}: halving", "no share of the memory was too little")


def halve(calls: dict[int, Graph], inputs: dict[int, list[torch.Tensor]], batch: int) -> tuple[set[str], int, torch.Tensor | None]:
    """What was said on the way, and the batch that went at last; 0 where none did."""
    said: set[str] = set()
    while batch:
        try:
            return said, batch, calls[batch](*inputs[batch])
        except (RuntimeError, MemoryError) as error:
            said.add(said_by(error))
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        batch //= 2
    return said, 0, None


def said_by(error: BaseException) -> str:
    """The line with the reason: TorchScript's traceback comes before it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = next((line for line in lines if "Error:" in line or "rror" in line and "Traceback" not in line and "following operation" not in line), "")
    return f"{type(error).__name__}: {reason or (lines or [''])[-1]}"[:300]


def first_call(work: Work, spare: int, texts: set[str]) -> None:
    """cuBLAS and cuDNN take memory of their own at the first call, past PyTorch's allocator: another process has taken the device's."""
    said = subprocess.run(
        [sys.executable, "-m", "kit.probe", str(work.bundle), work.device, work.counts.model, work.counts.dtypes[0], str(spare << 20)],
        cwd=KIT, capture_output=True, text=True, timeout=120)
    lines = said.stdout.splitlines()
    if said.returncode or not lines:
        raise RuntimeError(f"the probe ended with status {said.returncode}: {said.stderr.strip()[-300:]}")
    if lines[-1] != "none":
        texts.add(lines[-1])
    left = f"{spare} MiB of the device left" if work.on_gpu else "a CPU, whose memory nobody can take away"
    work.recorder.value(f"first call of a process, {left}: what was said", lines[-1])


def known(work: Work, texts: set[str]) -> None:
    """Whether the product halves its batch at each text that was seen here."""
    if not texts:
        raise Unavailable("nothing was refused")
    unknown = java.unknown_texts(work, sorted(texts))
    work.recorder.value(
        "texts that the product does not take for lack of memory", len(unknown), "texts", bounds.UNKNOWN_TEXTS,
        label="product", seen=" // ".join(sorted(texts)), unknown=" // ".join(unknown))
