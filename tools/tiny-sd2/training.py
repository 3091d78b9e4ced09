"""What the training steps share: where files go, checkpoints that survive a kill, and the log of losses."""

import json
import math
import os
import time
from pathlib import Path

import torch

REPOSITORY = Path(__file__).resolve().parents[2]
WORK = Path(os.environ.get("TINY_SD2_WORK", REPOSITORY / ".work/tiny-sd2"))
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def mixed_precision():
    """Convolutions and matrix products in bfloat16, about 1.5 times as fast on a CPU that knows it; weights stay float32."""
    return torch.autocast(DEVICE, torch.bfloat16)


def save(path, value):
    """Writes beside the file and then renames, so that a full disk or a kill leaves the last good checkpoint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".writing")
    with open(temporary, "wb") as file:
        torch.save(value, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def load(path):
    """A checkpoint that `save` wrote, tensors and numbers only, or None if there is none."""
    return torch.load(path, map_location=DEVICE, weights_only=True) if path.exists() else None


def write_results(name, results):
    """What was measured, into a folder that is not there before anything was trained."""
    WORK.mkdir(parents=True, exist_ok=True)
    (WORK / f"{name}.json").write_text(json.dumps(results, indent=2) + "\n")


def ramp(step, steps, held=0, warmup=200):
    """The learning rate's factor: a linear rise, its peak until step `held`, then half a cosine down to 2 %."""
    if step < warmup:
        return (step + 1) / warmup
    held = max(held, warmup)
    return 0.02 + 0.49 * (1 + math.cos(math.pi * max(0, step - held) / max(1, steps - held)))


def adam(module, rate):
    optimizer = torch.optim.AdamW(module.parameters(), lr=rate, weight_decay=0.01, betas=(0.9, 0.99), fused=True)
    for group in optimizer.param_groups:
        group["peak"] = rate
    return optimizer


class Training:
    """A loop's state: modules, their moving average, the optimizer and the step, all of it in one checkpoint.

    Each step's data depend on the seed and the step alone, so a run that was stopped goes on as if it had not been.
    """

    def __init__(self, name, module, steps, optimizer, average=0.999, start=None, held=0, decay_over=None, warmup=200):
        """`optimizer(module)` makes the optimizer; each of its groups has its peak learning rate under `peak`."""
        self.path, self.log = WORK / f"{name}.pt", WORK / f"{name}.log"
        self.module, self.steps, self.average = module.to(DEVICE), steps, average
        self.optimizer = optimizer(self.module)
        self.step, self.held, self.decay_over, self.warmup = 0, held, decay_over or steps, warmup
        if start is not None:
            module.load_state_dict(start)
        self.shadow = {k: v.detach().clone() for k, v in module.state_dict().items()}
        if (state := load(self.path)) is not None:
            module.load_state_dict(state["module"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.shadow, self.step = state["average"], state["step"]

    def run(self, loss_of, save_every=200, log_every=50):
        """Calls `loss_of(step)`, which returns a dict of scalars with the one to minimise under `loss`."""
        begun, sums, count = time.monotonic(), {}, 0
        while self.step < self.steps:
            for group in self.optimizer.param_groups:
                group["lr"] = group["peak"] * ramp(self.step, self.decay_over, self.held, self.warmup)
            losses = loss_of(self.step)
            if not torch.isfinite(losses["loss"]):
                raise SystemExit(f"Cannot train {self.path.stem}: the loss must be finite ({losses['loss'].item()} at step {self.step}); "
                                 f"the last good checkpoint is {self.path}")
            self.optimizer.zero_grad(set_to_none=True)
            losses["loss"].backward()
            torch.nn.utils.clip_grad_norm_(self.module.parameters(), 1.0)
            self.optimizer.step()
            self.step += 1
            self.follow()
            count += 1
            for key, value in losses.items():
                sums[key] = sums.get(key, 0.0) + float(value)
            if self.step % log_every == 0 or self.step == self.steps:
                line = {"step": self.step, **{k: round(v / count, 5) for k, v in sums.items()}, "seconds": round(time.monotonic() - begun)}
                self.log.parent.mkdir(parents=True, exist_ok=True)
                with open(self.log, "a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
                print(json.dumps(line), flush=True)
                sums, count = {}, 0
            if self.step % save_every == 0 or self.step == self.steps:
                self.checkpoint()

    @torch.no_grad()
    def follow(self):
        decay = min(self.average, (1 + self.step) / (10 + self.step))
        for key, value in self.module.state_dict().items():
            if value.is_floating_point():
                self.shadow[key].lerp_(value, 1 - decay)
            else:
                self.shadow[key].copy_(value)

    def checkpoint(self):
        save(self.path, {"module": self.module.state_dict(), "average": self.shadow, "optimizer": self.optimizer.state_dict(), "step": self.step})
