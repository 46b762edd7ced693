"""The program as people and scripts call it: exit status, JSON keys, messages, files.

    cli_test.py PROGRAM

Trains, quantizes, evaluates and runs a small network on part of Fashion-MNIST; without LibTorch the
network keeps its random weights.
"""
import csv
import json
import tempfile
import unittest

from program import PREPROCESS, SharedFolder, lathe, lathe_json, needs_fashion_mnist

DATA = "fashion-mnist"


class Calls(unittest.TestCase):
    def test_lists_architectures(self):
        names = [row["name"] for row in lathe_json("new")["architectures"]]
        self.assertEqual(sorted(names), ["cnn", "mlp", "mobile", "mobilenet_v2", "resnet18", "resnet50", "resnet8"])

    def test_devices(self):
        report = lathe_json("devices")
        for key in ("cpu", "isa", "features", "caches", "cores", "memory_bytes", "affinity_cpus", "kernel", "lathe_version"):
            self.assertIn(key, report["system"])
        peaks = report["peaks"]
        for key in ("float32_gflops", "int8_gops"):
            self.assertGreater(peaks[key], 0)
        for key in ("amx_int8", "amx_bf16"):
            self.assertEqual(1, sum(name.startswith(key) for name in peaks))
        self.assertEqual(1, peaks["memory_read"][0]["threads"])
        self.assertGreater(peaks["memory_read"][0]["gb_per_s"], 0)
        self.assertIsInstance(report["gpus"], list)
        backends = {row["name"]: row for row in report["backends"]}
        self.assertTrue(backends["native"]["available"])
        for row in backends.values():
            self.assertTrue(row["version"] if row["available"] else row["reason"])
        self.assertNotIn("peaks", lathe_json("devices", "--no-peaks"))
        text = lathe("devices", "--no-peaks", env={"LATHE_NVML": "/nonexistent.so"}).stdout
        self.assertIn("Cores allowed", text)
        self.assertIn("No GPUs: LATHE_NVML: /nonexistent.so", text)

    def test_missing_backends_say_how_to_get_them(self):
        nowhere = {"LATHE_ONNXRUNTIME": "/nonexistent", "LATHE_OPENVINO": "/nonexistent"}
        for row in lathe_json("devices", "--no-peaks", env=nowhere)["backends"]:
            if row["name"] in ("onnxruntime", "openvino"):
                self.assertFalse(row["available"])
                self.assertIn(f"LATHE_{row['name'].upper()} names /nonexistent", row["reason"])


@needs_fashion_mnist
class Models(SharedFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.float = cls.path("cnn.onnx")
        cls.int8 = cls.path("cnn-int8.onnx")
        cls.page = cls.path("report.html")
        cls.trained = True
        done = lathe("train", "--arch", "cnn", "--data", DATA, "--limit", "4000", "--epochs", "1", "-o", cls.float,
                     "--json", "--quiet", status=None)
        if done.returncode == 0:
            cls.training = json.loads(done.stdout)
        else:
            if "apt install libtorch-dev" not in done.stderr:
                raise AssertionError(done.stderr)
            cls.trained = False
            lathe("new", "cnn", "--size", "28", "--channels", "1", "-o", cls.float)
        cls.preprocess = [] if cls.trained else ["--preprocess", PREPROCESS]
        cls.comparison = lathe_json("quantize", cls.float, "--data", DATA, "--samples", "64", "--limit", "500",
                                    "-o", cls.int8, "--report", cls.page, *cls.preprocess) if cls.trained else None
        if not cls.trained:
            lathe("quantize", cls.float, "--data", DATA, "--samples", "64", "-o", cls.int8, "--no-compare", *cls.preprocess)

    def test_train(self):
        if not self.trained:
            self.skipTest("built without LibTorch")
        self.assertEqual(self.training["best_epoch"], 1)
        self.assertGreater(self.training["history"][0]["validation_top1"], 0.2)

    def test_quantize_compares(self):
        if not self.trained:
            self.skipTest("built without LibTorch")
        before, after = self.comparison["variants"]
        self.assertAlmostEqual(before["top1"], after["top1"], delta=0.05)
        self.assertLess(after["size_bytes"], 0.31 * before["size_bytes"])
        with open(self.page, encoding="utf-8") as page:
            text = page.read()
        self.assertIn("int8", text)
        self.assertIn("Training", text)

    def test_eval(self):
        for model in (self.float, self.int8):
            native = lathe_json("eval", model, "--data", DATA, "--limit", "100", *self.preprocess)
            reference = lathe_json("eval", model, "--data", DATA, "--limit", "100", "--backend", "reference", *self.preprocess)
            self.assertEqual(native["top1"], reference["top1"])
            self.assertEqual(native["samples"], 100)
            self.assertGreaterEqual(native["top5"], native["top1"])
        self.assertIn("Sneaker", lathe("eval", self.float, "--data", DATA, "--limit", "200", "--per-class", *self.preprocess).stdout)

    def test_run(self):
        rows = lathe_json("run", self.int8, "--data", DATA, "--limit", "3", "--top", "2", *self.preprocess)["results"]
        self.assertEqual(len(rows), 3)
        for row in rows:
            self.assertEqual(len(row["predictions"]), 2)
        self.assertIn("no such", lathe("run", self.int8, "--data", "images:/nonexistent", status=1).stderr)
        self.assertIn("no JPEG, PNG or BMP", lathe("run", self.int8, __file__, *self.preprocess, status=1).stderr)

    def test_bench(self):
        report = lathe_json("bench", self.float, self.int8, "--seconds", "0.05", "--batch", "1,2")
        self.assertIn("fma_peak_gflops", report["system"])
        self.assertEqual([row["batch"] for row in report["results"]], [1, 2, 1, 2])
        self.assertEqual(report["failures"], [])
        for row in report["results"]:
            for key in ("model", "backend", "threads", "streams", "min_ms", "p50_ms", "p90_ms", "p95_ms", "p99_ms",
                        "mean_ms", "stddev_ms", "items_per_s", "load_ms", "first_ms", "peak_rss_bytes", "runs",
                        "rounds", "stable", "precision", "backend_version", "peak_share"):
                self.assertIn(key, row)
            self.assertEqual("ratio" in row, row["model"] == self.int8)
        self.assertEqual(report["results"][2]["ratio_to"], self.float)
        self.assertLessEqual(report["results"][2]["ratio_low"], report["results"][2]["ratio_high"])

    def test_bench_side_by_side(self):
        table = self.path("bench.csv")
        page = self.path("bench.html")
        done = lathe("bench", self.float, "--backend", "native,reference", "--batch", "1,2,1", "--seconds", "0.05",
                     "--streams", "1,2", "--latency-bound-ms", "1e-6", "--csv", table, "--html", page)
        self.assertIn("no batch keeps p99 within", done.stdout)
        self.assertIn("As fast", done.stdout)
        with open(table, encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), 8)
        self.assertEqual({row["backend"] for row in rows}, {"native", "reference"})
        self.assertGreater(float(rows[-1]["ratio"]), 0)
        with open(page, encoding="utf-8") as file:
            text = file.read()
        self.assertIn("Against native", text)
        self.assertIn("</html>", text)
        best = lathe_json("bench", self.float, "--batch", "1,2", "--seconds", "0.05",
                          "--latency-bound-ms", "100000")["best_batch"]
        self.assertEqual(len(best), 1)
        self.assertIn(best[0]["batch"], (1, 2))
        printed = lathe("bench", self.float, "--seconds", "0.05", "--csv", "-").stdout
        self.assertTrue(printed.startswith("model,backend,"))

    def test_bench_goes_on_where_a_row_fails(self):
        with tempfile.TemporaryDirectory() as empty:
            done = lathe("bench", self.float, "/nonexistent.onnx", "--backend", "native,openvino", "--seconds", "0.05",
                         "--json", "--quiet", status=1, env={"LATHE_OPENVINO": empty})
        report = json.loads(done.stdout)
        self.assertEqual([(row["model"], row["backend"]) for row in report["results"]], [(self.float, "native")])
        failures = {(row["model"], row["backend"]): row["error"] for row in report["failures"]}
        self.assertEqual(len(failures), 3)
        self.assertIn(empty, failures[self.float, "openvino"])
        self.assertIn("/nonexistent.onnx", failures["/nonexistent.onnx", "native"])
        self.assertIn("3 of 4 rows could not be measured", done.stderr)
        self.assertIn("unknown backend 'magic'", lathe("bench", self.float, "--backend", "magic", status=2).stderr)
        self.assertIn("neither 'auto' nor", lathe("bench", self.float, "--threads", "1,two", status=2).stderr)

    def test_instruction_sets_give_the_same_int8(self):
        answers = set()
        for isa in ("scalar", "avx2", "avx512", "avx512vnni"):
            done = lathe("run", self.int8, "--data", DATA, "--limit", "20", "--json", *self.preprocess, status=None,
                         env={"LATHE_ISA": isa})
            if done.returncode == 0:
                answers.add(done.stdout)
            else:
                self.assertIn("this machine does not run", done.stderr)
        self.assertEqual(len(answers), 1)


if __name__ == "__main__":
    unittest.main()
