"""Makes every pipeline case once more, by a plain loop that shares nothing with diffusers but its networks.

The formulas are those of the DDIM paper (arXiv 2010.02502) and of arXiv 2305.08891. The loop runs twice: in float32 the result must
equal the written one; in float64 the difference shows how much of a test's tolerance float32 rounding alone takes.
"""

import json

import diffusers
import numpy
import torch
from safetensors.torch import load_file

from common import OUTPUT
from components import load
from pipeline_cases import NUMBERS

diffusers.utils.logging.set_verbosity_error()


def cumulative_alphas(zero_snr):
    betas = torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    alphas = torch.cumprod(1 - betas, 0)
    if zero_snr:
        root = alphas.sqrt()
        root = (root - root[-1]) * root[0] / (root[0] - root[-1])
        alphas = root**2
    return alphas.double()


def timesteps(case):
    n = case["steps"]
    if case["timestep_spacing"] == "leading":
        return [i * (1000 // n) + 1 for i in reversed(range(n))]
    if case["timestep_spacing"] == "trailing":
        return [int(t) - 1 for t in numpy.round(1000 - 1000 / n * numpy.arange(n))]
    return [int(t) for t in numpy.round(numpy.linspace(0, 999, n))][::-1]


def plain_loop(pipeline, case, dtype):
    alphas = cumulative_alphas(case["rescale_betas_zero_snr"])
    shape = (1, 4, case["height"] // 8, case["width"] // 8)
    generators = [torch.Generator().manual_seed(seed) for seed in case["seeds"]]
    x = torch.cat([torch.randn(shape, generator=generator) for generator in generators]).to(dtype)
    texts = case["negative_prompts"] + case["prompts"]
    states = [encode(pipeline, text).to(dtype) for text in texts]
    latents = [x]
    for t in timesteps(case):
        outputs = [
            pipeline.unet(one[None], t, encoder_hidden_states=state).sample
            for one, state in zip(torch.cat([x, x]), states)
        ]
        unconditional, text = torch.cat(outputs).chunk(2)
        guided = case["guidance_scale"] > 1
        output = unconditional + case["guidance_scale"] * (text - unconditional) if guided else text
        if guided and case["guidance_rescale"] > 0:
            spread = [(a.double().std() / b.double().std()).to(dtype) for a, b in zip(text, output)]
            strength = case["guidance_rescale"]
            output = torch.stack([strength * s * o + (1 - strength) * o for s, o in zip(spread, output)])
        alpha = alphas[t].item()
        previous = t - 1000 // case["steps"]
        alpha_previous = alphas[max(previous, 0)].item()
        if case["model"] != "v21":
            noise, clean = output, (x - (1 - alpha) ** 0.5 * output) / alpha**0.5
        else:
            noise = alpha**0.5 * output + (1 - alpha) ** 0.5 * x
            clean = alpha**0.5 * x - (1 - alpha) ** 0.5 * output
        sigma = case["eta"] * ((1 - alpha_previous) / (1 - alpha) * (1 - alpha / alpha_previous)) ** 0.5
        x = alpha_previous**0.5 * clean + (1 - alpha_previous - sigma**2) ** 0.5 * noise
        if sigma > 0:
            x = x + sigma * torch.cat([torch.randn(shape, generator=generator) for generator in generators])
        latents.append(x)
    image = torch.cat([pipeline.vae.decode(one[None] / 0.18215).sample for one in x])
    pixels = ((image / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
    return torch.stack(latents), pixels.permute(0, 2, 3, 1)


def encode(pipeline, text):
    ids = pipeline.tokenizer(text, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    return pipeline.text_encoder(ids)[0]


def widened(pipeline, dtype):
    pipeline.unet, pipeline.vae = pipeline.unet.to(dtype), pipeline.vae.to(dtype)  # text states stay float32
    return pipeline


def main():
    written = {}
    for file in set(NUMBERS.values()):
        written |= load_file(OUTPUT / f"{file}.safetensors")
    cases = json.loads((OUTPUT / "cases.json").read_text(encoding="utf-8"))["pipeline"]
    print("worst difference of any latent, relative to its step's largest value; pixels unequal, worst levels")
    for dtype in (torch.float32, torch.float64):
        pipelines = {name: widened(load(OUTPUT / name), dtype) for name in NUMBERS}
        for case in cases:
            latents, pixels = plain_loop(pipelines[case["model"]], case, dtype)
            expected = written[f"{case['name']}/latents"]
            assert latents.shape == expected.shape, case["name"]
            error = (latents - expected).abs().amax((1, 2, 3, 4)) / expected.abs().amax((1, 2, 3, 4))
            levels = (pixels.int() - written[f"{case['name']}/pixels"].int()).abs()
            unequal = (levels > 0).float().mean().item()
            print(f"{str(dtype)[6:]} {case['name']}: {error.max():.1e}; {unequal:.2%}, {levels.max()}")
            assert error.max() < 2e-5 and levels.max() <= 1 and unequal < 1e-3, case["name"]


if __name__ == "__main__":
    main()
