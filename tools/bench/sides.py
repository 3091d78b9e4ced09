"""Processes that answer questions, a line for a line, so that several can take turns on one machine."""

import itertools
import json
import math
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
WAITING = ThreadPoolExecutor()
MEMORY = {"peak_rss_anon_bytes": "RssAnon:", "peak_rss_bytes": "VmRSS:"}  # weights that stay mapped from their file are in the second only


class Side:
    """A process that says in a line of JSON when it is ready; its memory is watched only where that is asked for, which takes some of a core."""

    def __init__(self, command, watched=False):
        self.peaks, self.watched = dict.fromkeys(MEMORY.values(), 0), watched
        environment = {key: value for key, value in os.environ.items() if key != "PYTHON"}
        self.start = time.perf_counter()
        self.process = subprocess.Popen(
            [str(part) for part in command], cwd=REPOSITORY, text=True, bufsize=1, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if watched:
            threading.Thread(target=watch_memory, args=(self,), daemon=True).start()
        self.facts = json.loads(self.answer())
        self.facts["ready_seconds"] = self.age()

    def age(self):
        """Seconds since the process's start."""
        return time.perf_counter() - self.start

    def answer(self):
        if line := self.process.stdout.readline():
            return line
        sys.exit(ended(self.process))

    def ask(self, question):
        self.process.stdin.write(question + "\n")

    def seconds(self, question):
        self.ask(question)
        return float(self.answer())

    def close(self):
        self.process.stdin.close()
        if self.process.wait():
            sys.exit(ended(self.process))
        self.facts |= {name: self.peaks[field] for name, field in MEMORY.items() if self.peaks[field]}


def ended(process):
    """What to say of a process that should not have ended, or not so."""
    return f"exit status {process.wait()}: {process.args}"


class Paced:
    """A process at work until a call of ours has its answer; it is held soon after the work has begun, and then has its turns."""

    def __init__(self, process, call):
        self.process, self.held = process, 0.0
        self.answer = WAITING.submit(call)
        time.sleep(1)
        self.hold()

    def hold(self):
        self.process.send_signal(signal.SIGSTOP)
        self.since = time.perf_counter()

    def release(self):
        self.held += time.perf_counter() - self.since
        self.process.send_signal(signal.SIGCONT)

    def is_done_within(self, seconds):
        return bool(wait([self.answer], seconds).done)


def alternate(paced, end, seconds=2):
    """Lets held processes run in turn, so many seconds each, until one is done; once its end is awaited, the others run on.

    What the machine does in the meantime, it then does to all of them.
    """
    for one in itertools.cycle(paced):
        one.release()
        if one.is_done_within(seconds):
            break
        one.hold()
    end(one)
    for other in paced:
        if other is not one:
            other.release()


def watch_memory(side):
    """Keeps the peaks of a process until it is no longer watched, or has ended."""
    while side.watched and side.process.poll() is None:
        everyone = family(side.process.pid)
        for field, highest in side.peaks.items():
            side.peaks[field] = max(highest, sum(status_bytes(pid, field) for pid in everyone))
        time.sleep(0.02)


def family(pid):
    """A process and all that it has started."""
    try:
        children = [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
    except OSError:
        return []
    return [pid] + [descendant for child in children for descendant in family(child)]


def status_bytes(pid, field):
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def take_turns(calls, repeats):
    """What each of the named calls returns, one call of each in turn, after one of each that does not count."""
    values = {name: [] for name in calls}
    for turn in range(repeats + 1):
        order = list(calls.items())
        for name, call in order if turn % 2 else reversed(order):
            value = call()
            if turn:
                values[name].append(value)
    return values


def ratio(ours, theirs):
    """The median of the pairs' ratios with its 95 % interval."""
    ratios = [a / b for a, b in zip(ours, theirs)]
    low, high = interval(ratios)
    return {"ratio": statistics.median(ratios), "low": low, "high": high, "pairs": len(ratios)}


def interval(values):
    """The narrowest interval between two of the sorted values that holds the median with 95 % or more, by the binomial distribution."""
    values, n = sorted(values), len(values)
    outside = 0.0
    for cut in range(n // 2):
        outside += 2 * math.comb(n, cut) / 2**n
        if outside > 0.05:
            return values[max(cut - 1, 0)], values[n - 1 - max(cut - 1, 0)]
    return values[n // 2 - 1 if n > 2 else 0], values[-(n // 2) if n > 2 else -1]


def error(actual, expected):
    """How far one tensor is from another."""
    if actual.shape != expected.shape:
        sys.exit(f"Cannot compare outputs: shapes must be equal ({tuple(actual.shape)} and {tuple(expected.shape)})")
    if not (actual.isfinite().all() and expected.isfinite().all()):
        sys.exit("Cannot compare outputs: every value must be finite")
    difference = (actual.double() - expected.double()).abs()
    largest = expected.double().abs().max().item()
    return {"max_relative_to_largest": difference.max().item() / largest, "mean_absolute": difference.mean().item()}


def processor():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")
    flags = next((line.split() for line in lines if line.startswith("flags")), [])
    return name + (" with AMX" if "amx_bf16" in flags else " with AVX-512 and bf16" if "avx512_bf16" in flags else "")
