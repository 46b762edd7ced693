"""lathe kernels, and --tune where it is taken: called as kernels_test.py PROGRAM."""
import json
import os
import unittest

from program import Folder, lathe, lathe_json

QUICK = ("--seconds", "0.01")
CONVOLUTION = ("--op", "conv", "--shape", "1x16x12x12")


class Kernels(Folder):
    def test_one_problem(self):
        facts = lathe_json("kernels", *CONVOLUTION, "--out-channels", "24", *QUICK)
        self.assertEqual(facts["threads"], 1)
        self.assertGreater(facts["float32_gflops"], 0)
        (problem,) = facts["problems"]
        self.assertEqual(problem["description"], "conv 3x3 16→24 on 12x12")
        self.assertEqual(problem["macs"], 12 * 12 * 9 * 16 * 24)
        self.assertEqual((problem["problem"]["type"], problem["problem"]["shape"]["pad_top"]), ("convolution_f32", 1))
        times = [candidate["ms"] for candidate in problem["candidates"]]
        self.assertEqual(times, sorted(times))
        self.assertGreater(times[0], 0)
        picked = [candidate for candidate in problem["candidates"] if candidate["picked"]]
        self.assertEqual(len(picked), 1)
        self.assertAlmostEqual(problem["pick_ratio"], picked[0]["ms"] / times[0])
        # As JSON it comes back.
        again = lathe_json("kernels", "--problem", json.dumps(problem["problem"]), *QUICK)
        self.assertEqual(again["problems"][0]["problem"], problem["problem"])
        with open(self.path("problem.json"), "w", encoding="utf-8") as file:
            json.dump(problem["problem"], file)
        text = lathe("kernels", "--problem", self.path("problem.json"), *QUICK).stdout
        self.assertIn("conv 3x3 16→24 on 12x12", text)
        self.assertIn("picked", text)

    def test_every_kind(self):
        for words, described in (((*CONVOLUTION, "--type", "int8", "--stride", "2"), "int8 conv 3x3 16→16 on 12x12, stride 2"),
                                 (("--op", "depthwise", "--shape", "2x8x9x9", "--kernel", "5"), "depthwise 5x5 8→8 on 9x9, batch 2"),
                                 (("--op", "gemm", "--shape", "20x30x40"), "dense 30→40, batch 20"),
                                 (("--op", "matmul", "--shape", "20x30x40"), "matmul 20x30x40"),
                                 (("--op", "matmul", "--shape", "20x30x40", "--type", "int8"), "int8 matmul 20x30x40")):
            facts = lathe_json("kernels", *words, *QUICK)
            self.assertEqual(facts["problems"][0]["description"], described)
            self.assertTrue(facts["problems"][0]["candidates"])

    def test_a_model(self):
        model = self.path("resnet8.onnx")
        lathe("new", "resnet8", "-o", model)
        facts = lathe_json("kernels", model, *QUICK)
        described = [problem["description"] for problem in facts["problems"]]
        self.assertEqual(len(described), len({json.dumps(problem["problem"]) for problem in facts["problems"]}))
        self.assertTrue(any(text.startswith("conv 3x3 16→16 on 32x32") for text in described), described)
        self.assertTrue(all(problem["nodes"] >= 1 for problem in facts["problems"]))

    def test_a_pick_that_has_no_rival_passes(self):
        done = lathe("kernels", *CONVOLUTION, "--assert", *QUICK, env={"LATHE_ISA": "scalar"})
        self.assertIn("igemm_f32_4x8_scalar", done.stdout)

    def test_wrong_calls(self):
        for words, complaint in (((), "give a model, or a problem"),
                                 (("--op", "conv"), "--op needs one --shape"),
                                 (("--op", "conv", "--shape", "1x2x3"), "batch, channels, height and width"),
                                 (("--op", "gemm", "--shape", "0x3x3"), "rows, inner extent and columns"),
                                 ((*CONVOLUTION, "--kernel", "3x"), "--kernel"),
                                 (("--problem", "{}"), "--problem"),
                                 (("--problem", '{"type":' + "[" * 100000), "nested"),
                                 (("--problem", '{"type": "lookup"}'), "--problem: problem has no 'count'"),
                                 (("--problem", '{"type": "lookup", "count": -1}'), "negative"),
                                 (("--problem", self.path("none.json")), "none.json"),
                                 ((self.path("none.onnx"),), "none.onnx"),
                                 ((*CONVOLUTION, "--kernel", "14", "--pad", "0", "--stride", "4"), "larger than")):
            done = lathe("kernels", *words, *QUICK, status=None)
            self.assertIn(done.returncode, (1, 2), words)
            self.assertIn(complaint, done.stderr)

    def test_tuning_is_remembered(self):
        if os.environ.get("LATHE_ISA") == "scalar":
            self.skipTest("without vectors there is one kernel for everything")
        model = self.path("resnet8.onnx")
        lathe("new", "resnet8", "-o", model)
        cache = {"XDG_CACHE_HOME": self.path("cache")}
        words = ("bench", model, "--tune", "--threads", "1", "--seconds", "0.05")
        lathe(*words, env=cache)
        (name,) = [file for file in os.listdir(self.path("cache", "lathe")) if file.endswith(".json")]
        with open(self.path("cache", "lathe", name), encoding="utf-8") as file:
            kept = json.load(file)
        self.assertTrue(kept["machine"])
        self.assertTrue(kept["kernels"])
        compiled = self.path("m.lathe")
        words = ("compile", model, "--tune", "-o", compiled, "--force")
        self.assertIn("tuned: ", lathe(*words, env=cache).stderr)
        self.assertIn("0 problems measured", lathe(*words, env=cache).stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
