"""A killed run goes on as if it had not been; bad input, a full disk or a kill leave the last good checkpoint.

    python tools/tiny-sd2/test_training.py
"""

import contextlib
import io
import resource
import signal
import tempfile
import unittest
from pathlib import Path

import torch

import muon
import training


OPTIMIZERS = {"adam": lambda module: training.adam(module, 0.01), "muon": lambda module: muon.Muon(module, (0.03, 0.01))}


def loop(steps, optimizer="adam"):
    """A small network that learns to double numbers."""
    torch.manual_seed(0)
    return training.Training("doubling", torch.nn.Linear(64, 64), steps, OPTIMIZERS[optimizer])


def loss_of(module, fails_at=None, value=float("nan")):
    def loss(step):
        x = torch.randn(8, 64, generator=torch.Generator().manual_seed(step))
        loss = (module(x) - 2 * x).square().mean()
        return {"loss": loss * value if step == fails_at else loss}

    return loss


class Killed(Exception):
    pass


class TrainingTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(setattr, training, "WORK", training.WORK)
        training.WORK = Path(folder.name)

    def run_loop(self, training_loop, loss=None, save_every=10):
        with contextlib.redirect_stdout(io.StringIO()):
            training_loop.run(loss or loss_of(training_loop.module), save_every, log_every=10)
        return training_loop.shadow

    def step(self):
        return training.load(training.WORK / "doubling.pt")["step"]

    def test_goes_on_as_if_it_had_not_been_stopped(self):
        for optimizer in OPTIMIZERS:
            with self.subTest(optimizer):
                self.stopped_and_started(optimizer)

    def stopped_and_started(self, optimizer):
        (training.WORK / "doubling.pt").unlink(missing_ok=True)
        whole = self.run_loop(loop(40, optimizer))
        (training.WORK / "doubling.pt").unlink()
        first = loop(40, optimizer)

        def killed(step):
            if step == 27:
                raise Killed
            return loss_of(first.module)(step)

        with self.assertRaises(Killed):
            self.run_loop(first, killed)
        self.assertEqual(self.step(), 20)
        again = self.run_loop(loop(40, optimizer))
        for key, value in whole.items():
            self.assertTrue(torch.equal(value, again[key]), key)

    def test_muon_learns(self):
        module = torch.nn.Linear(64, 64)
        self.run_loop(training.Training("doubling", module, 400, OPTIMIZERS["muon"]))
        self.assertLess(loss_of(module)(1000)["loss"].item(), 0.1)

    def test_a_loss_that_is_not_finite_stops_with_a_reason(self):
        first = loop(40)
        with self.assertRaisesRegex(SystemExit, r"Cannot train doubling: the loss must be finite \(nan at step 33\)"):
            self.run_loop(first, loss_of(first.module, fails_at=33))
        self.assertEqual(self.step(), 30)

    def test_a_full_disk_leaves_the_last_good_checkpoint(self):
        self.run_loop(loop(20))
        good = (training.WORK / "doubling.pt").read_bytes()
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(good) // 2, limits[1]))
        try:
            with self.assertRaises((OSError, RuntimeError)):
                self.run_loop(loop(40))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, ignored)
        self.assertEqual((training.WORK / "doubling.pt").read_bytes(), good)
        self.assertEqual(self.step(), 20)


if __name__ == "__main__":
    unittest.main()
