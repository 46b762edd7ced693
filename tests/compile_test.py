"""`lathe compile`: what it writes, where that is taken, what it refuses.

    compile_test.py PROGRAM
"""
import os
import unittest

import onnx_bytes
from program import MODELS, PREPROCESS, SharedFolder, lathe, lathe_json, needs_fashion_mnist


class Compile(SharedFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.path("cnn.onnx")
        cls.compiled = cls.path("cnn.lathe")
        lathe("new", "cnn", "--size", "28", "--channels", "1", "-o", cls.model)
        cls.made = lathe_json("compile", cls.model, "-o", cls.compiled)

    def test_it_says_what_it_made(self):
        self.assertEqual(self.made["source"], "cnn.onnx")
        self.assertGreater(self.made["packed"], 3)
        self.assertEqual(self.made["size_bytes"], os.path.getsize(self.compiled))
        self.assertEqual(self.made["packed_for"], ["float32[1,1,28,28]"])
        self.assertGreater(self.made["ready_ms"], 0)
        self.assertTrue(self.made["proved"])
        text = lathe("compile", self.model, "-o", self.path("again.lathe")).stdout
        self.assertIn("same answers", text)

    def test_verbs_that_run_models_take_it(self):
        facts = lathe_json("inspect", self.compiled)
        self.assertEqual(facts["macs"], lathe_json("inspect", self.model)["macs"])
        self.assertIn("plan", lathe_json("inspect", self.compiled, "--plan"))
        rows = lathe_json("bench", self.compiled, "--seconds", "0.05", "--batch", "1,4")["results"]
        self.assertEqual([row["batch"] for row in rows], [1, 4])
        self.assertEqual([row["notes"] for row in rows], [[], []])
        self.assertEqual(facts["compiled"]["source"], "cnn.onnx")
        self.assertIn("from cnn.onnx by lathe", lathe("inspect", self.compiled).stdout)
        lathe("compare", self.compiled, "--samples", "4")

    @needs_fashion_mnist
    def test_it_is_as_accurate(self):
        call = ["--data", "fashion-mnist", "--limit", "300", "--preprocess", PREPROCESS]
        self.assertEqual(lathe_json("eval", self.compiled, *call)["top1"],
                         lathe_json("eval", self.model, *call)["top1"])

    def test_another_instruction_set_packs_anew_and_says_so(self):
        bench = ["bench", self.compiled, "--seconds", "0.05"]
        row = lathe_json(*bench, env={"LATHE_ISA": "scalar"})["results"][0]
        if self.made["isa"] == "scalar":
            self.skipTest("this machine has no other instruction set")
        self.assertIn("packed anew", " ".join(row["notes"]))
        for_scalar = self.path("scalar.lathe")
        made = lathe_json("compile", self.model, "-o", for_scalar, env={"LATHE_ISA": "scalar"})
        self.assertEqual(made["isa"], "scalar")

    def test_who_rewrites_models_refuses_it(self):
        for words in (["quantize", self.compiled, "--data", "fashion-mnist", "-o", self.path("q.onnx")],
                      ["compile", self.compiled, "-o", self.path("twice.lathe")]):
            with self.subTest(words[0]):
                error = lathe(*words, status=1).stderr
                self.assertIn("compiled", error)
                self.assertIn("give the model that it was compiled from", error)

    def test_bad_calls_and_files(self):
        self.assertIn(".lathe", lathe("compile", self.model, "-o", self.path("a.onnx"), status=2).stderr)
        self.assertIn("--typical-shape", lathe("compile", self.model, "-o", self.path("b.lathe"),
                                               "--typical-shape", "big", status=2).stderr)
        cut = self.path("cut.lathe")
        with open(self.compiled, "rb") as file:
            whole = file.read()
        with open(cut, "wb") as file:
            file.write(whole[:len(whole) // 2])
        self.assertIn("cut.lathe: is cut off", lathe("inspect", cut, status=1).stderr)
        flipped = bytearray(whole)
        flipped[len(whole) // 3] ^= 1
        with open(cut, "wb") as file:
            file.write(flipped)
        self.assertIn("is damaged", lathe("run", cut, self.model, status=1).stderr)
        with open(cut, "wb") as file:
            file.write(b"\x89LATHE\n" + whole[8:])
        self.assertIn("is no compiled model", lathe("inspect", cut, status=1).stderr)

    def test_shapes(self):
        fixed = self.path("fixed.lathe")
        lathe("compile", self.model, "-o", fixed, "--shape", "4x1x28x28")
        self.assertEqual(lathe_json("bench", fixed, "--seconds", "0.05", "--batch", "4")["results"][0]["batch"], 4)

    def test_what_cannot_be_compared_is_not_called_proved(self):
        model = self.path("gather.onnx")
        with open(model, "wb") as file:  # random indices are 0 and 1, of which the axis has only the first
            file.write(onnx_bytes.model([onnx_bytes.node("Gather", ["x", "indices"], ["y"], name="pick")],
                                        [onnx_bytes.value_info("x", [1, 3]),
                                         onnx_bytes.value_info("indices", [9], 7)],
                                        [onnx_bytes.value_info("y", [9, 3])]))
        made = lathe_json("compile", model, "-o", self.path("gather.lathe"))
        self.assertFalse(made["proved"])
        self.assertIn("not compared", " ".join(made["notes"]))

    def test_an_input_of_no_rank_wants_a_typical_shape(self):
        model = self.path("rankless.onnx")
        with open(model, "wb") as file:
            file.write(onnx_bytes.model([onnx_bytes.node("Relu", ["x"], ["y"])], [onnx_bytes.value_info("x", None)],
                                        [onnx_bytes.value_info("y", None)]))
        call = ["compile", model, "-o", self.path("rankless.lathe")]
        self.assertIn("--typical-shape", lathe(*call, status=1).stderr)
        self.assertTrue(lathe_json(*call, "--typical-shape", "2x3")["proved"])

    def test_a_detector_of_others(self):
        model = os.path.join(MODELS, "ultraface", "version-RFB-320.onnx")
        if not os.path.exists(model):
            self.skipTest(f"no {model}")
        made = lathe_json("compile", model, "-o", self.path("face.lathe"))
        self.assertGreater(made["packed"], 20)


if __name__ == "__main__":
    unittest.main()
