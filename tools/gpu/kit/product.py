"""Part E: the product itself, without Spark: many images, flat memory, the same bytes again, halving, memory given back."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from . import bounds, java, tensors
from .graphs import COMPONENTS, DTYPES
from .part import Unavailable, Work

BATCH = 8
KIT = Path(__file__).resolve().parents[1]
STEPS = 10


def run(work: Work) -> None:
    label = f"product, libtorch {torch.__version__}"
    dtypes = ("float16", "bfloat16", "float32") if work.on_gpu else ("float32", "bfloat16")
    try:
        java.require(work)
    except Unavailable as reason:
        work.recorder.not_run("the product", str(reason), label)
        return
    work.recorder.label = label
    work.measure("many images", lambda: many(work, dtypes[0]), 20)
    for dtype in dtypes[1:]:
        work.measure(f"{dtype}, again", lambda: again(work, dtype), 20)
    work.measure("halving", lambda: halving(work, dtypes[0]), 20)
    if work.on_gpu:
        for batch in (8, 1):
            work.measure(f"real size, batch {batch}", lambda: real_size(work, batch), 120)


@contextmanager
def product(work: Work, name: str, dtype: str, batch: int, pixels: int, steps: int, model: Path | None = None) -> Iterator[java.Product]:
    arguments = (model or work.bundle / "model", work.device, dtype, batch, pixels, steps)
    started = java.Product(work, *arguments, log=work.logs / f"java-{name}.log")
    try:
        yield started
    finally:
        started.kill()


def many(work: Work, dtype: str) -> None:
    images, pixels = work.counts.images, work.counts.product_pixels
    part = max(1, images // 10)
    points: list[tuple[int, int]] = []
    answers: list[dict[str, Any]] = []
    with product(work, "many", dtype, BATCH, pixels, STEPS) as made:
        for first in range(0, images, part):
            if work.seconds_left() < 30 and len(answers) > 1:
                break
            answers.append(made.ask(first, min(part, images - first), BATCH))
            points.append((first + part, answers[-1]["anonymous_bytes"]))
        repeated = made.ask(0, min(part, images), BATCH)
        closed = made.close()
    count = min(images, points[-1][0])
    work.recorder.value(f"{count} images of {pixels} pixels, {dtype}: failed", sum(a["failed"] for a in answers), "images", bounds.FAILED)
    seconds = sum(a["seconds"] for a in answers[1:]) or answers[0]["seconds"]
    rate = (count - part if len(answers) > 1 else count) / seconds
    work.recorder.value(f"embedded model, {pixels} pixels, {STEPS} steps, {dtype}", rate, "images/s", batch=BATCH)
    other = int(repeated["sha256"] != answers[0]["sha256"])
    work.recorder.value(f"the first {part} images again: runs with other bytes", other, "", bounds.REPEAT)
    memory(work, points, pixels)
    given_back(work, made.facts, answers, closed)


def memory(work: Work, points: list[tuple[int, int]], pixels: int) -> None:
    """From the second tenth on: before it the JVM's compiler and the allocator take theirs."""
    if len(points) < 3:
        raise Unavailable("too few images were made in the time")
    (first, before), (last, after) = points[1], points[-1]
    each = (after - before - bounds.GROWTH_ONCE.most) / max(1, last - first) / pixels**2
    work.recorder.value(
        "host memory: growth with each image", each, "bytes a pixel, above 16 MiB in all", bounds.GROWTH_PER_PIXEL,
        images=last - first, grown_bytes=after - before, at_the_begin=points[0][1], reason_of_16_mib=bounds.GROWTH_ONCE.reason)


def given_back(work: Work, opened: dict[str, Any], answers: list[dict[str, Any]], closed: dict[str, Any]) -> None:
    if work.on_gpu:
        kept = closed["device_bytes"] - opened["device_bytes_before"]
        work.recorder.value("device memory after close", kept, "bytes above that before", bounds.KEPT_ON_DEVICE, most=answers[-1]["device_bytes"])
    work.recorder.value("host memory after close", closed["anonymous_bytes"] / 2**20, "MiB", before=answers[-1]["anonymous_bytes"] / 2**20)


def again(work: Work, dtype: str) -> None:
    """Two processes, one batch."""
    digests = []
    for turn in range(2):
        with product(work, f"{dtype}-{turn}", dtype, BATCH, work.counts.product_pixels, STEPS) as made:
            digests.append(made.ask(0, BATCH, BATCH)["sha256"])
            made.close()
    work.recorder.value(f"{dtype}, {BATCH} images by another process: runs with other bytes", int(digests[0] != digests[1]), "", bounds.REPEAT)


def halving(work: Work, dtype: str) -> None:
    """A batch far too large: the product must halve it and make every image."""
    if not work.on_gpu:
        raise Unavailable("the product makes one image at a time on a CPU, and halves nothing there")
    large, pixels = 64, 512
    with product(work, "halving", dtype, large, pixels, 1) as made:
        made.ask(0, 1, 1)
        with little_memory(work):
            answer = made.ask(0, large, large)
        made.close()
    if not answer["halvings"]:
        raise Unavailable(f"a batch of {large} fitted into the memory that was left")
    work.recorder.value(
        f"{large} images at once with too little memory: failed", answer["failed"], "images", bounds.FAILED,
        halvings=answer["halvings"], fitted=answer["batch"], said=answer["refused"][-300:])


@contextmanager
def little_memory(work: Work) -> Iterator[None]:
    """Another process takes the device's memory but for a gigabyte."""
    hog = subprocess.Popen([sys.executable, "-m", "kit.hog", work.device, str(1 << 30)], cwd=KIT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert hog.stdout
        if not hog.stdout.readline():
            raise Unavailable("the process that takes the device's memory did not start")
        yield
    finally:
        hog.kill()
        hog.wait()


def real_size(work: Work, batch: int) -> None:
    """Stable Diffusion 2's size with random weights in float16, written once as a model folder."""
    model = real_folder(work)
    count, steps = 4 * batch, work.counts.steps
    with product(work, f"real-{batch}", "float16", batch, 512, steps, model) as made:
        made.ask(0, batch, batch)
        answer = made.ask(0, count, batch)
        made.close()
    work.recorder.value(
        f"real size with random weights, float16, 512 pixels, {steps} steps, batch {batch}", count / answer["seconds"], "images/s",
        failed=answer["failed"], device_bytes=answer["device_bytes"])


def real_folder(work: Work) -> Path:
    folder, source = work.folder / "real-model", work.model("real")
    if (folder / "complete").exists():
        return folder
    for component in COMPONENTS.values():
        copy(work.bundle / "real-size" / component / "config.json", folder / component / "config.json")
    copy(work.bundle / "real-size/scheduler/scheduler_config.json", folder / "scheduler/scheduler_config.json")
    for file in ("model_index.json", *(f"tokenizer/{path.name}" for path in (work.bundle / "model/tokenizer").iterdir())):
        copy(work.bundle / "model" / file, folder / file)
    for part, component in COMPONENTS.items():
        shapes = source.facts["weights"][part]
        name = "model" if part == "text" else "diffusion_pytorch_model"
        make = source.source(part)
        values = (make(key, shape) for key, shape in shapes.items())
        tensors.write(folder / component / f"{name}.safetensors", shapes, DTYPES["float16"], values)
    (folder / "complete").touch()
    return folder


def copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(source.read_bytes())
