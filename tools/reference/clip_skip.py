"""Prompt embeddings of the small models without the text encoder's last layers, by diffusers and its community pipeline for weights.

clip_skip.safetensors has MODEL/SKIPPED/prompt and /negative (1, 77, D) for each number of layers of a model, and of the community
pipeline MODEL/SKIPPED/weighted/prompt and /negative (1, 77 chunks, D).
"""

from common import OUTPUT, write_tensors
from components import load
from weighted import LONG, MOST_CHUNKS, pipeline_file

PROMPT, NEGATIVE = "a photograph of an astronaut riding a horse", "blurry, low quality"
WEIGHTED = "a (red:1.3) fox, " + LONG


def main():
    lpw = pipeline_file()
    tensors = {}
    for model in ("base", "v21", "sd15"):
        pipeline = load(OUTPUT / model)
        for skipped in range(1, pipeline.text_encoder.config.num_hidden_layers + 1):
            plain = pipeline.encode_prompt(PROMPT, "cpu", 1, True, NEGATIVE, clip_skip=skipped)
            weighted = lpw.get_weighted_text_embeddings(
                pipeline, WEIGHTED * 2, NEGATIVE, max_embeddings_multiples=MOST_CHUNKS, clip_skip=skipped
            )
            for name, states in (("", plain), ("weighted/", weighted)):
                tensors |= {f"{model}/{skipped}/{name}{kind}": tensor for kind, tensor in zip(("prompt", "negative"), states)}
    write_tensors(OUTPUT / "clip_skip.safetensors", tensors)


if __name__ == "__main__":
    main()
