"""Part C: how fast, beside diffusers eager and compiled, and how much of the machine's matrix rate that is."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from . import peers
from .graphs import DTYPES, Model
from .loops import sized, to_bytes
from .part import Unavailable, Work

Call = Callable[[], Any]
COMPILED_BATCHES = 3


def run(work: Work) -> None:
    """The types in the order of their use; compiling takes minutes, so that the batch that matters most comes first."""
    rates: dict[str, float] = {}
    for dtype in work.counts.dtypes:
        work.measure(f"matrix rate {dtype}", lambda: matrix_rate(work, dtype, rates), 5)
    model, made = work.model(), {}
    compiled_batches = sorted(work.counts.batches, key=lambda size: abs(size - 8)) if work.on_gpu else list(work.counts.batches[:1])
    first = work.counts.dtypes[0]
    for dtype in work.counts.dtypes:
        work.measure(f"text {dtype}", lambda: text(work, model, dtype), 10)
        for batch in work.counts.batches:
            work.measure(f"unet {dtype}, batch {batch}", lambda: network(work, model, "unet", dtype, batch, rates, made), 15)
        for batch in work.counts.batches[:5]:
            work.measure(f"vae {dtype}, batch {batch}", lambda: network(work, model, "vae", dtype, batch, rates, made), 15)
        for batch in work.counts.batches:
            work.measure(f"pipeline {dtype}, batch {batch}", lambda: pipeline(work, model, dtype, batch), 20)
        made.clear()
        if dtype == first:
            compare_compiled(work, model, dtype, compiled_batches[0])
        model.forget()
    for batch in compiled_batches[1:COMPILED_BATCHES]:
        compare_compiled(work, model, first, batch)


def compare_compiled(work: Work, model: Model, dtype: str, batch: int) -> None:
    """The UNet; on a CPU, for which it would compile four minutes, the text encoder."""
    part = "unet" if work.on_gpu else "text"
    name = f"{part} {dtype}, batch {batch}, beside torch.compile"
    work.measure(name, lambda: compiled(work, model, part, dtype, batch, name), 100, peers.label())


def timed(work: Work, call: Call) -> dict[str, float]:
    """Seconds by the clock, until the call returned (what the host needs to queue it), and by the device's own events."""
    work.synchronize()
    events = [torch.cuda.Event(enable_timing=True) for _ in range(2)] if work.on_gpu else []
    begin = time.perf_counter()
    if events:
        events[0].record()
    call()
    if events:
        events[1].record()
    queued = time.perf_counter() - begin
    work.synchronize()
    wall = time.perf_counter() - begin
    return {"wall": wall, "queued": queued, "events": events[0].elapsed_time(events[1]) / 1000 if events else wall}


def in_turns(work: Work, calls: dict[str, Call]) -> dict[str, dict[str, float]]:
    """Medians of each call's times, one call of each in turn, after three of each that do not count."""
    for call in calls.values():
        for _ in range(3 if work.on_gpu else 1):
            call()
    found: dict[str, list[dict[str, float]]] = {name: [] for name in calls}
    until = time.monotonic() + min(40, work.seconds_left() / 4)
    for turn in range(work.counts.timings):
        order = list(calls.items())
        for name, call in order if turn % 2 else reversed(order):
            found[name].append(timed(work, call))
        if time.monotonic() > until:
            break
    return {name: {key: statistics.median(one[key] for one in times) for key in times[0]} | {"calls": len(times)} for name, times in found.items()}


def matrix_rate(work: Work, dtype: str, rates: dict[str, float]) -> None:
    side = work.counts.matrix
    a, b = (torch.randn(side, side, device=work.device).to(DTYPES[dtype]) for _ in range(2))
    seconds = in_turns(work, {"product": lambda: a @ b})["product"]["events"]
    rates[dtype] = 2 * side**3 / seconds
    work.recorder.value(f"matrix rate {dtype}", rates[dtype] / 1e12, "TFLOP/s", label=f"PyTorch {torch.__version__}", side=side)


def floating_operations(call: Call) -> int:
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops()


def peer(work: Work, model: Model, part: str, dtype: str) -> torch.nn.Module:
    configs = work.bundle / ("model" if work.counts.model == "tiny" else "real-size")
    return peers.network(model, configs, part, dtype)


def text(work: Work, model: Model, dtype: str) -> None:
    graph = model.graph("text", dtype)
    inputs = graph.inputs()
    told(work, f"text {dtype}, one prompt", in_turns(work, {"ours": lambda: graph(*inputs)}), 1, 0, 0)


def network(work: Work, model: Model, part: str, dtype: str, batch: int, rates: dict[str, float], made: dict[str, torch.nn.Module]) -> None:
    rows = (2 * batch,) if part == "unet" else ()
    graph = model.graph(part, dtype, batch, *rows, model.side, model.side)
    inputs = graph.inputs()
    calls: dict[str, Call] = {"ours": lambda: graph(*inputs)}
    name = f"{part} {dtype}, batch {batch}"
    try:
        made[part] = made.get(part) or peer(work, model, part, dtype)
        call = peers.caller(made[part], part, dtype, model.facts["scaling_factor"])
        calls["diffusers"] = (lambda: to_bytes(call(*inputs))) if part == "vae" else (lambda: call(*inputs))
    except Unavailable as reason:
        work.recorder.not_run(name, str(reason), peers.label())
    if part == "vae" and batch > 1:
        single = model.graph(part, dtype, 1, model.side, model.side)
        calls["one by one"] = lambda: [single(one) for one in inputs[0].split(1)]
    told(work, name, in_turns(work, calls), batch, floating_operations(calls["ours"]), rates.get(dtype, 0.0))


def told(work: Work, name: str, times: dict[str, dict[str, float]], batch: int, operations: int, rate: float) -> None:
    for who, one in times.items():
        facts: dict[str, Any] = {f"{key}_ms": one[key] * 1000 for key in ("wall", "queued")}
        facts |= {"calls": one["calls"], "images_per_second": batch / one["events"]}
        if who == "ours" and operations:
            facts["tflop"] = operations / 1e12
            if rate:
                facts["share_of_matrix_rate"] = operations / one["events"] / rate
        if who != "ours":
            facts["ours_by_this"] = times["ours"]["events"] / one["events"]
        by = peers.label() if who.startswith("diffusers") else ""
        work.recorder.value(f"{name}{'' if who == 'ours' else ', ' + who}", one["events"] * 1000, "ms", label=by, **facts)


def compiled(work: Work, model: Model, part: str, dtype: str, batch: int, name: str) -> None:
    graph = model.graph(part, dtype, *((batch, 2 * batch, model.side, model.side) if part == "unet" else ()))
    inputs = graph.inputs()
    module = peer(work, model, part, dtype)
    begin = time.perf_counter()
    try:
        module.forward = torch.compile(module.forward, dynamic=False)
        call = peers.caller(module, part, dtype)
        call(*inputs)
    except Exception as error:  # noqa: BLE001, the compiler's own failures have many types
        raise Unavailable(f"torch.compile does not work here ({type(error).__name__}: {str(error).strip().splitlines()[0][:200]})") from error
    seconds = time.perf_counter() - begin
    work.recorder.value(f"{name}: compiling", seconds, "s", label=peers.label())
    told(work, name, in_turns(work, {"ours": lambda: graph(*inputs), "diffusers, compiled": lambda: call(*inputs)}), batch, 0, 0)


def pipeline(work: Work, model: Model, dtype: str, batch: int) -> None:
    """Texts, all steps, decoding and the copy to the host; PNG and Parquet are not in it."""
    loop = sized(model, dtype, batch, work.counts.steps)
    first = torch.randn(loop.shape).to(model.device)

    def whole() -> None:
        loop.images(loop.states(), first, [])[1].cpu()

    whole()
    seconds = timed(work, whole)["wall"]
    work.recorder.value(f"pipeline {dtype}, batch {batch}, {work.counts.steps} steps", batch / seconds, "images/s", seconds=seconds)
