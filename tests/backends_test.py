"""What users see of backends: auto and its fallback, execution providers, compare.

    backends_test.py PROGRAM

Skips what needs a library that is not there.
"""
import os
import unittest

from onnx_bytes import einsum_model
from program import (MODELS, PREPROCESS, Folder, backends, lathe, lathe_json, needs_fashion_mnist, read_npy,
                     write_npy)

# A speech detector with If, dynamic shapes and three inputs.
SPEECH_DETECTOR = os.path.join(MODELS, "silero-vad", "silero_vad_16k_op15.onnx")
GPU = os.path.exists("/dev/nvidia0")


def available():
    return [name for name, row in backends().items() if row["available"]]


class Foreign(Folder):
    """A model with an operator that only others know."""

    def setUp(self):
        super().setUp()
        with open(self.path("turn.onnx"), "wb") as file:
            file.write(einsum_model())
        write_npy(self.path("x.npy"), (2, 3), [1, 2, 3, 4, 5, 6])

    def run_turn(self, *words, **options):
        return lathe("run", self.path("turn.onnx"), self.path("x.npy"), "-o", self.path("y.npy"), *words,
                     **options)

    def test_native_names_the_operator(self):
        error = self.run_turn("--backend", "native", status=1).stderr
        self.assertIn("node turn (Einsum): operator is not supported", error)

    def test_others_run_it(self):
        for backend in ("onnxruntime", "openvino", "auto"):
            with self.subTest(backend):
                self.need("onnxruntime", *([] if backend == "auto" else [backend]))
                self.run_turn("--backend", backend)
                self.assertEqual(read_npy(self.path("y.npy")), [1, 4, 2, 5, 3, 6])

    def test_auto_says_why(self):
        self.need("onnxruntime")
        said = self.run_turn("--backend", "auto", "--explain").stderr
        self.assertIn("auto chose onnxruntime", said)
        self.assertIn("node turn (Einsum): operator is not supported", said)

    @unittest.skipUnless(os.path.exists(SPEECH_DETECTOR), "no silero-vad model beside the project")
    def test_a_model_with_subgraphs(self):
        self.need("onnxruntime", "openvino")
        write_npy(self.path("input.npy"), (1, 576), [(i * 37 % 101 - 50) / 500 for i in range(576)])
        write_npy(self.path("state.npy"), (2, 1, 128), [0.0] * 256)
        write_npy(self.path("sr.npy"), (), [16000], "<i8")
        inputs = [f"{name}={self.path(name)}.npy" for name in ("input", "state", "sr")]
        said = lathe("run", SPEECH_DETECTOR, *inputs, "--backend", "auto")
        self.assertIn("auto chose onnxruntime", said.stderr)
        self.assertIn("output  float32[1,1]", said.stdout)
        report = lathe_json("compare", SPEECH_DETECTOR, *inputs, "--backends", "openvino", "--against", "onnxruntime")
        self.assertTrue(report["agrees"])
        self.assertEqual([row["name"] for row in report["backends"][0]["outputs"]], ["output", "stateN"])

    def test_other_verbs_still_refuse_it(self):
        self.assertIn("(Einsum): operator is not supported",
                      lathe("inspect", self.path("turn.onnx"), status=1).stderr)


class Options(Folder):
    def setUp(self):
        super().setUp()
        self.model = self.path("cnn.onnx")
        lathe("new", "cnn", "--size", "28", "--channels", "1", "-o", self.model)
        write_npy(self.path("x.npy"), (1, 1, 28, 28), [0.5] * 784)

    def run_model(self, *words, **options):
        return lathe("run", self.model, self.path("x.npy"), *words, **options)

    def test_auto_takes_native(self):
        self.assertIn("auto chose native", self.run_model("--backend", "auto").stderr)
        said = self.run_model("--backend", "auto", "--explain").stderr
        for name in ("native", "reference", "onnxruntime", "openvino"):
            self.assertIn(name, said)

    def test_wrong_options_are_named(self):
        self.assertIn("--explain goes with", self.run_model("--explain", status=2).stderr)
        self.assertIn("expected PROVIDER:KEY=VALUE",
                      self.run_model("--provider-option", "cuda", status=2).stderr)
        self.assertIn("no number of bytes", self.run_model("--memory-limit", "much", status=2).stderr)
        self.assertIn("known are auto, native", self.run_model("--backend", "magic", status=1).stderr)
        self.run_model("--precision", "f64", status=2)

    def test_limits_are_kept(self):
        self.assertIn("the limit is 1024", self.run_model("--memory-limit", "1K", status=1).stderr)
        self.run_model("--memory-limit", "64M")
        self.assertIn("bf16 was asked for", self.run_model("--precision", "bf16", status=1).stderr)

    def test_providers_fall_back(self):
        self.need("onnxruntime")
        said = self.run_model("--backend", "onnxruntime", "--provider", "nothing,cpu").stderr
        self.assertIn("provider nothing is passed over", said)
        self.assertIn("computes on cpu", said)
        if not GPU:
            said = self.run_model("--backend", "onnxruntime", "--provider", "tensorrt,cuda,cpu").stderr
            for name in ("tensorrt", "cuda"):
                self.assertIn(f"provider {name} is passed over", said)
        said = self.run_model("--backend", "onnxruntime", "--provider", "nothing", status=1).stderr
        self.assertIn("add cpu to --provider", said)


@needs_fashion_mnist
class Compare(Folder):
    def setUp(self):
        super().setUp()
        self.model = self.path("cnn.onnx")
        lathe("new", "cnn", "--size", "28", "--channels", "1", "-o", self.model)
        self.data = ("--data", "fashion-mnist", "--limit", "60", "--preprocess", PREPROCESS)

    def test_float_backends_agree(self):
        report = lathe_json("compare", self.model, *self.data)
        self.assertTrue(report["agrees"])
        self.assertEqual(report["samples"], 60)
        self.assertEqual([row["backend"] for row in report["backends"]],
                         [name for name in available() if name != "reference"])
        for row in report["backends"]:
            self.assertLess(row["outputs"][0]["max_relative"], 1e-4)
            self.assertEqual(row["outputs"][0]["elements"], 600)
            self.assertEqual(row["outputs"][0]["rows"], 60)

    def test_integer_backends_agree(self):
        quantized = self.path("int8.onnx")
        lathe("quantize", self.model, "--data", "fashion-mnist", "--samples", "64", "--no-compare", "-o",
              quantized, *self.data[4:])
        report = lathe_json("compare", quantized, *self.data, "--nodes", "--backends", "native")
        row = report["backends"][0]
        self.assertEqual(row["outputs"][0]["max_absolute"], 0)
        self.assertIsNone(row["first_parting"])
        self.assertGreater(len(row["nodes"]), 8)
        top1 = {name: lathe_json("eval", quantized, *self.data, "--backend", name)["top1"]
                for name in available() if name != "reference"}
        self.assertLess(max(top1.values()) - min(top1.values()), 0.02, top1)

    def test_parting_is_found_and_named(self):
        report = lathe_json("compare", self.model, *self.data, "--backends", "native", "--nodes",
                            "--tolerance", "0", status=1)
        self.assertFalse(report["agrees"])
        self.assertIn("Conv", report["backends"][0]["first_parting"]["node"])
        text = lathe("compare", self.model, "--samples", "1", "--backends", "native", "--nodes",
                     "--tolerance", "0", status=1).stdout
        self.assertIn("parts from reference at node", text)

    def test_failures_are_told(self):
        report = lathe_json("compare", self.model, "--samples", "1", "--backends", "native", "--precision",
                            "bf16", status=1)
        self.assertIn("bf16 was asked for", report["backends"][0]["error"])
        self.assertIn("unknown backend 'magic'",
                      lathe("compare", self.model, "--backends", "magic", status=1).stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
