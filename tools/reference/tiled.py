"""What the small models' VAEs answer in tiles (diffusers, AutoencoderKL.enable_tiling), float32."""

from diffusers import AutoencoderKL

from common import OUTPUT, numbers, write_tensors

# model: (batch, height, width) of latents; a tile of `base` has 8, one of `v21` 12
DECODES = {"base": (1, 11, 18), "v21": (2, 12, 20)}


def main():
    result = {}
    for position, (name, (batch, height, width)) in enumerate(DECODES.items()):
        vae = AutoencoderKL.from_pretrained(OUTPUT / name / "vae")
        latents = numbers(300 + position, batch, 4, height, width) / vae.config.scaling_factor
        whole = vae.decode(latents).sample
        vae.enable_tiling()
        tiled = vae.decode(latents).sample
        assert tiled.shape == whole.shape and (tiled - whole).abs().max() > 1e-3, name
        result |= {f"{name}/latents": latents, f"{name}/image": tiled}
    write_tensors(OUTPUT / "tiled.safetensors", result)


if __name__ == "__main__":
    main()
