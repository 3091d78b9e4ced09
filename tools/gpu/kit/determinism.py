"""Part B: when the same bytes come again."""

from collections.abc import Callable

import torch

from . import bounds
from .graphs import Convolutions, Graph, Model
from .part import Work

WAYS = {
    "as recorded": None,
    "deterministic convolutions": Convolutions(True, False),
    "convolutions at cuDNN's will": Convolutions(False, False),
}


def run(work: Work) -> None:
    model = work.model()
    for dtype in work.counts.dtypes:
        for part in ("unet", "vae"):
            for way, edit in WAYS.items():
                name = f"{part} {dtype}, {way}"
                work.measure(name, lambda: repeated(work, model, part, dtype, name, edit), 10)
            for batch in work.counts.batches[1:4]:
                work.measure(f"{part} {dtype}, place in {batch}", lambda: places(work, model, part, dtype, batch), 10)
            work.measure(f"{part} {dtype}, other batches", lambda: batches(work, model, part, dtype), 10)
        model.forget()


def graph(model: Model, part: str, dtype: str, batch: int, edit: Convolutions | None = None) -> Graph:
    rows = (2 * batch,) if part == "unet" else ()
    return model.graph(part, dtype, batch, *rows, model.side, model.side, convolutions=edit)


def repeated(work: Work, model: Model, part: str, dtype: str, name: str, edit: Convolutions | None) -> None:
    batch = work.counts.batches[min(2, len(work.counts.batches) - 1)]
    call = graph(model, part, dtype, batch, edit)
    inputs = call.inputs()
    first = call(*inputs)
    others = sum(int(not torch.equal(first, call(*inputs))) for _ in range(work.counts.repeats - 1))
    bound = None if edit and not edit.deterministic else bounds.REPEAT
    work.recorder.value(f"{name}: calls of {work.counts.repeats} with other bytes", others, "", bound, batch=batch)


def pick(part: str, result: torch.Tensor, place: int, batch: int) -> torch.Tensor:
    """One image's rows: of the UNet those of its guidance pair."""
    return result[[place, batch + place]] if part == "unet" else result[place : place + 1]


def put(part: str, inputs: list[torch.Tensor], image: list[torch.Tensor], place: int, batch: int) -> list[torch.Tensor]:
    """Other neighbours with one image among them."""
    inputs = [value.clone() for value in inputs]
    inputs[0][place] = image[0][0]
    if part == "unet":
        inputs[1] = image[1]
        inputs[2][[place, batch + place]] = image[2]
    return inputs


def difference(actual: torch.Tensor, expected: torch.Tensor) -> dict[str, float]:
    """Of the VAE in levels of 256."""
    return {"values": int((actual != expected).sum()), "largest": (actual.float() - expected.float()).abs().max().item()}


def places(work: Work, model: Model, part: str, dtype: str, batch: int) -> None:
    call, image = graph(model, part, dtype, batch), graph(model, part, dtype, 1).inputs(seed=7)
    results = [pick(part, call(*put(part, call.inputs(100 + place), image, place, batch)), place, batch) for place in range(batch)]
    told(work, f"{part} {dtype}, an image at each place of {batch} among others", results, part)


def batches(work: Work, model: Model, part: str, dtype: str) -> None:
    results = []
    for batch in work.counts.batches[:4]:
        call, image = graph(model, part, dtype, batch), graph(model, part, dtype, 1).inputs(seed=7)
        results.append(pick(part, call(*put(part, call.inputs(100), image, 0, batch)), 0, batch))
    told(work, f"{part} {dtype}, an image in batches of {', '.join(map(str, work.counts.batches[:4]))}", results, part)


def told(work: Work, name: str, results: list[torch.Tensor], part: str) -> None:
    """Measured, not promised: a GPU chooses its kernels by shape."""
    differences = [difference(result, results[0]) for result in results[1:]]
    largest: Callable[[str], float] = lambda key: max(one[key] for one in differences)  # noqa: E731
    more = {"levels_of_256" if part == "vae" else "largest_difference": largest("largest"), "of_values": results[0].numel()}
    work.recorder.value(f"{name}: values that differ", largest("values"), "values", **more)
