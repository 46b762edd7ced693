"""`lathe simplify`: smaller graphs, proved.

    simplify_test.py PROGRAM
"""
import pathlib
import unittest

from program import SharedFolder, lathe, lathe_json


class Simplify(SharedFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.path("resnet8.onnx")
        cls.out = cls.path("small.onnx")
        lathe("new", "resnet8", "--size", "32", "--channels", "3", "-o", cls.model)
        cls.made = lathe_json("simplify", cls.model, cls.out)

    def test_it_says_what_it_did_and_proves_it(self):
        self.assertLess(self.made["nodes_after"], self.made["nodes_before"])
        self.assertIn("BatchNormalization", self.made["operators_before"])
        self.assertNotIn("BatchNormalization", self.made["operators_after"])
        self.assertEqual(self.made["samples"], 3)
        self.assertLess(self.made["outputs"][0]["max_relative"], 1e-5)
        text = lathe("simplify", self.model, "-o", self.path("again.onnx")).stdout
        self.assertIn("BatchNormalization", text)
        self.assertIn("compared on 3 samples", text)

    def test_again_it_changes_nothing(self):
        twice = self.path("twice.onnx")
        self.assertIn("none less", lathe("simplify", self.out, twice).stdout)
        self.assertEqual(pathlib.Path(self.out).read_bytes(), pathlib.Path(twice).read_bytes())

    def test_shapes_are_fixed(self):
        out = self.path("fixed.onnx")
        lathe("simplify", self.model, out, "--dim", "N=4")
        self.assertEqual(lathe_json("inspect", out)["inputs"][0]["type"], "float32[4,3,32,32]")

    def test_a_pass_can_be_left_out(self):
        kept = lathe_json("simplify", self.model, self.path("kept.onnx"), "--disable-pass",
                          "fold_batch_normalization")
        self.assertIn("BatchNormalization", kept["operators_after"])

    def test_wrong_calls(self):
        self.assertIn("give the file to write", lathe("simplify", self.model, status=2).stderr)
        self.assertIn("OUT", lathe("simplify", self.model, self.path("x.tflite"), status=2).stderr)
        lathe("simplify", self.model, self.model, status=2)


if __name__ == "__main__":
    unittest.main()
