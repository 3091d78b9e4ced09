"""DEVICE SPARE: takes a GPU's free memory but so many bytes, says so, and holds it until it is killed."""

import sys

import torch


def main() -> None:
    device, spare = torch.device(sys.argv[1]), int(sys.argv[2])
    free, _ = torch.cuda.mem_get_info(device)
    held = [torch.empty(max(0, free - spare) >> 20 << 20, dtype=torch.uint8, device=device)]
    print(f"{held[0].nbytes} bytes", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
