"""`lathe quantize`: what it refuses, what it keeps, what it says.

    quantize_test.py PROGRAM
"""
import html
import os
import re
import unittest

from onnx_bytes import open_classifier
from program import PREPROCESS, SharedFolder, lathe, lathe_bytes, lathe_interrupted, lathe_json, needs_fashion_mnist

DATA = "fashion-mnist"
COMMON = ["--data", DATA, "--samples", "32"]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def catches_interrupts(_):
    """Whether a child of this process handles SIGINT by now."""
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        children = file.read().split()
    for child in children:
        with open(f"/proc/{child}/status", encoding="ascii") as file:
            caught = next(line for line in file if line.startswith("SigCgt:"))
        if int(caught.split()[1], 16) & 0b10:
            return True
    return False


@needs_fashion_mnist
class Quantize(SharedFolder):
    """With a model that is not trained and does not say how images become its input."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.float = cls.path("cnn.onnx")
        cls.int8 = cls.path("cnn-int8.onnx")
        cls.page = cls.path("report.html")
        lathe("new", "cnn", "--size", "28", "--channels", "1", "-o", cls.float)
        cls.done = lathe("quantize", cls.float, *COMMON, "--limit", "200", "--preprocess", PREPROCESS,
                         "-o", cls.int8, "--report", cls.page)

    def quantize(self, *words, **options):
        return lathe("quantize", self.float, *COMMON, "--preprocess", PREPROCESS, *words, **options)

    def refuses(self, *words, status=2):
        """A call that ends before its work, and writes nothing."""
        out = self.path("refused.onnx")
        error = self.quantize("-o", out, *words, status=status).stderr
        self.assertFalse(os.path.exists(out))
        return error

    def test_preprocessing_is_used_and_stored(self):
        self.assertIn("top-1", self.done.stdout)
        metadata = lathe_json("inspect", self.int8)["metadata"]
        self.assertIn("lathe.preprocess", metadata)
        self.assertEqual(lathe_json("eval", self.int8, "--data", DATA, "--limit", "50")["samples"], 50)

    def test_says_what_it_measured(self):
        for words in ("3.", "smaller", "no measurable change", "95 % confidence interval", "written: "):
            self.assertIn(words, self.done.stdout)
        with open(self.page, encoding="utf-8") as page:
            text = page.read()
        self.assertIn("without a measurable change of accuracy", text)
        self.assertIn("conv1", text)

    def test_open_extents_are_given_and_stay_open(self):
        path, out = self.path("open.onnx"), self.path("open-int8.onnx")
        with open(path, "wb") as file:
            file.write(open_classifier())
        words = ["quantize", path, *COMMON, "--limit", "100", "--preprocess", PREPROCESS, "-o", out]
        self.assertIn("use --dim H=... or --shape x=1x1xHxW", lathe(*words, status=2).stderr)
        self.assertIn("expected NAME=640", lathe(*words, "--dim", "H", status=2).stderr)
        self.assertFalse(os.path.exists(out))
        page = self.path("open.html")
        for given in (["--dim", "H=28", "--dim", "W=28"], ["--shape", "x=1x1x28x28"], ["--shape", "4x1x28x28"]):
            before, after = lathe_json(*words, *given, "--report", page)["variants"]
            self.assertEqual((before["samples"], after["samples"]), (100, 100))
            self.assertEqual(lathe_json("inspect", out)["inputs"][0]["type"], "float32[N,1,H,W]")
            with open(page, encoding="utf-8") as file:
                self.assertEqual(file.read().count(" ".join(given)), 3)

    def test_json(self):
        report = lathe_json("quantize", self.float, *COMMON, "--eval-limit", "100", "--preprocess", PREPROCESS,
                            "-o", self.path("json.onnx"))
        self.assertEqual(report["model"], self.path("json.onnx"))
        before, after = report["variants"]
        self.assertEqual((before["model"], after["model"]), (self.float, report["model"]))
        for key in ("name", "model", "top1", "top5", "samples", "size_bytes", "parameters", "macs", "arena_bytes",
                    "p50_ms", "p90_ms", "p99_ms", "mean_ms"):
            self.assertIn(key, before)
            self.assertIn(key, after)
        self.assertEqual(after["samples"], 100)
        self.assertLessEqual(after["top1_change_low"], after["top1_change"])
        self.assertLessEqual(after["top1_change"], after["top1_change_high"])

    def test_calibrates_on_as_many_samples_as_it_says(self):
        out = self.path("twenty.onnx")
        words = ["quantize", self.float, "--data", DATA, "--samples", "20", "--preprocess", PREPROCESS, "--no-compare",
                 "-o", out]
        self.assertIn("calibrated on 20 training samples\n", lathe(*words).stdout)
        self.assertEqual(lathe_json("inspect", out)["metadata"]["lathe.history"][-1]["samples"], 20)
        self.assertEqual(lathe_json(*words)["calibration"], {"samples": 20, "corrupt": 0})

    def test_refuses_a_quantized_model(self):
        error = lathe("quantize", self.int8, *COMMON, "-o", self.path("twice.onnx"), status=1).stderr
        self.assertIn("cnn-int8.onnx: the model is quantized already", error)
        self.assertIn("(QuantizeLinear)", error)
        self.assertFalse(os.path.exists(self.path("twice.onnx")))

    def test_replaces_its_input_only_when_forced(self):
        model = self.path("same.onnx")
        lathe("new", "cnn", "--size", "28", "--channels", "1", "-o", model)
        before = read(model)
        words = ["quantize", model, *COMMON, "--preprocess", PREPROCESS, "--no-compare", "-o", model]
        self.assertIn("--force", lathe(*words, status=2).stderr)
        self.assertEqual(read(model), before)
        words.remove("--no-compare")
        self.assertIn("--no-compare", lathe(*words, "--force", status=2).stderr)
        self.assertEqual(read(model), before)
        lathe(*words, "--force", "--no-compare")
        self.assertNotEqual(read(model), before)

    def test_a_model_into_a_pipe(self):
        words = ["quantize", self.float, *COMMON, "--preprocess", PREPROCESS, "-o", "/dev/stdout"]
        self.assertIn("--no-compare leaves it out", lathe(*words, status=2).stderr)
        self.assertIn("both write to standard output", lathe(*words, "--no-compare", "--json", status=2).stderr)
        done = lathe_bytes(*words, "--no-compare")
        self.quantize("--no-compare", "-o", self.path("expected.onnx"))
        self.assertEqual(done.stdout, read(self.path("expected.onnx")))
        self.assertIn("written: /dev/stdout", done.stderr)

    def test_what_it_reads_is_not_replaced(self):
        how = self.path("how.json")
        with open(how, "w", encoding="utf-8") as file:
            file.write(PREPROCESS)
        words = ["quantize", self.float, *COMMON, "--preprocess", how, "-o", self.path("refused.onnx")]
        self.assertIn("is also --preprocess", lathe(*words, "--report", how, status=2).stderr)
        self.assertEqual(read(how), PREPROCESS.encode())

    def test_the_report_says_how_it_was_made(self):
        page = self.path("commands.html")
        out = self.path("with blanks.onnx")
        self.quantize("--limit", "20", "--exclude", "conv2", "--seed", "7", "-o", out, "--report", page)
        with open(page, encoding="utf-8") as file:
            commands = [html.unescape(text) for text in re.findall("<code>(lathe .*?)</code>", file.read())]
        self.assertEqual(commands, [
            f"lathe quantize {self.float} --output '{out}' --data {DATA} --limit 20 --preprocess '{PREPROCESS}' "
            f"--samples 32 --seed 7 --exclude conv2 --report {page}",
            f"lathe eval '{out}' --data {DATA} --split test --limit 20",
            f"lathe bench {self.float} '{out}' --threads 1"])

    def test_outputs_are_tried_before_the_work(self):
        self.assertIn("--report", self.refuses("--report", self.path("nowhere", "report.html"), status=1))
        self.assertIn(".onnx", self.quantize("-o", self.path("model.txt"), status=2).stderr)
        self.assertIn("training", self.refuses("--split", "training"))

    def test_options_without_effect_are_refused(self):
        for words in (["--report", self.path("x.html")], ["--limit", "5"], ["--threads", "2"], ["--split", "test"]):
            self.assertIn(f"{words[0]} has no effect with --no-compare", self.refuses("--no-compare", *words))

    def test_unknown_layers_are_refused(self):
        error = self.refuses("--exclude", "conv2,conv9")
        self.assertIn("'conv9'", error)
        self.assertIn("did you mean 'conv", error)

    def test_excluded_layers_stay_float(self):
        out = self.path("part.onnx")
        self.quantize("--exclude", "conv2", "--no-compare", "-o", out)
        names = [node["name"] for node in lathe_json("inspect", out, "--nodes")["nodes"]]
        self.assertIn("conv1.weight.dequantize", names)
        self.assertNotIn("conv2.weight.dequantize", names)

    def test_an_interrupted_calibration_leaves_everything_as_it_was(self):
        out = self.path("kept.onnx")
        with open(out, "wb") as file:
            file.write(b"what was there")
        done = lathe_interrupted("quantize", self.float, "--data", DATA, "--samples", "0", "--preprocess", PREPROCESS,
                                 "-o", out, "--no-compare", when=catches_interrupts)
        self.assertIn("nothing was written", done.stderr)
        self.assertEqual(read(out), b"what was there")

    def test_an_interrupted_comparison_keeps_the_model(self):
        out = self.path("interrupted.onnx")
        page = self.path("interrupted.html")
        done = lathe_interrupted("quantize", self.float, *COMMON, "--preprocess", PREPROCESS, "-o", out, "--report", page,
                                 when=lambda _: os.path.exists(out))
        self.assertIn(f"{out} is complete and kept", done.stderr)
        self.assertIn("no report was written", done.stderr)
        self.assertFalse(os.path.exists(page))
        self.assertNotIn("top-1", done.stdout)
        self.assertGreater(lathe_json("inspect", out)["parameters"], 0)

    def test_fits_the_terminal(self):
        done = self.quantize("--limit", "20", "-o", self.path("narrow.onnx"), env={"COLUMNS": "60"})
        for line in done.stdout.splitlines():
            if not line.startswith("written: "):
                self.assertLessEqual(len(line), 60, line)


if __name__ == "__main__":
    unittest.main()
