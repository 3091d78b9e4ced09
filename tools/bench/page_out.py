"""Leaves the page out of memory that libtorch's exponential reads under a mask (docs/kernels.md), everything else of
the library in memory, so that `tools/bench/run bfloat16` shows what a process makes of it. Needs binutils and a processor
with AVX-512; nothing may have the library open.

    python tools/bench/page_out.py ~/.djl.ai/pytorch/*/libtorch_cpu.so
"""

import os
import re
import subprocess
import sys

PAGE = 4096
EXPONENTIAL = "Sleef_expf16_u10"


def masked_load(library):
    """The address, here also the place in the file, of what the exponential gives where it overflows."""
    code = subprocess.run(["objdump", "-d", f"--disassemble={EXPONENTIAL}", library], capture_output=True, text=True, check=True).stdout
    return int(re.search(r"\(%rip\),%zmm\d+\{%k\d\}\s+# ([0-9a-f]+)", code)[1], 16)


def main(library):
    out = masked_load(library) // PAGE * PAGE
    file = os.open(library, os.O_RDONLY)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)  # no reading ahead, which would bring the page in
    for offset in range(0, os.fstat(file).st_size, PAGE):
        if offset != out:
            os.pread(file, 1, offset)
    os.close(file)
    print(f"{library}: the page at {out:#x} is out of memory")


if __name__ == "__main__":
    main(sys.argv[1])
