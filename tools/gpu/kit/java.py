"""The product's Java over this machine's libtorch, with the runtime and the jars that the bundle carries."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import torch

from .part import Unavailable, Work

MAIN = "io.sparkdiffusion.bench.ProductCheck"
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

    def __init__(self, work: Work, *arguments: Any, log: Path):
        self.log = log.open("w+", encoding="utf-8")
        line = command(work, "images", str(site_packages()), *map(str, arguments), properties=(*properties(work), f"-XX:ErrorFile={log.parent}/hs_err.log"))
        self.process = subprocess.Popen(
            line, env=environment(work), cwd=work.folder, text=True, bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)
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


def site_packages() -> Path:
    """What libtorch_path takes: the product finds torch/lib and NVIDIA's libraries in it."""
    return Path(torch.__file__).parents[1]


def environment(work: Work) -> dict[str, str]:
    """As jobs/generate sets it; natives are unpacked below the kit's own folder."""
    return os.environ | {
        "GLIBC_TUNABLES": TUNABLES,
        "ENGINE_CACHE_DIR": str(work.folder / "engine-cache"),
        "DJL_CACHE_DIR": str(work.folder / "engine-cache"),
    }


def properties(work: Work) -> list[str]:
    return [] if work.on_gpu else [f"-Dai.djl.pytorch.num_threads={torch.get_num_threads()}"]
