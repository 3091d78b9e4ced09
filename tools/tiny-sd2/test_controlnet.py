"""A ControlNet begins as a copy that changes nothing, is as small as it is to be, and edges are compared as they are said to be.

    python tools/tiny-sd2/test_controlnet.py
"""

import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

import adapters
import controlnet
import controlnet_check
import scenes

MOST_BYTES = 3_000_000


def conditions(count):
    """Landscapes' edges."""
    drawn = [scenes.draw(scenes.landscape_scene(np.random.default_rng(i))) for i in range(count)]
    return controlnet.conditions(np.stack([controlnet.edges(image) for image in drawn]))


class BeginningTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        torch.manual_seed(0)
        _, cls.unet = adapters.model()
        cls.controlnet = controlnet.network(cls.unet)

    def test_changes_nothing(self):
        noisy, states, t = torch.randn(2, 4, 16, 16), torch.randn(2, 77, 128), torch.tensor([900, 100])
        seeing = controlnet.network(self.unet)
        controlnet.give_unit_variance(seeing.controlnet_cond_embedding, conditions(8))
        with torch.no_grad():
            down, middle = seeing(noisy, t, states, conditions(2), return_dict=False)
            without = self.unet(noisy, t, states).sample
            controlled = self.unet(noisy, t, states, down_block_additional_residuals=down, mid_block_additional_residual=middle).sample
        self.assertTrue(torch.equal(without, controlled))

    def test_has_the_weights_of_the_way_down(self):
        own, copied = self.unet.state_dict(), 0
        for key, value in self.controlnet.state_dict().items():
            if not key.startswith("controlnet_"):
                self.assertTrue(torch.equal(value, own[key]), key)
                copied += value.numel()
        self.assertGreater(copied, 1_000_000)

    def test_sees_edges_from_the_first_step(self):
        embedding = controlnet.network(self.unet).controlnet_cond_embedding
        with torch.no_grad():
            self.assertEqual(embedding(conditions(8)).std().item(), 0)
            controlnet.give_unit_variance(embedding, conditions(8))
            self.assertAlmostEqual(embedding(conditions(8)).std().item(), 1, places=3)

    def test_is_small(self):
        with tempfile.TemporaryDirectory() as folder:
            controlnet.network(self.unet).half().save_pretrained(folder)
            self.assertLess((Path(folder) / "diffusion_pytorch_model.safetensors").stat().st_size, MOST_BYTES)


class EdgesTest(unittest.TestCase):
    def test_are_where_colours_meet(self):
        image = np.zeros((32, 32, 3), np.uint8)
        image[:, 16:] = (200, 30, 30)
        self.assertEqual(set(np.nonzero(controlnet.edges(image)[4:-4])[1].tolist()) - {15, 16}, set())
        self.assertEqual(int((controlnet.edges(image)[4:-4] > 0).sum()), 24)

    def test_overlap(self):
        wanted = np.zeros((32, 32), np.uint8)
        wanted[8:24, 8] = 255
        for pixels, share in ((0, 1.0), (controlnet_check.NEAR, 1.0), (controlnet_check.NEAR + 1, 0.0)):
            self.assertAlmostEqual(controlnet_check.overlap(wanted, np.roll(wanted, pixels, 1))[2], share, msg=f"{pixels}")
        recall, precision, _ = controlnet_check.overlap(wanted, wanted | wanted.T)
        self.assertEqual(recall, 1.0)
        self.assertLess(precision, 0.7)
        self.assertEqual(controlnet_check.overlap(wanted, np.zeros_like(wanted))[2], 0.0)


class RowsTest(unittest.TestCase):
    def test_say_what_the_scene_has(self):
        for row in controlnet_check.rows()[: controlnet_check.SCENES]:
            scene = row["scene"]
            self.assertIn(f"{row['colour']} {row['shape']}", row["prompt"])
            self.assertEqual({row["colour"], row["colour2"]} - {""}, {shape.colour for shape in scene.shapes})
            if row["relation"]:
                first, second = (next(s for s in scene.shapes if s.colour == row[key]) for key in ("colour", "colour2"))
                axis = "x" if row["relation"] == "left" else "y"
                self.assertLess(getattr(first, axis), getattr(second, axis))


if __name__ == "__main__":
    unittest.main()
