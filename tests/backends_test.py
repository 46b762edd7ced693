"""What users see of backends: auto and its fallback, execution providers, shapes, compare, interrupts.

    backends_test.py PROGRAM

Skips what needs a library that is not there.
"""
import json
import os
import pty
import select
import signal
import subprocess
import tempfile
import time
import unittest

from onnx_bytes import foreign_model, model, node, value_info
from program import (MODELS, PREPROCESS, PROGRAM, TIMEOUT, Folder, backends, environment, lathe, lathe_json,
                     needs_fashion_mnist, read_npy, write_npy)

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
            file.write(foreign_model())
        write_npy(self.path("x.npy"), (2, 3), [1, 2, 3, 4, 5, 6])

    def run_turn(self, *words, **options):
        return lathe("run", self.path("turn.onnx"), self.path("x.npy"), "-o", self.path("y.npy"), *words,
                     **options)

    def test_native_names_the_operator(self):
        error = self.run_turn("--backend", "native", status=1).stderr
        self.assertIn("node turn (com.microsoft.FusedMatMul): operator is not supported", error)

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
        self.assertIn("node turn (com.microsoft.FusedMatMul): operator is not supported", said)

    @unittest.skipUnless(os.path.exists(SPEECH_DETECTOR), "no silero-vad model beside the project")
    def test_a_model_with_subgraphs(self):
        self.need("onnxruntime", "openvino")
        write_npy(self.path("input.npy"), (1, 576), [(i * 37 % 101 - 50) / 500 for i in range(576)])
        write_npy(self.path("state.npy"), (2, 1, 128), [0.0] * 256)
        write_npy(self.path("sr.npy"), (), [16000], "<i8")
        inputs = [f"{name}={self.path(name)}.npy" for name in ("input", "state", "sr")]
        said = lathe("run", SPEECH_DETECTOR, *inputs, "--backend", "onnxruntime")
        self.assertIn("output  float32[1,1]", said.stdout)
        report = lathe_json("compare", SPEECH_DETECTOR, *inputs, "--backends", "openvino", "--against", "onnxruntime")
        self.assertTrue(report["agrees"])
        self.assertEqual([row["name"] for row in report["backends"][0]["outputs"]], ["output", "stateN"])


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
        said = self.run_model("--backend", "natvie", status=2).stderr
        self.assertIn("known are auto, native", said)
        self.assertIn("did you mean 'native'?", said)
        self.run_model("--precision", "f64", status=2)

    def test_options_without_effect_are_refused(self):
        self.assertIn("cuda was asked for", self.run_model("--provider", "cuda", status=1).stderr)
        self.assertIn("options were given for cuda",
                      self.run_model("--provider-option", "cuda:device_id=0", status=1).stderr)
        self.assertIn("both print", lathe("bench", self.model, "--json", "--csv", "-", status=2).stderr)
        for words, option in ((["--batch", "4"], "--batch"), (["--limit", "4"], "--limit"),
                              (["--agreement", "0.9"], "--agreement"), (["x.npy", "--samples", "3"], "--samples")):
            said = lathe("compare", self.model, *words, status=2).stderr
            self.assertIn(f"{option} has no effect", said)

    def test_numbers_are_checked(self):
        for words in (["--seconds", "inf"], ["--seconds", "1e-9"], ["--timeout", "nan"],
                      ["--latency-bound-ms", "inf"]):
            self.assertIn(words[0], lathe("bench", self.model, *words, status=2).stderr)
        lathe("compare", self.model, "--tolerance", "nan", status=2)

    def test_bench_looks_at_its_outputs_first(self):
        said = lathe("bench", self.model, "--csv", self.path("none", "x.csv"), "--seconds", "86400", status=1).stderr
        self.assertIn("--csv", said)
        said = lathe("bench", self.model, "--html", self.model, "--seconds", "86400", status=2).stderr
        self.assertIn("--force", said)

    def test_a_list_does_not_take_the_model(self):
        self.assertIn("cnn.onnx", lathe("bench", "--backend", "native", self.model, "--seconds", "0.01").stdout)

    def test_a_row_that_hangs_fails(self):
        said = lathe("bench", self.model, "--timeout", "1e-6", status=1).stdout
        self.assertIn("no answer within 1e-06 s; --timeout allows more", said)

    def test_bench_says_which_threads_it_used(self):
        report = lathe_json("bench", self.model, "--threads", "2", "--seconds", "0.01", "--backend", "reference")
        self.assertEqual(report["results"][0]["threads"], 1)
        self.assertIn("1 thread instead of 2", report["results"][0]["notes"][0])

    def test_limits_are_kept(self):
        self.assertIn("the limit of 1024", self.run_model("--memory-limit", "1K", status=1).stderr)
        self.run_model("--memory-limit", "64M")
        self.run_model("--memory-limit", "64m")
        self.assertIn("f16 was asked for", self.run_model("--precision", "f16", status=1).stderr)

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
                         [name for name in available() if name not in ("reference", "lowered")])
        for row in report["backends"]:
            self.assertLess(row["outputs"][0]["max_relative"], 1e-4)
            self.assertEqual(row["outputs"][0]["elements"], 600)
            self.assertEqual(row["outputs"][0]["rows"], 60)

    def test_integer_backends_agree(self):
        quantized = self.path("int8.onnx")
        lathe("quantize", self.model, "--data", "fashion-mnist", "--samples", "64", "--no-compare", "-o",
              quantized, *self.data[4:])
        report = lathe_json("compare", quantized, *self.data, "--nodes", "--backends", "native", "--against", "lowered")
        row = report["backends"][0]
        self.assertEqual(row["outputs"][0]["max_absolute"], 0)
        self.assertIsNone(row["first_parting"])
        self.assertGreater(len(row["nodes"]), 8)
        # One rule for all: what agrees agrees with --nodes too, which tells where differences begin.
        told = lathe("compare", quantized, *self.data, "--nodes", "--backends", "native", "--tolerance", "0",
                     "--against", "lowered").stdout
        self.assertIn("native: agrees with lowered", told)
        self.assertIn("the same class for 99.5 % of the samples", told)
        top1 = {name: lathe_json("eval", quantized, *self.data, "--backend", name)["top1"]
                for name in available() if name not in ("reference", "lowered")}
        self.assertLess(max(top1.values()) - min(top1.values()), 0.02, top1)

    def test_parting_is_found_and_named(self):
        report = lathe_json("compare", self.model, *self.data, "--backends", "native", "--nodes",
                            "--tolerance", "0", status=1)
        self.assertFalse(report["agrees"])
        self.assertIn("Conv", report["backends"][0]["first_parting"]["node"])
        text = lathe("compare", self.model, "--samples", "1", "--backends", "native", "--nodes",
                     "--tolerance", "0", status=1).stdout
        self.assertIn("native: differs from reference; beyond the tolerance from node", text)

    def test_failures_are_told(self):
        report = lathe_json("compare", self.model, "--samples", "1", "--backends", "native", "--precision",
                            "f16", status=1)
        self.assertIn("f16 was asked for", report["backends"][0]["error"])
        self.assertIn("unknown backend 'magic'",
                      lathe("compare", self.model, "--backends", "magic", status=2).stderr)
        self.assertIn("unknown backend 'magic'",
                      lathe("compare", self.model, "--against", "magic", status=2).stderr)


class Shapes(Folder):
    """--shape and --dim where a model leaves extents open."""

    def setUp(self):
        super().setUp()
        self.model = self.path("open.onnx")
        with open(self.model, "wb") as file:
            file.write(model([node("Relu", ["x"], ["y"], "r")], [value_info("x", ["N", 3, "H", "W"])],
                             [value_info("y", ["N", 3, "H", "W"])]))

    def test_what_is_open_is_named_with_its_flag(self):
        for verb in ("bench", "compare"):
            done = lathe(verb, self.model, *(["--seconds", "0.01"] if verb == "bench" else []), status=None)
            self.assertIn("use --dim H=... or --shape x=1x3xHxW", done.stdout + done.stderr)

    def test_both_ways_to_give_it(self):
        for words in (["--shape", "x=2x3x8x9"], ["--shape", "2x3x8x9"], ["--dim", "H=8", "--dim", "W=9", "--dim", "N=2"]):
            row = lathe_json("bench", *words, self.model, "--seconds", "0.01")["results"][0]
            self.assertEqual(row["batch"], 2)
            report = lathe_json("compare", *words, self.model, "--samples", "2", "--backends", "native")
            self.assertEqual(report["backends"][0]["outputs"][0]["elements"], 2 * 2 * 3 * 8 * 9)

    def test_arrays_bring_their_shapes(self):
        write_npy(self.path("x.npy"), (2, 3, 5, 6))
        self.assertIn("float32[2,3,5,6]", lathe("run", self.model, self.path("x.npy")).stdout)
        said = lathe("run", self.model, self.path("x.npy"), "--dim", "H=7", status=2).stderr
        self.assertIn("input 'x' is float32[2,3,5,6], expected float32[2,3,7,6]", said)

    def test_wrong_ones_are_named(self):
        for words, message in ((["--shape", "y=1x3x8x8"], "no input 'y'"),
                               (["--shape", "1x3x8"], "has 3"),
                               (["--shape", "1x4x8x8"], "axis 1 is fixed at 3"),
                               (["--shape", "1x3x8x"], "expected NAME=1x3x640x640"),
                               (["--shape", "1x3x8x0"], "expected NAME=1x3x640x640"),
                               (["--shape", "1x3x8x8", "--shape", "1x3x8x9"], "given twice"),
                               (["--shape", "1x3x8x8", "--dim", "H=9"], "'H' is given as 9"),
                               (["--dim", "K=3"], "no input of the model has an open extent 'K'"),
                               (["--dim", "H"], "expected NAME=640")):
            said = lathe("compare", self.model, *words, "--backends", "native", status=2).stderr
            self.assertIn(message, said)


class NotCompared(Folder):
    """A backend that cannot run the model has no differences of nodes either."""

    def test_is_said(self):
        with open(self.path("m.onnx"), "wb") as file:
            file.write(model([node("Relu", ["x"], ["y"], "r")], [value_info("x", [2, 3])], [value_info("y", [2, 3])]))
        write_npy(self.path("x.npy"), (2, 3))
        words = ["compare", self.path("m.onnx"), self.path("x.npy"), "--nodes", "--backends", "native,reference"]
        nowhere = {"LATHE_ISA": "none"}
        text = lathe(*words, status=1, env=nowhere).stdout
        self.assertRegex(text, r"r \(Relu\) +not compared +0\b")
        self.assertIn("native: LATHE_ISA: unknown instruction set 'none'", text)
        native, reference = lathe_json(*words, status=1, env=nowhere)["backends"]
        self.assertEqual(native["nodes"], [])
        self.assertIsNone(native["outputs"][0]["max_absolute"])
        self.assertIn("LATHE_ISA", native["error"])
        self.assertEqual([row["max_absolute"] for row in reference["nodes"]], [0])


class DependsOnValues(Folder):
    """A shape that an input's values decide."""

    def setUp(self):
        super().setUp()
        nodes = [node("Relu", ["x"], ["a"], "r"), node("Reshape", ["a", "s"], ["b"], "turn"),
                 node("Sigmoid", ["b"], ["y"], "last")]
        with open(self.path("m.onnx"), "wb") as file:
            file.write(model(nodes, [value_info("x", [2, 3]), value_info("s", ["R"], 7)], [value_info("y", None)]))
        write_npy(self.path("x.npy"), (2, 3))

    def test_natively(self):
        for shape in ([6], [3, 2], [1, 6, 1]):
            write_npy(self.path("s.npy"), (len(shape),), shape, "<i8")
            done = lathe("run", self.path("m.onnx"), "x=" + self.path("x.npy"), "s=" + self.path("s.npy"))
            self.assertIn(f"float32[{','.join(map(str, shape))}]", done.stdout)
            self.assertIn("1 node is evaluated one by one, since what it makes depends on values: turn (Reshape)",
                          done.stderr)
            said = lathe("compare", self.path("m.onnx"), "x=" + self.path("x.npy"), "s=" + self.path("s.npy"),
                         "--backends", "native,reference").stdout
            self.assertIn("agrees", said)

    def test_a_shape_that_does_not_fit(self):
        write_npy(self.path("s.npy"), (1,), [7], "<i8")
        said = lathe("run", self.path("m.onnx"), "x=" + self.path("x.npy"), "s=" + self.path("s.npy"), status=1).stderr
        self.assertIn("node turn (Reshape)", said)

    def test_the_plan_is_made_while_it_runs(self):
        said = lathe("inspect", self.path("m.onnx"), "--plan", "--dim", "R=1").stdout
        self.assertIn("stage 1: node Reshape 'turn', evaluated by itself", said)
        self.assertIn("stage 2: a region, which is planned while the model runs", said)


class Slow(Folder):
    """A model that the native engine has no kernels for."""

    def setUp(self):
        super().setUp()
        self.model = self.path("double.onnx")
        with open(self.model, "wb") as file:
            file.write(model([node("Tanh", ["x"], ["y"], "in_double")], [value_info("x", [1, 64], 11)],
                             [value_info("y", [1, 64], 11)]))
        self.expected = "Tanh, no kernel for float64 (in_double)"

    def test_it_says_so(self):
        done = lathe("bench", self.model, "--seconds", "0.01")
        self.assertIn(self.expected, done.stdout)
        done = lathe("compare", self.model, "--samples", "1", "--backends", "native")
        self.assertIn(self.expected, done.stderr)
        report = lathe_json("compare", self.model, "--samples", "1", "--backends", "native")
        self.assertIn(self.expected, report["backends"][0]["notes"][0])
        self.assertIn("no kernel for float64", lathe("inspect", self.model, "--plan").stdout)
        write_npy(self.path("x.npy"), (1, 64), dtype="<f8")
        self.assertIn(self.expected, lathe_json("run", self.model, self.path("x.npy"))["notes"][0])

    def test_auto_prefers_a_peer(self):
        self.need("onnxruntime")
        done = lathe("bench", self.model, "--seconds", "0.01", "--backend", "auto")
        self.assertIn("auto chose onnxruntime", done.stdout)
        self.assertIn("runs 100 % of the work in the slow reference evaluator", done.stdout)


class Interrupted:
    """A call that gets a signal once its progress, drawn as on a terminal, says what it waits for."""

    def __init__(self, words, wait_for, number, group):
        shown, terminal = pty.openpty()
        with tempfile.TemporaryFile("w+") as out:
            with subprocess.Popen([PROGRAM, *map(str, words)], stdout=out, stderr=terminal, stdin=subprocess.DEVNULL,
                                  env=environment(), start_new_session=True) as process:
                os.close(terminal)
                try:
                    said = b""
                    deadline = time.monotonic() + TIMEOUT
                    while wait_for.encode() not in said:
                        more = self.read(shown, deadline)
                        if not more:
                            raise AssertionError(f"ended before it could be interrupted: {said.decode(errors='replace')}")
                        said += more
                    self.children = self.children_of(process.pid)
                    (os.killpg if group else os.kill)(process.pid, number)
                    while more := self.read(shown, deadline):
                        said += more
                    process.wait(TIMEOUT)
                finally:
                    process.kill()
                    os.close(shown)
            out.seek(0)
            self.stdout = out.read()
        self.stderr = said.decode(errors="replace")
        self.status = process.returncode

    @staticmethod
    def read(terminal, deadline):
        """What is shown next; nothing at the end."""
        if not select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
            raise AssertionError("the moment never came")
        try:
            return os.read(terminal, 1 << 16)
        except OSError:  # nobody has it open any more
            return b""

    @staticmethod
    def children_of(parent):
        found = []
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                    if int(file.read().rsplit(")", 1)[1].split()[1]) == parent:
                        found.append(int(name))
            except OSError:
                pass
        return found


class Interrupts(Folder):
    def setUp(self):
        super().setUp()
        self.model = self.path("cnn.onnx")
        lathe("new", "cnn", "--size", "28", "--channels", "1", "-o", self.model)

    def check_gone(self, children):
        self.assertTrue(children)
        for child in children:
            self.assertFalse(os.path.exists(f"/proc/{child}"), f"process {child} was left behind")

    def bench(self, *words, **options):
        return Interrupted(["bench", self.model, "--backend", "native,reference", "--batch", "1,2", "--seconds",
                            "10", *words], "round 3", **options)

    def test_bench_shows_what_it_measured(self):
        kept = {}
        for option in ("--csv", "--html"):
            kept[option] = self.path("old" + option)
            with open(kept[option], "w", encoding="utf-8") as file:
                file.write("old")
        done = self.bench("--json", *(word for pair in kept.items() for word in pair), number=signal.SIGINT, group=True)
        self.assertEqual(done.status, 130, done.stderr)
        report = json.loads(done.stdout)
        self.assertTrue(report["interrupted"])
        self.assertEqual([(row["backend"], row["batch"]) for row in report["results"]], [("native", 1), ("reference", 1)])
        for row in report["results"]:
            self.assertFalse(row["finished"])
            self.assertGreater(row["p50_ms"], 0)
        self.assertEqual([row["batch"] for row in report["unmeasured"]], [2, 2])
        self.assertEqual(report["failures"], [])
        self.assertIn("interrupted: 0 of 4 rows were measured to the end", done.stderr)
        self.assertIn("not written", done.stderr)
        for path in kept.values():
            with open(path, encoding="utf-8") as file:
                self.assertEqual(file.read(), "old")
        self.check_gone(done.children)

    def test_bench_ends_its_processes_on_sigterm(self):
        for group in (False, True):  # `timeout` sends it to all processes
            with self.subTest(group=group):
                done = self.bench(number=signal.SIGTERM, group=group)
                self.assertEqual(done.status, 130, done.stderr)
                self.assertIn("not finished: cnn.onnx, native, batch 1", done.stdout)
                self.assertIn("not measured: cnn.onnx, reference, batch 2", done.stdout)
                self.assertNotIn("signal", done.stdout)
                self.check_gone(done.children)

    def test_the_page_says_how_it_was_made(self):
        page = self.path("page.html")
        words = ["bench", self.model, "--batch", "1,2", "--seconds", "0.01", "--timeout", "300", "--seed", "3", "--html", page]
        lathe(*words)
        with open(page, encoding="utf-8") as file:
            self.assertIn(f"<code>lathe {' '.join(words)}</code>", file.read())

    @needs_fashion_mnist
    def test_compare_shows_what_it_compared(self):
        done = Interrupted(["compare", self.model, "--data", "fashion-mnist", "--preprocess", PREPROCESS, "--batch", "1",
                            "--backends", "native", "--json"], "comparing", number=signal.SIGINT, group=True)
        self.assertEqual(done.status, 130, done.stderr)
        report = json.loads(done.stdout)
        self.assertTrue(report["interrupted"])
        self.assertTrue(report["agrees"])
        self.assertGreater(report["samples"], 0)
        self.assertLess(report["samples"], 10000)
        self.assertIn("interrupted: compared", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
