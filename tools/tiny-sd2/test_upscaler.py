"""A scene is the same at each size, crops of an example show the same place, and the VAE's scale changes no image.

    python tools/tiny-sd2/test_upscaler.py
"""

import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

import scenes
import training
import upscaler
import upscaler_check

MOST_BYTES = 9_000_000


class ScenesTest(unittest.TestCase):
    def test_are_the_same_at_each_size(self):
        rng = np.random.default_rng(1)
        for _ in range(20):
            scene = scenes.scene(rng)
            small, large = scenes.draw(scene), scenes.draw(scene, upscaler.SCALE)
            self.assertEqual(large.shape, (upscaler.SIDE, upscaler.SIDE, 3))
            self.assertLess(np.abs(upscaler_check.reduced(large).astype(int) - small).mean(), 1.5)

    def test_other_colours_leave_what_is_seen(self):
        image = scenes.draw(scenes.landscape_scene(np.random.default_rng(1)))
        other = upscaler.recoloured(np.random.default_rng(2), image)
        self.assertGreater(np.abs(other.astype(int) - image).mean(), 10)
        self.assertEqual(len(np.unique(other.reshape(-1, 3), axis=0)), len(np.unique(image.reshape(-1, 3), axis=0)))


class ExamplesTest(unittest.TestCase):
    """With three scenes and a VAE that was not trained."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        values = {"SCENES": 3, "DRAWN": Path(folder.name) / "scenes.npy", "EXAMPLES": Path(folder.name) / "examples.pt"}
        for name, value in values.items():
            self.addCleanup(setattr, upscaler, name, getattr(upscaler, name))
            setattr(upscaler, name, value)
        self.addCleanup(setattr, training, "WORK", training.WORK)
        training.WORK = Path(folder.name)
        torch.manual_seed(0)
        training.save(training.WORK / f"{upscaler.VAE}.pt", {"average": upscaler.vae().state_dict()})

    def test_latents_and_small_images_show_the_same_place(self):
        lesson = upscaler.Lesson()
        crops = upscaler.STAGES[upscaler.UNET].crops
        for step, (side, count) in enumerate(crops):
            texts, clean, small, levels = lesson.batch(step, crops)
            self.assertEqual([len(texts), len(clean), len(small), len(levels)], [count] * 4)
            self.assertEqual([tuple(clean.shape[1:]), tuple(small.shape[1:])], [(4, side, side), (3, side, side)])
            self.assertTrue(((levels >= 0) & (levels < upscaler.MAX_NOISE_LEVEL)).all())
            self.assertTrue(self.shows_one_place(lesson, clean[0], small[0]), f"step {step}")

    def test_what_is_seen_and_the_velocity_give_the_latents(self):
        loss = upscaler.UnetLoss(None)
        for stage in upscaler.STAGES.values():
            seen, t, _, _, velocity = loss.example(stage, 1)
            clean = loss.lesson.batch(1, stage.crops)[1] * loss.lesson.scale
            abar = loss.abar[t][:, None, None, None]
            self.assertLess((abar.sqrt() * seen[:, :4] - (1 - abar).sqrt() * velocity - clean).abs().max().item(), 1e-4)
            self.assertEqual(tuple(seen.shape[1:]), (7, *clean.shape[2:]))

    def test_blotches_are_of_low_frequencies(self):
        torch.manual_seed(0)
        made = upscaler.blotches(torch.zeros(64, 4, 64, 64))
        self.assertGreater(made.std().item(), 0.2)
        self.assertLess((made[..., 1:] - made[..., :-1]).std().item(), 0.2 * made.std().item())

    @staticmethod
    def shows_one_place(lesson, latents, small):
        """Whether there is a scene with a place that has both crops."""
        side = small.shape[-1]
        free = upscaler.SIDE // upscaler.SCALE - side + 1
        both = (lesson.latents[:, :, :free, :free] == latents[None, :, :1, :1]).all(1)[:, None]
        both = both & (lesson.small[..., :free, :free] == small[None, None, :, :1, :1]).all(2)
        return any(
            torch.equal(lesson.latents[n, :, y:y + side, x:x + side].float(), latents)
            and torch.equal(lesson.small[n, k, :, y:y + side, x:x + side].float(), small) for n, k, y, x in both.nonzero().tolist())

    def test_small_images_are_the_means_of_pixels(self):
        _, small, scale = upscaler.examples()
        self.assertGreater(scale, 0)
        means = upscaler_check.reduced(np.array(upscaler.drawn()[1]))
        self.assertLess(np.abs((small[1, 0].permute(1, 2, 0).float().numpy() + 1) * 127.5 - means).max(), 1)


class NetworksTest(unittest.TestCase):
    def test_the_scale_of_latents_changes_no_image(self):
        torch.manual_seed(0)
        network, image = upscaler.vae(), torch.rand(1, 3, 64, 64) * 2 - 1
        with torch.no_grad():
            before, decoded = network.encode(image).latent_dist, network(image).sample
            after, again = upscaler.rescaled(network, 0.5).encode(image).latent_dist, network(image).sample
        factor = 0.5 / upscaler.SCALING_FACTOR
        torch.testing.assert_close(after.mean, before.mean * factor, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(after.std, before.std * factor, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(again, decoded, rtol=1e-4, atol=1e-5)

    def test_are_small(self):
        with tempfile.TemporaryDirectory() as folder:
            for network in (upscaler.unet(), upscaler.vae()):
                network.half().save_pretrained(Path(folder) / type(network).__name__)
            self.assertLess(sum(file.stat().st_size for file in Path(folder).rglob("*.safetensors")), MOST_BYTES)


if __name__ == "__main__":
    unittest.main()
