"""What every part is given: the device, the bundle, how much to measure, and the time that is left."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from .graphs import Model
from .report import Recorder


@dataclass(frozen=True)
class Counts:
    """How much is measured: the real size needs a GPU."""

    model: str
    batches: tuple[int, ...]
    dtypes: tuple[str, ...]
    repeats: int
    timings: int
    matrix: int
    steps: int
    images: int
    product_pixels: int

    @property
    def largest(self) -> int:
        return self.batches[-1]


ON_GPU = Counts("real", (1, 2, 4, 8, 16, 32, 64), ("float16", "bfloat16", "float32"), 20, 20, 8192, 20, 500, 512)
ON_CPU = Counts("tiny", (1, 2, 4), ("float32", "bfloat16"), 20, 3, 512, 5, 500, 128)


@dataclass
class Work:
    bundle: Path
    device: str
    counts: Counts
    recorder: Recorder
    until: float
    weights: Path | None
    folder: Path
    logs: Path

    @property
    def on_gpu(self) -> bool:
        return self.device.startswith("cuda")

    def seconds_left(self) -> float:
        return self.until - time.monotonic()

    def model(self, name: str = "") -> Model:
        """The model of the counts, or another of the bundle; the real size has random weights unless a folder was given."""
        name = name or self.counts.model
        weights = {"base": "reference/base", "v21": "reference/v21", "tiny": "model"}.get(name)
        return Model(self.bundle / "graphs" / name, self.bundle / weights if weights else self.weights, self.device)

    def weights_said(self) -> str:
        if self.counts.model == "tiny":
            return "the embedded model"
        return str(self.weights.name) if self.weights else "random weights"

    def measure(self, name: str, step: Callable[[], None], seconds: float = 5, label: str = "") -> None:
        """Runs one measurement where there are so many seconds left; what goes wrong is a result, and the next one follows."""
        if self.seconds_left() < (seconds if self.on_gpu else min(seconds, 5)):
            self.recorder.not_run(name, "no time left", label)
            return
        try:
            step()
        except Unavailable as reason:
            self.recorder.not_run(name, str(reason), label)
        except Exception as error:  # noqa: BLE001, whatever it is belongs into the report
            self.recorder.failed(name, error, label)

    def synchronize(self) -> None:
        if self.on_gpu:
            torch.cuda.synchronize()


class Unavailable(Exception):
    """Why something cannot be measured here."""
