"""BUNDLE DEVICE MODEL DTYPE SPARE: one process's first call of the UNet while another has taken all but so many bytes of the device.

The last line is what was said, or none.
"""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import torch

from .graphs import Model
from .memory import KIT, load, said_by


def main() -> None:
    bundle, device, name, dtype, spare = sys.argv[1:]
    model = Model(Path(bundle) / "graphs" / name, Path(bundle) / "model" if name == "tiny" else None, device)
    call = load(model, "unet", dtype, 1)
    inputs = call.inputs()
    with ExitStack() as stack:
        if model.device.type == "cuda":
            torch.cuda.empty_cache()
            command = [sys.executable, "-m", "kit.hog", device, spare]
            hog = stack.enter_context(subprocess.Popen(command, cwd=KIT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
            stack.callback(hog.kill)
            if not hog.stdout or not hog.stdout.readline():
                sys.exit("the process that takes the device's memory did not start")
        try:
            call(*inputs)
            if model.device.type == "cuda":
                torch.cuda.synchronize()
            print("none")
        except RuntimeError as error:
            print(said_by(error))


if __name__ == "__main__":
    main()
