"""Whole runs with the recorded graphs: texts, steps, decoding."""

from typing import Any

import torch

from .graphs import Model, numbers


class Loop:
    """The graphs of one run in one type, loaded."""

    def __init__(self, model: Model, dtype: str, plan: dict[str, Any], batch: int, height: int, width: int, noisy: bool = False):
        self.model, self.plan, self.noisy = model, plan, noisy
        guided = plan.get("guided", True)
        rows = 2 * batch if guided else batch
        self.shape = (batch, model.facts["latent_channels"], height, width)
        self.text = model.graph("text", dtype)
        self.unet = model.graph("unet", dtype, batch, rows, height, width)
        self.step = model.graph("step", "float32", batch, height, width, int(guided), int(noisy))
        self.vae = model.graph("vae", dtype, batch, height, width)
        self.guided = guided

    def states(self) -> torch.Tensor:
        """One text at a time, as the product encodes them."""
        ids = (self.plan["negative_ids"] if self.guided else []) + self.plan["prompt_ids"]
        return torch.cat([self.text(torch.tensor([one], device=self.model.device)) for one in ids])

    def images(self, states: torch.Tensor, latents: torch.Tensor, generators: list[torch.Generator]) -> tuple[torch.Tensor, torch.Tensor]:
        """The last latents and the 8-bit pixels (B, H, W, 3)."""
        scale = self.each(self.plan.get("guidance_scale", 7.5))
        rescale = self.each(self.plan.get("guidance_rescale", 0.0))
        for timestep, coefficients in zip(self.plan["timesteps"], self.plan["coefficients"], strict=True):
            prediction = self.unet(latents, self.floats([float(timestep)]), states)
            noise = [draw(generators, self.shape).to(self.model.device)] if self.noisy else []
            latents = self.step(latents, prediction, scale, rescale, self.floats(coefficients), *noise)
        return latents, pixels(self.vae(latents), height=self.model.facts["compression"] * self.shape[2])

    def each(self, value: float) -> torch.Tensor:
        return torch.full((self.shape[0], 1, 1, 1), float(value), device=self.model.device)

    def floats(self, values: list[float]) -> torch.Tensor:
        return torch.tensor(values, device=self.model.device)


def draw(generators: list[torch.Generator], shape: tuple[int, ...]) -> torch.Tensor:
    """Each image's own noise."""
    return torch.cat([torch.randn((1, *shape[1:]), generator=generator) for generator in generators])


def generators_of(seeds: list[int]) -> list[torch.Generator]:
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def pixels(decoded: torch.Tensor, height: int) -> torch.Tensor:
    """What the product copies to the host, (B, 3 H W + 1) uint8, to (B, H, W, 3); the last byte says whether all is finite."""
    return decoded[:, :-1].reshape(decoded.shape[0], height, -1, 3)


def to_bytes(images: torch.Tensor) -> torch.Tensor:
    """(B, 3, H, W), about -1 to 1, to (B, H, W, 3) uint8."""
    return ((images * 0.5 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8).permute(0, 2, 3, 1)


def sized(model: Model, dtype: str, batch: int, steps: int) -> "Loop":
    """A run of guided images of the model's own size, with made-up texts."""
    plan = dict(model.loop(f"{steps} steps"))
    ids = [numbers(place, model.facts["positions"]).abs().mul(100).long().clamp(max=400).tolist() for place in range(2 * batch)]
    plan |= {"prompt_ids": ids[:batch], "negative_ids": ids[batch:]}
    return Loop(model, dtype, plan, batch, model.side, model.side)
