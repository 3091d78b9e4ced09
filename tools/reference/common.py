"""What every step of the reference tool shares: where files go, and how tensors and JSON are written."""

from pathlib import Path

import torch
from safetensors.torch import save_file

from layout import write_json  # noqa: F401, for the other steps

REPOSITORY = Path(__file__).resolve().parents[2]
OUTPUT = REPOSITORY / "src/test/resources/reference"
PUBLISHED = REPOSITORY / "src/test/resources/published/stable-diffusion-2-1-base"

torch.set_num_threads(1)  # the order of float additions, and so the last bits, depend on the thread count
torch.set_grad_enabled(False)


def write_tensors(path, tensors):
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()}, path, metadata={"format": "pt"})
    path.chmod(0o644)


def numbers(seed, *shape):
    """Standard normal float32 values that depend on the seed alone."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
