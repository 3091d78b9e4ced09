"""Part A: the numbers are diffusers' numbers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from . import bounds, peers, tensors
from .graphs import DTYPES, Convolutions, Graph, Model
from .loops import Loop, draw, generators_of
from .part import Unavailable, Work

HALVES = ("bfloat16", "float16")
NUMBERS = {"unet": "unet", "vae": "decoder"}  # the graphs whose results are numbers: the VAE's own ends in bytes


def run(work: Work) -> None:
    work.measure("dictionary", lambda: dictionary(work))
    for name in ("base", "v21"):
        model, reference = work.model(name), tensors.read(work.bundle / "reference" / f"{name}.safetensors")
        work.measure(f"{name}: float32", lambda: stages_float32(work, name, model, reference))
        for dtype in HALVES:
            for part in ("text", "unet", "vae"):
                work.measure(f"{name}: {part} {dtype}", lambda: half_beside_peer(work, name, model, reference, part, dtype))
        loops(work, name, model, ("float32",))
    real_size(work)
    for name in ("base", "v21"):
        loops(work, name, work.model(name), HALVES)


def error(actual: torch.Tensor, expected: torch.Tensor) -> float:
    """The largest difference, relative to the largest value."""
    expected = expected.double().cpu()
    return ((actual.double().cpu() - expected).abs().max() / expected.abs().max()).item()


@contextmanager
def tf32(convolutions: bool, products: bool) -> Iterator[None]:
    """PyTorch's own switches; its default is TF32 in convolutions alone, and Java has no switch."""
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = convolutions, products
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before


def dictionary(work: Work) -> None:
    """Each weight of the embedded model through the recorded dictionary, as the product loads it."""
    model = work.model("tiny")
    for dtype, kind in DTYPES.items():
        differing, codes = 0, {torch.float32: 6, torch.float16: 5, torch.bfloat16: 15}
        module = torch.jit.load(str(work.bundle / "graphs/dictionary.zip"))
        put, kept = module._c._get_method("put"), module._c._get_method("dictionary")
        for part in ("text", "unet", "vae"):
            source = model.source(part)
            for name, shape in model.facts["weights"][part].items():
                raw = source(name, shape).contiguous()
                layout = 2 if len(shape) == 4 else 0
                order = list(range(raw.dim()))
                put(name, raw.flatten().to(model.device), codes[raw.dtype], list(raw.shape), order, codes[kind], shape, layout)
                differing += int((kept()[name].cpu() != raw.reshape(shape).to(kind)).sum())
        work.recorder.value(f"dictionary: {dtype} weights that differ", differing, "values", bounds.DICTIONARY)


def stage_calls(model: Model, reference: dict[str, torch.Tensor], graph: Callable[..., Graph], only: str = "") -> Iterator[tuple[str, Graph, list[torch.Tensor], torch.Tensor]]:
    """Every stage that diffusers' numbers are there for: its part, graph, inputs and what diffusers answered."""
    device = model.device
    ids, states = reference["text/ids"], reference["text/states"]
    wanted = only or "text unet vae"
    for place in range(ids.shape[0] if "text" in wanted else 0):
        yield "text", graph("text"), [ids[place : place + 1].to(device)], states[place : place + 1]
    for name in sorted({key.split("/")[1] for key in reference if key.startswith("unet/") and "unet" in wanted}):
        sample, timestep, text, noise = (reference[f"unet/{name}/{key}"] for key in ("sample", "timestep", "states", "noise"))
        batch, _, height, width = sample.shape
        inputs = [sample, timestep.float(), text]
        yield "unet", graph("unet", batch, batch, height, width), [value.to(device) for value in inputs], noise
    for name in sorted({key.split("/")[1] for key in reference if key.startswith("vae/") and "vae" in wanted}):
        latents, image = reference[f"vae/{name}/latents"], reference[f"vae/{name}/image"]
        batch, _, height, width = latents.shape
        yield "vae", graph(NUMBERS["vae"], batch, height, width), [(latents * model.facts["scaling_factor"]).to(device)], image


def stages_float32(work: Work, name: str, model: Model, reference: dict[str, torch.Tensor]) -> None:
    """As the product runs them, with TF32 off, and with it on: the last is only told."""
    ways = {
        "as recorded": (True, False, None, bounds.FLOAT32_TO_DIFFUSERS),
        "TF32 off": (False, False, Convolutions(True, False), bounds.FLOAT32_TO_DIFFUSERS),
        "TF32 on": (True, True, Convolutions(True, True), None),
    }
    for way, (convolutions, products, edit, bound) in ways.items():
        largest: dict[str, float] = {}
        with tf32(convolutions, products):
            for part, graph, inputs, expected in stage_calls(model, reference, lambda part, *key: model.graph(part, "float32", *key, convolutions=edit)):
                largest[part] = max(largest.get(part, 0.0), error(graph(*inputs), expected))
        for part, value in largest.items():
            work.recorder.value(f"{name}: {part} float32, {way}", value, "of the largest value", bound)


def half_beside_peer(work: Work, name: str, model: Model, reference: dict[str, torch.Tensor], part: str, dtype: str) -> None:
    """The mean error to float32 of both in the same type: ours must be of the size of diffusers'."""
    calls = list(stage_calls(model, reference, lambda part, *key: model.graph(part, dtype, *key), part))
    ours = [mean_error(graph(*inputs), expected) for _, graph, inputs, expected in calls]
    label = f"{name}: {part} {dtype}"
    work.recorder.value(f"{label}, mean error to float32", sum(ours) / len(ours), "of the largest value")
    try:
        module = peers.network(model, work.bundle / "reference" / name, part, dtype)
    except Unavailable as reason:
        work.recorder.not_run(label, str(reason), peers.label())
        return
    call = peers.caller(module, part, dtype, model.facts["scaling_factor"])
    theirs = [mean_error(call(*inputs), expected) for _, _, inputs, expected in calls]
    work.recorder.value(f"{label}, mean error to float32", sum(theirs) / len(theirs), "of the largest value", label=peers.label())
    work.recorder.value(f"{label}, our error by diffusers'", sum(ours) / max(sum(theirs), 1e-12), "", bounds.HALF_TO_PEER)


def mean_error(actual: torch.Tensor, expected: torch.Tensor) -> float:
    return ((actual.double().cpu() - expected.double()).abs().mean() / expected.double().abs().max()).item()


def loops(work: Work, name: str, model: Model, dtypes: tuple[str, ...]) -> None:
    """In float32 all that diffusers ran; in the other types, and on a CPU, the first of many steps and the first of few."""
    expected = tensors.read(work.bundle / "reference/pipeline.safetensors")
    plans = model.facts["loops"]
    if not work.on_gpu or "float32" not in dtypes:
        plans = list({len(plan["timesteps"]): plan for plan in reversed(plans)}.values())
    for plan in plans:
        for dtype in dtypes:
            if work.on_gpu or dtype in work.counts.dtypes:
                work.measure(f"{name}: {plan['name']} {dtype}", partial(whole_loop, work, model, plan, dtype, expected), 10)


def whole_loop(work: Work, model: Model, plan: dict, dtype: str, expected: dict[str, torch.Tensor]) -> None:
    latents, pixels = expected[f"{plan['name']}/latents"], expected[f"{plan['name']}/pixels"]
    _, batch, _, height, width = latents.shape
    noisy = any(noise > 0 for _, _, noise in plan["coefficients"])
    loop = Loop(model, dtype, plan, batch, height, width, noisy)
    generators = generators_of(plan["seeds"])
    first = draw(generators, loop.shape)
    last, made = loop.images(loop.states(), first.to(model.device), generators)
    levels = (made.cpu().int() - pixels.int()).abs()
    bound = bounds.LEVELS if dtype == "float32" else None
    work.recorder.value(
        f"loop {plan['name']} {dtype}", levels.max().item(), "levels of 256", bound,
        differing_pixels=(levels > 0).float().mean().item(), latents_error=error(last, latents[-1]))


class Largest(TorchDispatchMode):
    """The largest absolute value that each operator gives."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, float] = {}

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        for value in result if isinstance(result, tuple | list) else (result,):
            if isinstance(value, torch.Tensor) and value.is_floating_point() and value.numel():
                name = function.overloadpacket.__name__
                self.values[name] = max(self.values.get(name, 0.0), value.abs().max().item())
        return result


def real_size(work: Work) -> None:
    model = work.model()
    side = model.side
    for part, key in {"unet": (1, 2, side, side), "vae": (1, side, side)}.items():
        name = f"{model.folder.name}: {part}"
        work.measure(f"{name}, headroom of float16", lambda: headroom(work, model, part, key), 20)
        work.measure(f"{name}, beside the CPU", lambda: beside_cpu(work, model, part, key), 60)
        model.forget()


def headroom(work: Work, model: Model, part: str, key: tuple[int, ...]) -> None:
    graph = model.graph(NUMBERS[part], "float32", *key)
    with Largest() as largest:
        graph(*graph.inputs())
    for operator, value in sorted(largest.values.items(), key=lambda item: -item[1]):
        work.recorder.value(
            f"{model.folder.name}: {part}, largest |x| of {operator}", value, "", bounds.HALF_LARGEST,
            room=bounds.HALF_LARGEST.most / max(value, 1e-30), weights=work.weights_said())


def beside_cpu(work: Work, model: Model, part: str, key: tuple[int, ...]) -> None:
    cpu = model.graph(NUMBERS[part], "float32", *key, device=torch.device("cpu"))
    expected = cpu(*cpu.inputs())
    for dtype in DTYPES:
        graph = model.graph(NUMBERS[part], dtype, *key)
        actual = graph(*graph.inputs())
        name = f"{model.folder.name}: {part} {dtype}"
        work.recorder.value(f"{name}, values that are not finite", int((~actual.isfinite()).sum()), "", bounds.NOT_FINITE)
        bound = bounds.FLOAT32_TO_CPU if dtype == "float32" else None
        work.recorder.value(f"{name}, error to float32 on the CPU", error(actual, expected), "of the largest value", bound)
