"""The diffusers side of the bench, with the questions of `jobs/bench`:

stages MODEL_FOLDER INPUTS OUTPUTS DTYPE          a line `text`, `unet`, `control`, `guidance`, `encoder` or `vae`, with `:N` for N images at a time
images MODEL_FOLDER DTYPE BATCH_SIZE PIXELS       a line `STEPS COUNT`
"""

import functools
import io
import json
import sys
import time

import torch
from diffusers import AutoencoderKL, ControlNetModel, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import rescale_noise_cfg
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel

CHANNELS_LAST = torch.channels_last


def say_ready():
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)


def stages(folder, inputs, outputs, dtype):
    dtype = getattr(torch, dtype)

    @functools.cache
    def network(module, part):
        """Read for the first call that needs it."""
        return module.from_pretrained(f"{folder}/{part}", torch_dtype=dtype).to(memory_format=CHANNELS_LAST)

    text_encoder = functools.cache(lambda: CLIPTextModel.from_pretrained(f"{folder}/text_encoder", dtype=dtype))
    unet = functools.partial(network, UNet2DConditionModel, "unet")
    controlnet = functools.partial(network, ControlNetModel, "controlnet")
    vae = functools.partial(network, AutoencoderKL, "vae")
    scheduler = DDIMScheduler.from_pretrained(f"{folder}/scheduler")
    scheduler.set_timesteps(50)
    given = {name: t.to(dtype) if t.is_floating_point() and name != "timestep" else t for name, t in load_file(inputs).items()}
    timestep, scale = given["timestep"][0], given["scale"].item()

    def repeated(name, images):
        value = given[name].repeat(images, *[1] * (given[name].ndim - 1))
        return value.to(memory_format=CHANNELS_LAST) if value.ndim == 4 else value

    def guidance(noise, latents):
        unconditional, text = noise.chunk(2)
        guided = rescale_noise_cfg(unconditional + 7.5 * (text - unconditional), text, guidance_rescale=0.7)
        return torch.cat([scheduler.step(guided, 501, latents).prev_sample] * 2)

    def control(unet, controlnet, sample, states, condition):
        down, middle = controlnet(sample, timestep, encoder_hidden_states=states, controlnet_cond=condition, conditioning_scale=scale, return_dict=False)
        return unet(sample, timestep, encoder_hidden_states=states, down_block_additional_residuals=down, mid_block_additional_residual=middle).sample

    def encode(vae, pixels, noise):
        posterior = vae.encode(pixels).latent_dist
        return (posterior.mean + posterior.std * noise) * vae.config.scaling_factor  # DiagonalGaussianDistribution.sample

    calls = {
        "text": lambda n: (lambda encoder, ids: lambda: encoder(ids).last_hidden_state)(text_encoder(), given["ids"]),
        "unet": lambda n: (lambda unet, sample, states: lambda: unet(sample, timestep, encoder_hidden_states=states).sample)(
            unet(), repeated("sample", 2 * n), repeated("states", n)),
        "control": lambda n: functools.partial(
            control, unet(), controlnet(), repeated("sample", 2 * n), repeated("states", n), repeated("condition", 2 * n)),
        "guidance": lambda n: (lambda sample: lambda: guidance(sample, sample[:n]))(repeated("sample", 2 * n)),
        "encoder": lambda n: functools.partial(encode, vae(), repeated("pixels", n), repeated("noise", n)),
        "vae": lambda n: (lambda vae, latents: lambda: vae.decode(latents).sample)(vae(), repeated("latents", n)),
    }
    say_ready()
    known, results = {}, {}
    for line in sys.stdin:
        question = line.strip()
        name, _, images = question.partition(":")
        if question not in known:
            known[question] = calls[name](int(images or 1))
        start = time.perf_counter()
        results[question] = known[question]()
        print(time.perf_counter() - start, flush=True)
    names = {"text": "states", "unet": "noise", "control": "controlled", "encoder": "encoded", "vae": "image"}
    save_file({names[name]: result.float().contiguous() for name, result in results.items() if name in names}, outputs)


def images(folder, dtype, batch_size, pixels):
    pipeline = StableDiffusionPipeline.from_pretrained(
        folder, torch_dtype=getattr(torch, dtype), feature_extractor=None, safety_checker=None, requires_safety_checker=False)
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    for part in (pipeline.unet, pipeline.vae):
        part.to(memory_format=CHANNELS_LAST)
    begun = [True]

    def first_step(*_):
        if not begun[0]:
            begun[0] = True
            print("first step", flush=True)

    pipeline.unet.register_forward_pre_hook(first_step)
    say_ready()
    for line in sys.stdin:
        steps, count = map(int, line.split())
        begun[0], start = False, time.perf_counter()
        for first in range(0, count, int(batch_size)):
            numbers = range(first, min(first + int(batch_size), count))
            made = pipeline([f"a photograph of an astronaut riding horse number {n}" for n in numbers], num_inference_steps=steps, guidance_scale=7.5,
                            height=int(pixels), width=int(pixels), generator=[torch.Generator().manual_seed(n) for n in numbers]).images
            for image in made:
                image.save(io.BytesIO(), "PNG")
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    with torch.inference_mode():
        {"stages": stages, "images": images}[sys.argv[1]](*sys.argv[2:])
