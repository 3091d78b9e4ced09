"""The product's Java over this machine's libtorch, with the runtime and the jars that the bundle carries."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import torch

from .part import Unavailable, Work

MAIN = "io.sparkdiffusion.bench.ProductCheck"
WITHOUT_DRIVER = "libcaffe2_nvrtc.so"  # DJL loads it always; it alone needs the driver's libcuda.so.1
# As jobs/lib/launch.sh sets them; the heap is fixed and resident, so that what grows is native.
HEAP = ["-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
TUNABLES = "glibc.malloc.arena_max=1:glibc.malloc.mmap_threshold=1073741824:glibc.malloc.trim_threshold=536870912"


def command(work: Work, *arguments: str, properties: tuple[str, ...] = ()) -> list[str]:
    return [str(work.bundle / "jre/bin/java"), *HEAP, *properties, "-cp", str(work.bundle / "jars/*"), MAIN, *arguments]


def unknown_texts(work: Work, texts: list[str]) -> list[str]:
    """Those that the product does not take for lack of memory; libtorch is not needed for that."""
    questions = "".join(text.replace("\n", " ") + "\n" for text in texts)
    done = subprocess.run(command(work, "texts"), input=questions, capture_output=True, text=True, timeout=60, check=True)
    answers = [json.loads(line)["halves"] for line in done.stdout.splitlines()]
    return [text for text, halves in zip(texts, answers, strict=True) if not halves]


class Product:
    """A JVM that answers a line for a line."""

    def __init__(self, work: Work, *arguments: Any, log: Path, keeps_memory: bool = True):
        self.log = log.open("w+", encoding="utf-8")
        line = command(work, "images", *map(str, arguments), properties=(*properties(work), f"-XX:ErrorFile={log.parent}/hs_err.log"))
        self.process = subprocess.Popen(
            line, env=environment(work, keeps_memory), cwd=work.folder, text=True, bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)
        self.facts = self.answer()

    def answer(self) -> dict[str, Any]:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line.startswith("{"):
            status = self.process.wait()
            self.log.seek(0)
            last = [one.strip() for one in self.log.read().splitlines() if one.strip() and not one.startswith("\tat ")][-3:]
            raise RuntimeError(f"the product ended with status {status}: {' / '.join([line.strip(), *last])[:500]}")
        return json.loads(line)

    def ask(self, first: int, count: int, batch: int) -> dict[str, Any]:
        assert self.process.stdin
        self.process.stdin.write(f"{first} {count} {batch}\n")
        return self.answer()

    def close(self) -> dict[str, Any]:
        """What is taken once the pipeline is closed."""
        assert self.process.stdin
        self.process.stdin.close()
        last = self.answer()
        if self.process.wait():
            raise RuntimeError(f"the product ended with status {self.process.returncode}")
        return last

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def require(work: Work) -> None:
    """The JNI that the bundle carries is compiled against one version of libtorch: another one ends the JVM."""
    wanted = json.loads((work.bundle / "bundle.json").read_text())["libtorch"]
    here = torch.__version__.split("+")[0]
    if here != wanted:
        raise Unavailable(f"this machine's libtorch is {here}, and the product's JNI fits {wanted} alone; in an environment with"
                          f" torch=={wanted} run this part again")
    if not (work.bundle / "jre/bin/java").exists():
        raise Unavailable("the bundle has no Java runtime")


def has_driver() -> bool:
    return Path("/proc/driver/nvidia").exists() or torch.cuda.is_available()


def environment(work: Work, keeps_memory: bool) -> dict[str, str]:
    """keeps_memory: the allocator keeps what large tensors leave, as in the job."""
    libraries = Path(torch.__file__).parent / "lib"
    flavor = "cu128" if torch.version.cuda else "cpu"
    if flavor != "cpu" and not has_driver():
        libraries = without_driver(work, libraries)
    return os.environ | {
        "PYTORCH_LIBRARY_PATH": str(libraries),
        "PYTORCH_VERSION": torch.__version__.split("+")[0],
        "PYTORCH_FLAVOR": flavor,
        "GLIBC_TUNABLES": TUNABLES if keeps_memory else "",
        "ENGINE_CACHE_DIR": str(work.folder / "engine-cache"),
        "DJL_CACHE_DIR": str(work.folder / "engine-cache"),
        "OPT_OUT_TRACKING": "true",
        "RUST_FLAVOR": "cpu",
    }


def properties(work: Work) -> list[str]:
    found = ["-Dai.djl.offline=true"]
    runtime = Path(torch.__file__).parents[1] / "nvidia/cuda_runtime/lib"
    if runtime.is_dir():
        found.append(f"-Djna.library.path={runtime}")
    if not work.on_gpu:
        found.append(f"-Dai.djl.pytorch.num_threads={torch.get_num_threads()}")
    return found


def without_driver(work: Work, libraries: Path) -> Path:
    """The same libraries but the one that needs a driver, in folders that lie to each other as the packages' do."""
    folder = work.folder / "libtorch/torch/lib"
    if not folder.exists():
        folder.mkdir(parents=True)
        for file in libraries.iterdir():
            if file.name != WITHOUT_DRIVER:
                (folder / file.name).symlink_to(file)
        (folder.parent / "version.py").symlink_to(libraries.parent / "version.py")
        nvidia = libraries.parents[1] / "nvidia"
        if nvidia.is_dir():
            (folder.parents[1] / "nvidia").symlink_to(nvidia)
    return folder
