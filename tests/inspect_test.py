"""What `lathe inspect` shows: of models that Lathe runs, and of those it can only read.

    inspect_test.py PROGRAM
"""
import glob
import json
import os
import unittest

from onnx_bytes import (external_tensor, field, foreign_model, foreign_node, model, node, open_classifier, text_attribute,
                        value_info)
from program import MODELS, Folder, add_metadata, lathe, lathe_json

SPEECH_DETECTOR = os.path.join(MODELS, "silero-vad", "silero_vad_16k_op15.onnx")
FACE_DETECTORS = glob.glob(os.path.join(MODELS, "ultraface", "*.onnx"))
ONNX_TESTS = "/usr/include/onnx/backend/test/data"


def flat(text):
    return " ".join(text.split())


class Inspect(Folder):
    def write(self, content, name="m.onnx"):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def network(self, *words):
        lathe("new", "cnn", "--size", "28", "--channels", "1", "-o", self.path("cnn.onnx"), *words)
        return self.path("cnn.onnx")

    def test_a_network(self):
        path = self.network()
        facts = lathe_json("inspect", path)
        self.assertEqual(facts["parameters"], 49290)
        self.assertGreater(facts["macs"], 1e6)
        self.assertTrue(facts["macs_complete"])
        self.assertTrue(facts["runs_natively"])
        self.assertGreater(facts["arena_bytes"], 0)
        self.assertEqual(facts["size_bytes"], os.path.getsize(path))
        self.assertEqual(facts["opsets"], {"ai.onnx": 21})
        self.assertRegex(facts["producer"], "^lathe [0-9.]+$")
        self.assertEqual(facts["operators"]["Conv"], 7)
        self.assertEqual(sum(facts["operators"].values()), len(facts["nodes"]))
        self.assertEqual(facts["unknown_operators"], [])
        self.assertEqual(lathe_json("inspect", path, "--batch", "4")["macs"], 4 * facts["macs"])
        text = lathe("inspect", path, "--nodes", "--plan").stdout
        for words in ("7 Conv", "opset 21", "49.29 K (49290)", "by lathe", "computes"):
            self.assertIn(words, text)
        self.assertIn("graph cnn", lathe("inspect", path, "--text").stdout)
        plan = lathe_json("inspect", path, "--plan")["plan"]
        self.assertTrue(all(step["kernel"] for step in plan["steps"]))
        self.assertLessEqual(plan["least_arena_bytes"], plan["arena_bytes"])
        used = [plan["slots"][slot]["storage"] for step in plan["steps"] for slot in step["outputs"]]
        kinds = [plan["storages"][storage]["kind"] for storage in used]
        self.assertEqual(kinds, ["arena"] * (len(kinds) - 1) + ["output"])
        for words in ("slot", "channels_last", "arena:", "lower bound"):
            self.assertIn(words, text)

    def test_metadata_that_is_nested_without_end(self):
        deep = "[" * 100_000 + "]" * 100_000
        path = self.network()
        add_metadata(path, {key: deep for key in ("lathe.history", "lathe.labels", "lathe.preprocess", "lathe.other")})
        text = lathe("inspect", path).stdout
        for key in ("history", "labels", "preprocess"):
            self.assertRegex(text, rf"(?m)^{key} +not valid: \[\[")
        self.assertEqual(lathe_json("inspect", path)["metadata"]["lathe.history"], deep)
        self.assertIn("lathe.preprocess: not JSON that can be read: nested more than 200 deep",
                      lathe("run", path, __file__, status=1).stderr)
        self.assertIn("--preprocess: not JSON that can be read",
                      lathe("run", self.network(), __file__, "--preprocess", self.write(deep.encode(), "deep.json"),
                            status=2).stderr)

    def test_metadata_in_words_and_as_json(self):
        history = [{"step": "train", "data": "fashion-mnist", "samples": 54000, "best_epoch": 2,
                    "epochs": {"epoch": [1, 2, 3], "validation_top1": [0.5, 0.9123, 0.91]}, "options": {"a": 1}},
                   {"step": "quantize", "method": "static int8", "samples": 64}]
        metadata = {"lathe.preprocess": '{"size":[28,28],"channels":"gray","mean":[0.286],"std":[0.353]}',
                    "lathe.labels": json.dumps([f"class {i}" for i in range(10)]), "lathe.history": json.dumps(history),
                    "author": "{}", "a key that is longer than the column": "x", "evil": "a\x1b[31mb\nc"}
        path = self.write(model([node("Relu", ["x"], ["y"], "r")], [value_info("x", [1, 2])], [value_info("y", [1, 2])],
                                metadata=sorted(metadata.items())))
        given = lathe_json("inspect", path)["metadata"]
        self.assertEqual(given["lathe.history"], history)
        self.assertEqual(given["lathe.preprocess"]["size"], [28, 28])
        self.assertEqual(given["lathe.labels"][9], "class 9")
        self.assertEqual(given["author"], "{}")
        text = lathe("inspect", path).stdout
        self.assertIn("gray image resized to 28x28; less mean 0.286, divided by 0.353", flat(text))
        self.assertIn("labels       10: class 0, class 1, class 2, class 3, class 4, ...", text)
        self.assertIn("train: best epoch 2, data fashion-mnist, 3 epochs, validation top1 91.23 %, samples 54000", flat(text))
        self.assertIn("quantize: method static int8, samples 64", text)
        self.assertIn("author       {}", text)
        self.assertIn("evil         a\\x1b[31mb\\x0ac", text)
        self.assertIn("nodes        1: 1 Relu", text)

    def test_metadata_that_is_damaged(self):
        metadata = [("lathe.history", '{"step": 1}'), ("lathe.labels", "[1, 2"), ("lathe.preprocess", "[]")]
        path = self.write(model([node("Relu", ["x"], ["y"])], [value_info("x", [1])], [value_info("y", [1])],
                                metadata=metadata))
        text = lathe("inspect", path).stdout
        for key in ("history", "labels", "preprocess"):
            self.assertRegex(text, rf"{key} +not valid: ")
        self.assertEqual(lathe_json("inspect", path)["metadata"]["lathe.labels"], "[1, 2")

    def test_an_operator_that_is_not_known(self):
        path = self.write(foreign_model())
        facts = lathe_json("inspect", path)
        self.assertEqual(facts["unknown_operators"], ["com.microsoft.FusedMatMul"])
        self.assertFalse(facts["runs_natively"])
        self.assertEqual(facts["reason"], "operators that Lathe does not know: com.microsoft.FusedMatMul")
        self.assertIsNone(facts["arena_bytes"])
        self.assertFalse(facts["macs_complete"])
        self.assertIsNone(facts["nodes"][0]["macs"])
        text = flat(lathe("inspect", path, "--nodes").stdout)
        for words in ("input x: float32[2,3]", "1 com.microsoft.FusedMatMul (unknown)", "without 1 node that cannot be counted",
                      "memory not known", "because operators that Lathe does not know: com.microsoft.FusedMatMul", "opset 17"):
            self.assertIn(words, text)
        self.assertIn("FusedMatMul", lathe("inspect", path, "--text").stdout)
        self.assertIn("--plan", lathe("inspect", path, "--plan", status=1).stderr)

    def test_what_is_known_beside_it_is_counted(self):
        nodes = [node("MatMul", ["x", "w"], ["a"], "m"), foreign_node("a", "b", "e"),
                 node("Relu", ["b"], ["y"], "r")]
        path = self.write(model(nodes, [value_info("x", ["N", 3]), value_info("w", [3, 5]), value_info("i", ["N", "N"])],
                                [value_info("y", [5, "N"])], opsets=(("", 17), ("com.microsoft", 1))))
        facts = lathe_json("inspect", path, "--batch", "2")
        self.assertEqual(facts["macs"], 2 * 3 * 5)
        self.assertFalse(facts["macs_complete"])
        self.assertEqual(facts["nodes"][0]["output"], "float32[2,5]")

    def test_operators_of_another_domain(self):
        path = self.write(model([node("Magic", ["x"], ["y"], "m", domain="com.example")], [value_info("x", [2])],
                                [value_info("y", [2])], opsets=(("", 15), ("com.example", 3)), producer="example"))
        facts = lathe_json("inspect", path)
        self.assertEqual(facts["opsets"], {"ai.onnx": 15, "com.example": 3})
        self.assertEqual(facts["unknown_operators"], ["com.example.Magic"])
        self.assertIn("opset 15, com.example 3, by example", flat(lathe("inspect", path).stdout))

    def test_an_extent_that_is_not_given(self):
        nodes = [node("Relu", ["x"], ["a"], "r"), node("MatMul", ["a", "w"], ["y"], "m")]
        path = self.write(model(nodes, [value_info("x", ["N", "length", 4]), value_info("w", [4, 2])],
                                [value_info("y", ["N", "length", 2])]))
        facts = lathe_json("inspect", path)
        self.assertFalse(facts["runs_natively"])
        self.assertIn("length", facts["reason"])
        self.assertEqual(facts["nodes"][0]["output"], "float32[1,length,4]")
        self.assertFalse(facts["macs_complete"])
        text = flat(lathe("inspect", path).stdout)
        self.assertIn("input x: float32[N,length,4]", text)
        self.assertIn("length", text)

        given = lathe_json("inspect", path, "--dim", "length=8", "--batch", "2")
        self.assertTrue(given["runs_natively"])
        self.assertEqual(given["macs"], 2 * 8 * 4 * 2)
        self.assertEqual(lathe_json("inspect", path, "--shape", "x=2x8x4", "--shape", "w=4x2")["macs"], given["macs"])
        self.assertIn("lenght", lathe("inspect", path, "--dim", "lenght=8", status=2).stderr)

    def test_a_fixed_batch_is_said(self):
        path = self.write(model([node("Relu", ["x"], ["y"])], [value_info("x", [3, 2])], [value_info("y", [3, 2])]))
        self.assertEqual(lathe_json("inspect", path)["batch"], 3)
        self.assertIn("has a fixed batch of 3", lathe("inspect", path, "--batch", "2", status=2).stderr)

    def test_extents_that_are_given_decide_the_batch(self):
        path = self.write(open_classifier())
        given = ["--shape", "8x1x28x28"]
        facts = lathe_json("inspect", path, *given)
        self.assertEqual(facts["batch"], 8)
        self.assertEqual(facts["macs"], lathe_json("inspect", path, "--dim", "H=28", "--dim", "W=28", "--batch", "8")["macs"])
        self.assertIn("at batch 8", lathe("inspect", path, *given).stdout)
        for words in (given, ["--dim", "N=8", "--dim", "H=28", "--dim", "W=28"]):
            self.assertIn("--batch 4 has no effect: --shape or --dim gives a batch of 8",
                          lathe("inspect", path, *words, "--batch", "4", status=2).stderr)
            self.assertEqual(lathe_json("inspect", path, *words, "--batch", "8")["batch"], 8)

    def test_the_text_has_the_extents_that_are_given(self):
        path = self.write(open_classifier())
        self.assertIn("float32[N,1,H,W]", lathe("inspect", path, "--text").stdout)
        text = lathe("inspect", path, "--text", "--shape", "8x1x28x28").stdout
        self.assertIn("float32[8,1,28,28]", text)
        self.assertIn("float32[8,4,26,26]", text)
        self.assertIn("float32[2,1,H,W]", lathe("inspect", path, "--text", "--batch", "2").stdout)
        self.assertIn("no input of the model has", lathe("inspect", path, "--text", "--dim", "K=1", status=2).stderr)

    def test_absurd_batches(self):
        lathe("new", "mlp", "-o", self.path("mlp.onnx"))
        for path in (self.path("mlp.onnx"), self.network()):
            for batch in (10**9, 10**12, 5 * 10**13, 10**16, 9 * 10**18):
                facts = lathe_json("inspect", path, "--batch", batch)
                self.assertFalse(facts["runs_natively"])
                self.assertGreaterEqual(facts["macs"] or 0, 0)
                lathe("inspect", path, "--batch", batch, "--nodes")
                lathe("inspect", path, "--batch", batch, "--plan", status=1)
                lathe("inspect", path, "--batch", batch, "--text")
        path = self.path("mlp.onnx")
        facts = lathe_json("inspect", path, "--batch", 5 * 10**13)
        self.assertIsNone(facts["macs"])
        self.assertFalse(facts["macs_complete"])
        self.assertIn("too many to count at batch 50000000000000", flat(lathe("inspect", path, "--batch", 5 * 10**13).stdout))
        self.assertIn("which has too many elements", flat(lathe("inspect", path, "--batch", 9 * 10**18).stdout))
        open_path = self.write(open_classifier())
        for extent in (3 * 10**9, 9 * 10**18):
            self.assertIn("too many elements", lathe("inspect", open_path, "--dim", f"H={extent}", "--dim", f"W={extent}",
                                                     status=2).stderr)

    def test_types_that_do_not_fit(self):
        """As a file declares them, where an unknown operator keeps Lathe from refusing it."""
        nodes = [node("MatMul", ["s", "s"], ["a"], "m"), node("Conv", ["s", "s"], ["b"], "c"),
                 node("Gemm", ["s", "s"], ["c"], "g"), node("Magic", ["a"], ["y"], "e", domain="com.example")]
        path = self.write(model(nodes, [value_info("s", [])], [value_info(name, [2, 2]) for name in "abcy"],
                                opsets=(("", 17), ("com.example", 1))))
        facts = lathe_json("inspect", path)
        self.assertEqual([row["macs"] for row in facts["nodes"]], [None] * 4)
        self.assertFalse(facts["macs_complete"])

    def test_external_data_counts_for_the_size(self):
        with open(self.path("weights.bin"), "wb") as file:
            file.write(bytes(4 * 6))
        path = self.write(model([node("MatMul", ["x", "w"], ["y"], "m")], [value_info("x", ["N", 2])],
                                [value_info("y", ["N", 3])], tensors=[external_tensor("w", [2, 3], "weights.bin")]))
        facts = lathe_json("inspect", path)
        self.assertEqual(facts["parameters"], 6)
        self.assertEqual(facts["size_bytes"], os.path.getsize(path) + 24)

    def test_damaged_files_are_named(self):
        path = self.network()
        with open(path, "rb") as file:
            content = file.read()
        self.assertIn("damaged.onnx: byte", lathe("inspect", self.write(content[:len(content) // 2], "damaged.onnx"),
                                                   status=1).stderr)
        self.assertIn("empty", lathe("inspect", self.write(b""), status=1).stderr)
        self.assertIn("no graph", lathe("inspect", self.write(field(1, 8)), status=1).stderr)


class Foreign(unittest.TestCase):
    """Models that others made."""

    @unittest.skipUnless(os.path.exists(SPEECH_DETECTOR), "no models beside the project")
    def test_a_model_with_subgraphs(self):
        facts = lathe_json("inspect", SPEECH_DETECTOR)
        self.assertEqual([row["name"] for row in facts["inputs"]], ["input", "state", "sr"])
        self.assertIn("If", facts["operators"])
        self.assertGreater(facts["parameters"], 100000)
        self.assertGreater(sum(facts["operators"].values()), len(facts["nodes"]))
        text = flat(lathe("inspect", SPEECH_DETECTOR, "--nodes").stdout)
        self.assertRegex(text, r"in subgraphs: .*\d+ LSTM")

    @unittest.skipUnless(FACE_DETECTORS, "no models beside the project")
    def test_face_detectors(self):
        for path in FACE_DETECTORS:
            with self.subTest(os.path.basename(path)):
                facts = lathe_json("inspect", path)
                self.assertGreater(facts["macs"], 1e7)
                self.assertTrue(facts["producer"].startswith("pytorch"), facts["producer"])
                lathe("inspect", path, "--nodes")

    @unittest.skipUnless(os.path.isdir(ONNX_TESTS), "libonnx-testdata is not installed")
    def test_cases_of_onnx(self):
        """A part of them, evenly: none may end the program otherwise than by a message."""
        paths = sorted(glob.glob(os.path.join(ONNX_TESTS, "node", "*", "model.onnx")))[::15]
        paths += sorted(glob.glob(os.path.join(ONNX_TESTS, "simple", "*", "model.onnx")))
        self.assertGreater(len(paths), 40)
        shown = 0
        for path in paths:
            done = lathe("inspect", path, "--nodes", status=None)
            self.assertIn(done.returncode, (0, 1), path + done.stderr)
            if done.returncode == 1:
                self.assertIn(f"lathe inspect: {path}: ", done.stderr)
            shown += done.returncode == 0
        self.assertGreater(shown, 0.8 * len(paths))


if __name__ == "__main__":
    unittest.main()
