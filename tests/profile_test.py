"""lathe profile, and what run, bench and inspect say of the interpreter and of stages: called as
profile_test.py PROGRAM."""
import json
import os
import unittest

from onnx_bytes import int_attribute, model, node, value_info
from program import Folder, lathe, lathe_interrupted, lathe_json, write_npy

QUICK = ("--seconds", "0.1", "--limit", "20")


def shrink_model():
    """What is positive of x, which only a run can tell."""
    nodes = [node("Relu", ["x"], ["positive"], "block/relu"), node("NonZero", ["positive"], ["found"], "block/found"),
             node("Cast", ["found"], ["y"], "tail/cast", [int_attribute("to", 1)])]
    return model(nodes, [value_info("x", ["N", 5])], [value_info("y", [2, "found"])])


class Profile(Folder):
    def setUp(self):
        super().setUp()
        self.cnn = self.path("cnn.onnx")
        lathe("new", "cnn", "--size", "28", "--channels", "1", "-o", self.cnn)

    def write_model(self, content, name="m.onnx"):
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def test_numbers_of_each_node(self):
        facts = lathe_json("profile", self.cnn, *QUICK, "--batch", "2")
        self.assertEqual((facts["model"], facts["backend"], facts["threads"], facts["batch"]), (self.cnn, "native", 1, 2))
        self.assertGreaterEqual(facts["p50_ms"], facts["min_ms"])
        self.assertLessEqual(facts["inferences"], 20)
        self.assertEqual(facts["interpreter_share"], 0)
        self.assertAlmostEqual(sum(row["share"] for row in facts["nodes"]) + facts["outside_share"], 1)
        for rows in (facts["operators"], facts["layers"] or facts["operators"]):
            self.assertEqual(sum(row["nodes"] for row in rows), len(facts["nodes"]))
        inspected = lathe_json("inspect", self.cnn, "--plan", "--batch", "2")
        self.assertEqual(facts["macs"], sum(step["macs"] for step in inspected["plan"]["steps"]))
        self.assertEqual([row["kernel"] for row in facts["nodes"]], [step["kernel"] for step in inspected["plan"]["steps"]])
        convolution = next(row for row in facts["nodes"] if row["op_type"] == "Conv+Relu")
        for key in ("min_ms", "p50_ms", "mean_ms", "gflops", "gb_per_s", "bytes", "attainable_ms", "roofline_share"):
            self.assertGreater(convolution[key], 0)
        self.assertIn(convolution["bound"], ("compute", "memory"))
        self.assertEqual(convolution["multiplies"], "float32")
        peaks = facts["peaks"]
        self.assertEqual(peaks["threads"], 1)
        self.assertGreaterEqual(peaks["int8_gops"], peaks["int8_vector_gops"])
        self.assertEqual(peaks["memory"][-1]["name"], "memory")

    def test_text(self):
        text = lathe("profile", self.cnn, *QUICK, "--no-peaks", "--top", "2").stdout
        for words in ("cnn.onnx, native, 1 thread, batch 1: ", "outside of the nodes: ", "reference evaluator: nothing",
                      "Conv+Relu", "No layers: ", "--all shows all"):
            self.assertIn(words, text)
        self.assertNotIn("roofline", text)
        everything = lathe("profile", self.cnn, *QUICK, "--no-peaks", "--all").stdout
        self.assertNotIn("--all shows", everything)
        for line in lathe("profile", self.cnn, *QUICK, env={"COLUMNS": "70"}).stdout.splitlines():
            self.assertLessEqual(len(line), 70)

    def test_what_runs_in_the_interpreter(self):
        path = self.write_model(shrink_model())
        facts = lathe_json("profile", path, *QUICK, "--no-peaks")
        self.assertGreater(facts["interpreter_share"], 0)
        slow = [row for row in facts["nodes"] if row["interpreted"]]
        self.assertEqual([row["name"] for row in slow], ["block/found"])
        self.assertIn("depend on values", slow[0]["missing"])
        self.assertEqual({row["name"] for row in facts["layers"]}, {"block", "tail"})
        self.assertNotIn("peaks", facts)
        self.assertIn("NonZero, its shapes depend on values (block/found)",
                      lathe("profile", path, *QUICK, "--no-peaks").stdout)

        write_npy(self.path("x.npy"), [3, 5])
        ran = lathe("run", path, self.path("x.npy"))
        self.assertRegex(ran.stderr, r"the reference evaluator took \S+ .*% of the time of all nodes")
        self.assertGreater(lathe_json("run", path, self.path("x.npy"))["interpreter_share"], 0)
        self.assertIsNone(lathe_json("run", path, self.path("x.npy"), "--backend", "reference")["interpreter_share"])

        rows = lathe_json("bench", path, self.cnn, "--seconds", "0.05")["results"]
        self.assertGreater(rows[0]["interpreter_share"], 0)
        self.assertTrue(any("the reference evaluator took" in note for note in rows[0]["notes"]))
        self.assertEqual(rows[1]["interpreter_share"], 0)
        self.assertEqual(rows[1]["notes"], [])
        row = lathe_json("bench", path, "--seconds", "0.05", "--backend", "reference")["results"][0]
        self.assertIsNone(row["interpreter_share"])

    def test_files(self):
        page, trace = self.path("p.html"), self.path("t.json")
        lathe("profile", self.cnn, *QUICK, "--html", page, "--trace", trace)
        with open(page) as file:
            html = file.read()
        for words in ("<!DOCTYPE html>", 'id="roofline"', 'id="nodes"', "Conv+Relu", "lathe profile"):
            self.assertIn(words, html)
        self.assertNotRegex(html, r'<script|src="|href="')
        with open(trace) as file:
            events = json.load(file)["traceEvents"]
        ends = []
        for event in events:
            self.assertTrue({"name", "ph", "pid", "tid"} <= event.keys())
            if event["ph"] != "X":
                self.assertEqual(event["ph"], "M")
                continue
            begin, end = event["ts"], event["ts"] + event["dur"]
            while ends and ends[-1] <= begin:
                ends.pop()
            self.assertTrue(not ends or end <= ends[-1] + 1e-6, event)
            ends.append(end)
        inferences = [event["name"] for event in events if event.get("cat") == "inference"]
        self.assertEqual(inferences[0], "inference 1")
        self.assertLessEqual(len(inferences), 10)

    def test_files_are_looked_at_before(self):
        self.assertIn("is also MODEL", lathe("profile", self.cnn, "--html", self.cnn, status=2).stderr)
        self.assertIn("both name", lathe("profile", self.cnn, "--html", self.path("a"), "--trace", self.path("a"), status=2).stderr)
        missing = os.path.join(self.folder, "none", "t.json")
        self.assertIn("--trace", lathe("profile", self.cnn, "--trace", missing, status=1).stderr)
        done = lathe("profile", self.cnn, *QUICK, "--no-peaks", "--trace", "/dev/stdout")
        self.assertTrue(json.loads(done.stdout)["traceEvents"])
        self.assertIn("outside of the nodes", done.stderr)

    def test_calls_that_are_wrong(self):
        self.assertIn("cannot time its steps", lathe("profile", self.cnn, "--backend", "reference", status=1).stderr)
        self.assertIn("unknown backend", lathe("profile", self.cnn, "--backend", "nativ", status=2).stderr)
        for words in (("--limit", "0"), ("--seconds", "0"), ("--top", "0"), ("--layer-depth", "-1"), ("--seconds", "inf"),
                      ("--threads", "-1"), ("--batch", "0")):
            lathe("profile", self.cnn, *words, status=2)
        self.assertIn("no_such.onnx", lathe("profile", self.path("no_such.onnx"), status=1).stderr)
        fixed = self.write_model(model([node("Relu", ["x"], ["y"])], [value_info("x", [3, 2])], [value_info("y", [3, 2])]))
        self.assertIn("has a fixed batch of 3", lathe("profile", fixed, "--batch", "2", status=2).stderr)
        self.assertEqual(lathe_json("profile", fixed, *QUICK, "--no-peaks")["batch"], 3)

    def test_auto_is_native_here(self):
        facts = lathe_json("profile", self.cnn, *QUICK, "--no-peaks", "--backend", "auto")
        self.assertTrue(facts["nodes"])

    def test_an_interrupt_shows_what_was_measured(self):
        done = lathe_interrupted("profile", self.cnn, "--seconds", "1000", "--limit", "100000", "--html",
                                 self.path("p.html"), when=lambda said: True, status=None)
        self.assertIn(done.returncode, (130, -2))
        self.assertFalse(os.path.exists(self.path("p.html")))


class Stages(Folder):
    def test_plans_of_several_regions(self):
        path = self.path("m.onnx")
        with open(path, "wb") as file:
            file.write(shrink_model())
        text = lathe("inspect", path, "--plan").stdout
        self.assertRegex(text, r"(?s)stage 0: a region of \d+ steps? on float32\[1,5\]\n.*arena: .*"
                               r"stage 1: node NonZero 'block/found', evaluated by itself.*"
                               r"stage 2: a region, which is planned while the model runs.*int64\[2,\?\]")
        facts = lathe_json("inspect", path, "--plan", "--batch", "4")
        self.assertIsNone(facts["plan"])
        first, second, third = facts["stages"]
        self.assertEqual(first["kind"], "region")
        self.assertEqual(first["inputs"], ["float32[4,5]"])
        self.assertTrue(first["plan"]["steps"])
        self.assertEqual((second["kind"], second["name"], second["op_type"]), ("node", "block/found", "NonZero"))
        self.assertIsNone(third["plan"])
        self.assertIn("planned while the model runs", third["reason"])


if __name__ == "__main__":
    unittest.main()
