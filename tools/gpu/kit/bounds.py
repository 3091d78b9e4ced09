"""Every bound of the kit, each with its reason. What has none is reported as it was measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bound:
    most: float
    reason: str


FLOAT32_TO_DIFFUSERS = Bound(1e-5, "float32 differs by the order of sums alone, some 1e-6 of the largest value; TF32 would be near 1e-3")
FLOAT32_TO_CPU = Bound(1e-4, "the same at the real size, whose sums are up to a thousand times longer; TF32 would be near 1e-3")
LEVELS = Bound(1, "a value that lies between two of 256 levels may be rounded either way")
HALF_TO_PEER = Bound(2, "in one type both round as often: our error to float32 is about diffusers' own, and twice that is a fault of ours")
HALF_LARGEST = Bound(65504, "the largest float16: an operator that exceeds it gives infinity")
DICTIONARY = Bound(0, "converting a weight rounds once, in the recorded dictionary as in PyTorch")
REPEAT = Bound(0, "the same call with the same inputs must give the same bytes: the job's retries rely on it")
NOT_FINITE = Bound(0, "NaN and infinity are failed rows")
HALVED = Bound(0, "after running out of memory the smaller batch must give the bytes that it gave before")
UNKNOWN_TEXTS = Bound(0, "a text that the product does not take for lack of memory fails the task instead of halving its batch")
FAILED = Bound(0, "every image of the embedded model is made")
# A copy that is left behind has 12 bytes for each pixel.
GROWTH_PER_PIXEL = Bound(1.2, "a tenth of one image's floats: a copy left behind for each image has ten times as much")
GROWTH_ONCE = Bound(16 << 20, "what the JVM's compiler and the allocator's arenas take once, however many images follow")
KEPT_ON_DEVICE = Bound(1 << 30, "the CUDA context and the libraries' own memory stay until the process ends; a model would be more")
