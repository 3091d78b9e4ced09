"""Part F: the kernels that the job could take on a GPU, each beside those that it takes."""

from pathlib import Path

import torch

from .graphs import Graph, Model
from .part import Unavailable, Work
from .throughput import in_turns

GPU_ALONE = ("attention=flash", "attention=efficient", "attention=cudnn")


def run(work: Work) -> None:
    """The types in the order of their use, and in each the choices in the order of the bundle's list."""
    model = work.model()
    batch = 8 if work.on_gpu else 2
    for dtype in work.counts.dtypes:
        usual: dict[str, Graph] = {}
        for folder in sorted((work.bundle / "graphs" / f"{work.counts.model}-choices").iterdir()):
            for part, images in (("unet", batch), ("vae", 1)):
                name = f"{part} {dtype}, batch {images}, {folder.name}"
                work.measure(name, lambda: compare(work, model, folder, part, dtype, images, name, usual), 20)
        model.forget()


def graph(model: Model, part: str, dtype: str, images: int) -> Graph:
    rows = (2 * images,) if part == "unet" else ()
    return model.graph(part, dtype, images, *rows, model.side, model.side)


def compare(work: Work, model: Model, folder: Path, part: str, dtype: str, images: int, name: str, usual: dict[str, Graph]) -> None:
    if not work.on_gpu and folder.name in GPU_ALONE:
        raise Unavailable("its kernels are for GPUs alone")
    chosen_model = Model(folder, model.weights_folder, work.device)
    if chosen_model.conv_format == model.conv_format:
        chosen_model.known = model.known
    usual[part] = usual.get(part) or graph(model, part, dtype, images)
    chosen = graph(chosen_model, part, dtype, images)
    inputs = usual[part].inputs()
    expected, first = usual[part](*inputs), chosen(*inputs)
    # The compiler specialises after the first calls: what it gives then is what counts.
    repeats = [chosen(*inputs) for _ in range(4)]
    times = in_turns(work, {"usual": lambda: usual[part](*inputs), "chosen": lambda: chosen(*inputs)})
    usual_ms, chosen_ms = (times[who]["events"] * 1000 for who in ("usual", "chosen"))
    work.recorder.value(
        name, chosen_ms, "ms", usual_ms=usual_ms, of_usual=chosen_ms / usual_ms, difference=difference(repeats[-1], expected),
        same_bytes_again=all(torch.equal(repeats[-1], one) for one in repeats[1:]), same_bytes_from_the_first=torch.equal(first, repeats[-1]),
        memory_mib=peak(work, chosen, inputs), usual_memory_mib=peak(work, usual[part], inputs))


def difference(actual: torch.Tensor, expected: torch.Tensor) -> float:
    """The largest, of the largest value; the VAE gives bytes."""
    return ((actual.float() - expected.float()).abs().max() / expected.abs().max()).item()


def peak(work: Work, call: Graph, inputs: list[torch.Tensor]) -> float:
    """Above what is held before the call; 0 on a CPU."""
    if not work.on_gpu:
        return 0.0
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    call(*inputs)
    work.synchronize()
    return (torch.cuda.max_memory_allocated() - before) / 2**20
