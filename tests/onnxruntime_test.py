#!/usr/bin/env python3
"""Checks models that Lathe writes with ONNX's own checker and against ONNX Runtime.

    onnxruntime_test.py PROGRAM

Each architecture is written with random weights, checked, and run by both on the same input.
"""

import tempfile
import unittest
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from program import lathe

# Input CxHxW of each architecture, small where it may be chosen freely.
SIZES = {
    "mlp": (1, 28, 28),
    "cnn": (3, 32, 32),
    "mobile": (3, 32, 32),
    "resnet8": (3, 32, 32),
    "mobilenet_v2": (3, 64, 64),
    "resnet18": (3, 64, 64),
    "resnet50": (3, 64, 64),
}


class OnnxRuntimeTest(unittest.TestCase):
    def check(self, name, channels, height, width):
        with tempfile.TemporaryDirectory() as folder:
            model = Path(folder) / "model.onnx"
            lathe("new", name, "-o", model, "--channels", channels, "--size", f"{height}x{width}",
                  "--seed", 1)
            onnx.checker.check_model(str(model), full_check=True)

            values = np.random.default_rng(0).standard_normal((1, channels, height, width))
            values = values.astype(np.float32)
            np.save(Path(folder) / "in.npy", values)
            lathe("run", model, Path(folder) / "in.npy", "-o", Path(folder) / "out.npy")
            ours = np.load(Path(folder) / "out.npy")

            session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
            theirs = session.run(None, {session.get_inputs()[0].name: values})[0]
            self.assertEqual(theirs.shape, ours.shape)
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4 * np.abs(theirs).max())

    def test_architectures(self):
        for name, size in SIZES.items():
            with self.subTest(name):
                self.check(name, *size)


if __name__ == "__main__":
    unittest.main()
