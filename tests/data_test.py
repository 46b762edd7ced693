"""Data as people have it: folders with something missing, classes under other names, files that cannot be read.

    data_test.py PROGRAM
"""
import csv
import io
import json
import os
import re
import struct
import unittest
import zipfile

from onnx_bytes import model, node, value_info
from program import MODELS, Folder, lathe, lathe_bytes, lathe_interrupted, lathe_json, read_npy, write_npy

COLORS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
PREPROCESS = '{"size":[2,2],"channels":"rgb","mean":[0,0,0],"std":[1,1,1]}'


def write(path, content=b"no image"):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
    return path


def write_image(path, color):
    """2 x 2 pixels of a color, as BMP."""
    red, green, blue = color
    row = bytes((blue, green, red)) * 2 + b"\0\0"
    header = struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 54 + 16, 0, 0, 54, 40, 2, 2, 1, 24, 0, 16, 0, 0, 0, 0)
    return write(path, header + row + row)


def write_npz(path, arrays):
    """Arrays by name: (shape, values, dtype)."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            write_npy(path + ".npy", *array)
            archive.write(path + ".npy", name + ".npy")


class Colors(Folder):
    """A model that tells the color of an image, exactly."""

    def setUp(self):
        super().setUp()
        self.model = self.write_model("colors.onnx", {"lathe.preprocess": PREPROCESS,
                                                      "lathe.labels": json.dumps(list(COLORS))})

    def write_model(self, name, metadata):
        nodes = [node("GlobalAveragePool", ["x"], ["mean"]), node("Flatten", ["mean"], ["y"])]
        return write(self.path(name), model(nodes, [value_info("x", ["N", 3, 2, 2])], [value_info("y", ["N", 3])],
                                            metadata=metadata.items()))

    def write_photos(self, names=COLORS, count=5, folder="photos"):
        """`count` images of each color in a folder of its name, or of the name that a dict gives it."""
        for name in names:
            for i in range(count):
                write_image(self.path(folder, name, f"{i}.bmp"), COLORS[names[name] if names is not COLORS else name])
        return "images:" + self.path(folder)


class Classes(Colors):
    def test_a_subset_is_matched_by_name(self):
        data = self.write_photos({"green": "green", "blue": "blue"})
        done = lathe_json("eval", self.model, "--data", data, "--split", "all", "--per-class")
        self.assertEqual((done["top1"], done["samples"], done["data_notes"]), (1, 10, []))
        self.assertEqual([row["label"] for row in done["classes"]], ["green", "blue"])  # as the model has them
        rows = lathe_json("run", self.model, "--data", data, "--split", "all")["results"]
        self.assertEqual({(row["truth"], row["predictions"][0]["label"]) for row in rows},
                         {("green", "green"), ("blue", "blue")})

    def test_spelling_matters_little(self):
        data = self.write_photos({"Green": "green", "_BLUE": "blue"})
        self.assertEqual(lathe_json("eval", self.model, "--data", data, "--split", "all")["top1"], 1)

    def test_a_class_that_the_model_does_not_have(self):
        data = self.write_photos({"gren": "green", "blue": "blue"})
        for verb in ("eval", "run"):
            self.assertIn("class 'gren' of the data is none of the model's 3 labels (red, green and blue); the data's "
                          "classes have to be named as the model's labels are; did you mean 'green'?",
                          lathe(verb, self.model, "--data", data, status=2).stderr)

    def test_quantize_asks_before_its_work(self):
        data = self.write_photos({"zebra": "green", "blue": "blue"})
        out = self.path("int8.onnx")
        self.assertIn("class 'zebra' of the data is none of the model's 3 labels",
                      lathe("quantize", self.model, "--data", data, "-o", out, status=2).stderr)
        self.assertFalse(os.path.exists(out))

    def test_a_model_without_labels_goes_by_position(self):
        nameless = self.write_model("nameless.onnx", {"lathe.preprocess": PREPROCESS})
        data = self.write_photos({"a": "red", "b": "green"})
        done = lathe("eval", nameless, "--data", data, "--split", "all")
        self.assertIn("top-1 100.00 %", done.stdout)
        self.assertIn("the model has no labels; 2 classes of the data are taken as outputs 0 to 1 of 3", done.stderr)
        self.assertNotIn("no labels", lathe("eval", nameless, "--data", self.write_photos({"c": "blue"})).stderr)

    def test_classes_that_are_numbers(self):
        data = self.write_photos({"1": "green", "2": "blue"})
        done = lathe_json("eval", self.model, "--data", data, "--split", "all")
        self.assertEqual(done["top1"], 1)
        self.assertIn("classes called by numbers", done["data_notes"][0])

    def test_numbers_that_may_be_labels_or_outputs(self):
        numbered = self.write_model("numbered.onnx", {"lathe.preprocess": PREPROCESS, "lathe.labels": '["1","2","3"]'})
        data = self.write_photos({"0": "red", "1": "green", "2": "blue"})
        said = lathe("eval", numbered, "--data", data, "--split", "all", status=2).stderr
        self.assertIn("class '0' of the data is none of the model's 3 labels (1, 2 and 3)", said)
        self.assertIn("numbers are not taken for outputs here: output 0 is called '1'", said)
        data = self.write_photos({"01": "red", "3": "blue"}, folder="others")
        done = lathe_json("eval", numbered, "--data", data, "--split", "all")
        self.assertEqual((done["top1"], done["data_notes"]), (1, []))

    def test_one_class_alone_is_said(self):
        done = lathe("eval", self.model, "--data", self.write_photos({"red": "red"}), "--split", "all")
        self.assertIn("all samples are of one class", done.stderr)

    def test_many_classes_are_shown_from_the_worst(self):
        count = 60
        labels = [f"class {i}" for i in range(count)]
        wide = write(self.path("wide.onnx"),
                     model([node("Relu", ["x"], ["y"])], [value_info("x", ["N", count])],
                           [value_info("y", ["N", count])], metadata=[("lathe.labels", json.dumps(labels))]))
        values = [float(c == (i if i != 59 else 3)) for i in range(count) for c in range(count)]
        write_npz(self.path("wide.npz"), {"x_test": ([count, count], values, "<f4"),
                                          "y_test": ([count], list(range(count)), "<i8")})
        done = lathe("eval", wide, "--data", "npz:" + self.path("wide.npz"), "--per-class")
        self.assertRegex(done.stdout.splitlines()[2 if "─" in done.stdout.splitlines()[1] else 1], r"class 59 .*class 3 ")
        self.assertIn("the 50 of 60 classes with the lowest top-1", done.stdout)


class Splits(Colors):
    def test_a_drawn_split_is_said(self):
        data = self.write_photos()
        said = (f"{data} is not divided into splits: a fifth of each class is the test split, 3 of 15 samples; "
                "--split all takes every sample")
        self.assertIn(said, lathe("eval", self.model, "--data", data).stderr)
        done = lathe_json("eval", self.model, "--data", data)
        self.assertEqual((done["samples"], done["split_share"], done["data_notes"]), (3, 0.2, [said]))
        done = lathe_json("eval", self.model, "--data", data, "--split", "all")
        self.assertEqual((done["samples"], done["data_notes"]), (15, []))
        self.assertNotIn("split_share", done)
        self.assertEqual(len(lathe_json("run", self.model, "--data", data, "--split", "all")["results"]), 15)

    def test_which_folder_is_the_test_split(self):
        for folder, count in (("train", 3), ("val", 2)):
            self.write_photos(count=count, folder="photos/" + folder)
        data = "images:" + self.path("photos")
        self.assertIn("no folder test/; val/ is the test split", lathe("eval", self.model, "--data", data).stderr)
        self.write_photos(count=1, folder="photos/test")
        done = lathe_json("eval", self.model, "--data", data)
        self.assertEqual(done["samples"], 3)
        self.assertIn("test/ is the test split; --split val takes val/", done["data_notes"][0])
        for split, samples in (("train", 9), ("val", 6), ("validation", 6), ("all", 18)):
            self.assertEqual(lathe_json("eval", self.model, "--data", data, "--split", split)["samples"], samples)

    def test_folders_that_are_no_splits_are_named(self):
        for folder, count in (("train", 5), ("valid", 2), ("validation", 1)):
            self.write_photos(count=count, folder="photos/" + folder)
        data = "images:" + self.path("photos")
        done = lathe("eval", self.model, "--data", data, "--split", "val")
        self.assertIn("on 6 samples", done.stdout)
        self.assertIn("photos: 3 images left out in validation/; splits are folders train/, test/ and val/ (or valid/, "
                      "validation/)", done.stderr)
        self.assertEqual(lathe_json("eval", self.model, "--data", data, "--split", "all")["files_left_out"], 3)

    def test_half_a_split_is_refused(self):
        flat = write(self.path("flat.onnx"), model([node("Relu", ["x"], ["y"])], [value_info("x", ["N", 2])],
                                                   [value_info("y", ["N", 2])]))
        x, y = ([2, 2], [1, 0, 0, 1], "<f4"), ([2], [0, 1], "<i8")
        data = "npz:" + self.path("n.npz")
        write_npz(self.path("n.npz"), {"x_train": x, "y_train": y, "x_test": x})
        self.assertIn("no array y_test", lathe("eval", flat, "--data", data, "--split", "all", status=1).stderr)
        write_npz(self.path("n.npz"), {"x_train": x, "y_train": y})
        self.assertIn("no test split is there, all is 2 samples without it",
                      lathe("eval", flat, "--data", data, "--split", "all").stderr)

    def test_wrong_names(self):
        data = self.write_photos()
        for words, status, said in (
                ((data, "--split", "tset"), 2, "expected train, test or all, or val where the data has one; did you "
                                               "mean 'test'?"),
                ((data, "--split", "val"), 1, "has no validation split; --split takes train, test and all here"),
                (("image:" + self.path("photos"),), 2, "did you mean 'images'?"),
                ((self.path("photos"),), 2, f"did you mean 'images:{self.path('photos')}'?"),
                (("images:" + self.path("photo"),), 1, f"no such folder; did you mean '{self.path('photos')}'?"),
                (("npz:" + self.path("colors.npz"),), 1, "no such file")):
            done = lathe("eval", self.model, "--data", *words, status=status)
            self.assertIn(said, done.stderr)


class Unreadable(Colors):
    def test_what_is_left_out_is_counted(self):
        data = self.write_photos()
        for name in ("red/a.webp", "red/b.webp", "green/c.gif", "blue/deep/d.png", "e.jpg", "gray/f.tiff"):
            write(self.path("photos", name))
        done = lathe("eval", self.model, "--data", data, "--split", "all")
        for said in ("4 files left out: 2 .webp, 1 .gif and 1 .tiff; .jpg, .jpeg, .png and .bmp can be read",
                     "1 image left out in folders below the class folders", "1 image left out beside the class folders",
                     "no image that can be read in gray"):
            self.assertIn(said, done.stderr)
        self.assertEqual(lathe_json("eval", self.model, "--data", data)["files_left_out"], 6)
        said = lathe("run", self.model, self.path("photos"), status=1).stderr
        self.assertIn("photos: 4 files left out", said)

    def test_corrupt_images_are_counted_and_named(self):
        data = self.write_photos()
        write(self.path("photos/red/bad.png"))
        done = lathe("eval", self.model, "--data", data, "--split", "all")
        self.assertIn("left out 1 sample that could not be read:\n  " + self.path("photos/red/bad.png"), done.stdout)
        report = lathe_json("eval", self.model, "--data", data, "--split", "all")
        self.assertEqual((report["corrupt"], report["samples"]), (1, 15))
        self.assertIn("bad.png: no JPEG, PNG or BMP file", report["corrupt_samples"][0])
        strict = lathe("eval", self.model, "--data", data, "--split", "all", "--strict", status=1).stderr
        self.assertEqual(strict.count("bad.png"), 1)
        self.assertNotIn("skipped", strict)

    def test_a_set_without_a_single_image(self):
        for i in range(3):
            write(self.path(f"photos/red/{i}.png"))
        self.assertIn("none of 3 images can be read; the first: " + self.path("photos/red/0.png"),
                      lathe("eval", self.model, "--data", "images:" + self.path("photos"), status=1).stderr)

    def test_features_that_are_no_numbers(self):
        flat = write(self.path("flat.onnx"), model([node("Relu", ["x"], ["y"])], [value_info("x", ["N", 2])],
                                                   [value_info("y", ["N", 2])]))
        write_npz(self.path("n.npz"), {"x_test": ([3, 2], [1, 0, float("nan"), 1, 0, 1], "<f4"),
                                       "y_test": ([3], [0, 1, 1], "<i8")})
        data = "npz:" + self.path("n.npz")
        report = lathe_json("eval", flat, "--data", data)
        self.assertEqual((report["samples"], report["top1"], report["corrupt"]), (2, 1, 1))
        self.assertIn("sample 1: feature 0 is nan", lathe("run", flat, "--data", data, status=1).stderr)
        self.assertIn("--preprocess has no effect", lathe("eval", flat, "--data", data, "--preprocess", PREPROCESS,
                                                          status=2).stderr)
        self.assertIn("--preprocess has no effect", lathe("run", flat, "--data", data, "--preprocess", PREPROCESS,
                                                          status=2).stderr)


class Run(Colors):
    def setUp(self):
        super().setUp()
        self.red = write_image(self.path("red.bmp"), COLORS["red"])
        self.blue = write_image(self.path("blue.bmp"), COLORS["blue"])
        self.bad = write(self.path("bad.png"))

    def test_an_image_that_cannot_be_read_fails_the_call(self):
        done = lathe("run", self.model, self.red, self.bad, self.blue, status=1)
        self.assertIn("red.bmp", done.stdout)
        self.assertIn("blue.bmp", done.stdout)
        self.assertIn("bad.png: no JPEG, PNG or BMP file (8 bytes)", done.stderr)
        self.assertIn("1 of 3 samples failed", done.stderr)
        report = json.loads(lathe("run", self.model, self.red, self.bad, "--json", status=1).stdout)
        self.assertEqual([row["input"] for row in report["results"]], [self.red])
        self.assertEqual([row["input"] for row in report["failures"]], [self.bad])
        strict = lathe("run", self.model, self.red, self.bad, "--strict", status=1)
        self.assertEqual(strict.stdout, "")
        self.assertIn("did you mean '" + self.red, lathe("run", self.model, self.path("rde.bmp"), status=1).stderr)

    def test_writes_what_comes_out(self):
        words = ["run", self.model, self.red, self.bad, self.blue, "--top", "2"]
        lathe(*words, "-o", self.path("y.npy"), status=1)
        values = read_npy(self.path("y.npy"))
        self.assertEqual((values[:3], values[6:]), ([1, 0, 0], [0, 0, 1]))
        self.assertTrue(all(value != value for value in values[3:6]))  # of the unreadable one NaN
        lathe(*words, "-o", self.path("y.npz"), status=1)
        with zipfile.ZipFile(self.path("y.npz")) as archive:
            self.assertEqual(sorted(archive.namelist()), ["inputs.npy", "outputs.npy"])
        lathe(*words, "-o", self.path("y.json"), status=1)
        with open(self.path("y.json"), encoding="utf-8") as file:
            report = json.load(file)
        self.assertEqual([row["predictions"][0]["label"] for row in report["results"]], ["red", "blue"])
        lathe(*words, "-o", self.path("y.CSV"), status=1)
        with open(self.path("y.CSV"), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([(row["input"], row["rank"], row["label"]) for row in rows],
                         [(self.red, "1", "red"), (self.red, "2", "green"), (self.bad, "", ""),
                          (self.blue, "1", "blue"), (self.blue, "2", "red")])
        self.assertIn("no JPEG", rows[2]["error"])

    def test_outputs_are_looked_at_first(self):
        self.assertIn("expected a name that ends in .npy or .npz or .json or .csv",
                      lathe("run", self.model, self.red, "-o", self.path("y.txt"), status=2).stderr)
        done = lathe("run", self.model, self.red, "-o", self.path("none/y.npy"), status=1)
        self.assertEqual(done.stdout, "")
        write_npy(self.path("x.npy"), [1, 3, 2, 2])
        self.assertIn("expected a name that ends in .npy or .npz",
                      lathe("run", self.model, self.path("x.npy"), "-o", self.path("y.txt"), status=2).stderr)
        self.assertIn("is also INPUT", lathe("run", self.model, "x=" + self.path("x.npy"), "-o", self.path("x.npy"),
                                             status=2).stderr)
        lathe("run", self.model, self.path("x.npy"), "-o", self.path("y.npy"))
        self.assertEqual(len(read_npy(self.path("y.npy"))), 3)

    def test_outputs_into_a_pipe(self):
        done = lathe_bytes("run", self.model, self.red, "-o", "/dev/stdout")
        with zipfile.ZipFile(io.BytesIO(done.stdout)) as archive:
            self.assertEqual(sorted(archive.namelist()), ["inputs.npy", "outputs.npy"])
        self.assertIn("red.bmp", done.stderr)
        write_npy(self.path("x.npy"), [1, 3, 2, 2])
        done = lathe_bytes("run", self.model, self.path("x.npy"), "-o", "/dev/stdout")
        with zipfile.ZipFile(io.BytesIO(done.stdout)) as archive:
            self.assertEqual(archive.namelist(), ["y.npy"])
        self.assertIn("y  float32[1,3]", done.stderr)
        for given in (self.red, self.path("x.npy")):
            self.assertIn("both write to standard output",
                          lathe("run", self.model, given, "-o", "/dev/stdout", "--json", status=2).stderr)

    def test_what_it_reads_is_not_replaced(self):
        how = write(self.path("how.json"), PREPROCESS.encode())
        self.assertIn("is also --preprocess",
                      lathe("run", self.model, self.red, "--preprocess", how, "-o", how, status=2).stderr)
        flat = write(self.path("flat.onnx"), model([node("Relu", ["x"], ["y"])], [value_info("x", ["N", 2])],
                                                   [value_info("y", ["N", 2])]))
        data = self.path("d.npz")
        write_npz(data, {"x_test": ([2, 2], [1, 0, 0, 1], "<f4"), "y_test": ([2], [0, 1], "<i8")})
        self.assertIn("is also part of --data", lathe("run", flat, "--data", "npz:" + data, "-o", data, status=2).stderr)
        self.assertIn("is also part of --data", lathe("quantize", flat, "--data", "npz:" + data, "-o", self.path("q.onnx"),
                                                      "--report", data, status=2).stderr)
        lathe("run", flat, "--data", "npz:" + data, "-o", data, "--force")

    def test_capital_letters(self):
        write_npy(self.path("X.NPY"), [1, 3, 2, 2])
        lathe("run", self.model, "x=" + self.path("X.NPY"), "-o", self.path("Y.NPY"))
        self.assertEqual(len(read_npy(self.path("Y.NPY"))), 3)

    def test_folders_hold_more_than_images(self):
        photos = self.path("photos")
        write_image(self.path("photos/deep/a.bmp"), COLORS["red"])
        write_image(self.path("photos/.hidden.bmp"), COLORS["red"])
        write_image(self.path("photos/.thumbnails/b.bmp"), COLORS["red"])
        write(self.path("photos/notes.txt"))
        os.mkfifo(self.path("photos/pipe.png"))
        notes = [f"{photos}: 2 files left out: 1 .png and 1 .txt; .jpg, .jpeg, .png and .bmp can be read",
                 f"{photos}: 1 image left out whose names begin with a dot"]
        done = lathe("run", self.model, photos)
        self.assertEqual(done.stderr.splitlines(), notes)
        report = lathe_json("run", self.model, photos)
        self.assertEqual([row["input"] for row in report["results"]], [self.path("photos/deep/a.bmp")])
        self.assertEqual((report["data_notes"], report["notes"]), (notes, []))
        self.assertIn("not a regular file", lathe("run", self.model, self.path("photos/pipe.png"), status=1).stderr)

    @unittest.skipIf(os.geteuid() == 0, "root may list everything")
    def test_folders_that_cannot_be_listed(self):
        write_image(self.path("photos/open/a.bmp"), COLORS["red"])
        write_image(self.path("photos/closed/b.bmp"), COLORS["red"])
        os.chmod(self.path("photos/closed"), 0)
        self.addCleanup(os.chmod, self.path("photos/closed"), 0o700)
        done = lathe("run", self.model, self.path("photos"))
        self.assertIn("cannot list " + self.path("photos/closed"), done.stderr)
        self.assertIn("a.bmp", done.stdout)
        self.assertIn("cannot list", lathe("run", self.model, self.path("photos/closed"), status=1).stderr)

    def test_json_has_the_notes(self):
        data = self.write_photos()
        said = lathe("run", self.model, "--data", data).stderr.splitlines()
        self.assertEqual(lathe_json("run", self.model, "--data", data)["data_notes"], said)
        write_npy(self.path("x.npy"), [1, 3, 2, 2])
        self.assertEqual(lathe_json("run", self.model, self.path("x.npy"))["notes"], [])

    def test_several_at_a_time_are_refused(self):
        write_npy(self.path("x.npy"), [1, 3, 2, 2])
        for given in (self.red, self.path("x.npy")):
            self.assertIn("--streams has no effect: run takes one input after the other",
                          lathe("run", self.model, given, "--streams", "2", status=2).stderr)
            self.assertIn("--prefer throughput has no effect",
                          lathe("run", self.model, given, "--prefer", "throughput", status=2).stderr)
            lathe("run", self.model, given, "--streams", "1", "--prefer", "latency")

    def test_a_name_that_is_no_utf8(self):
        red = os.fsdecode(os.fsencode(self.folder) + b"/caf\xe9.bmp")
        write_image(red, COLORS["red"])
        shown = self.path("caf\N{REPLACEMENT CHARACTER}.bmp")
        self.assertEqual(lathe_json("run", self.model, red)["results"][0]["input"], shown)
        lathe("run", self.model, red, "-o", self.path("y.json"), errors="replace")
        with open(self.path("y.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["results"][0]["input"], shown)

    def test_a_model_that_does_not_know_images_gets_an_example(self):
        bare = self.write_model("bare.onnx", {"lathe.labels": json.dumps(list(COLORS))})
        data = self.write_photos()
        for words in (["run", bare, self.red], ["run", bare, "--data", data], ["eval", bare, "--data", data]):
            said = lathe(*words, status=1).stderr
            example = re.search(r"--preprocess '(.*)'", said).group(1)
            self.assertEqual(json.loads(example)["size"], [2, 2])
            lathe(*words, "--preprocess", example)

    def test_options_without_effect_are_refused(self):
        write_npy(self.path("x.npy"), [1, 3, 2, 2])
        for words, said in (
                ((self.path("x.npy"), "--limit", "3"), "--limit has no effect on .npy inputs"),
                ((self.path("x.npy"), "--split", "all"), "--split has no effect on .npy inputs"),
                ((self.path("x.npy"), "--preprocess", PREPROCESS), "--preprocess has no effect on .npy inputs"),
                ((self.path("x.npy"), "--strict"), "--strict has no effect on .npy inputs"),
                ((self.path("x.npy"), "--top", "1"), "--top has no effect on .npy inputs"),
                ((self.red, "--split", "train"), "--split has no effect on image files"),
                ((self.red, "--limit", "1"), "--limit has no effect on image files"),
                ((self.red, self.path("x.npy")), "give images or .npy inputs, not both")):
            self.assertIn(said, lathe("run", self.model, *words, status=2).stderr)
        fixed = write(self.path("fixed.onnx"), model([node("Relu", ["x"], ["y"])], [value_info("x", [1, 2])],
                                                     [value_info("y", [1, 2])]))
        write_npz(self.path("d.npz"), {"x_test": ([2, 2], [1, 0, 0, 1], "<f4"), "y_test": ([2], [0, 1], "<i8")})
        self.assertIn("--batch has no effect: the model's batch is fixed at 1",
                      lathe("eval", fixed, "--data", "npz:" + self.path("d.npz"), "--batch", "8").stderr)
        self.assertIn("--batch 8: " + fixed + " has a fixed batch of 1",
                      lathe("compare", fixed, "--data", "npz:" + self.path("d.npz"), "--batch", "8", status=2).stderr)
        free = write(self.path("free.onnx"), model([node("Relu", ["x"], ["y"])], [value_info("x", ["N", 2])],
                                                   [value_info("y", ["N", 2])]))
        words = [free, "--data", "npz:" + self.path("d.npz"), "--shape", "2x2", "--batch"]
        self.assertIn("--batch 8 has no effect: --shape or --dim gives a batch of 2",
                      lathe("compare", *words, "8", status=2).stderr)
        lathe("compare", *words, "2", "--backends", "native")
        self.assertIn("--batch has no effect: the model's batch is fixed at 2", lathe("eval", *words, "8").stderr)

    @unittest.skipUnless(os.path.isdir(MODELS), "needs models beside the project")
    def test_reads_photos_from_others(self):
        folder = os.path.join(MODELS, "coral")
        photos = [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".bmp")]
        self.assertEqual(len(lathe_json("run", self.model, *photos)["results"]), 3)


class Interrupted(Colors):
    """Ctrl-C at the moment when a sample that cannot be read is named."""

    COUNT = 500_000

    def setUp(self):
        super().setUp()
        self.flat = write(self.path("flat.onnx"), model([node("Relu", ["x"], ["y"])], [value_info("x", ["N", 2])],
                                                        [value_info("y", ["N", 2])]))
        values = [1.0, 0.0] * self.COUNT
        values[200] = float("nan")
        write_npz(self.path("d.npz"), {"x_test": ([self.COUNT, 2], values, "<f4"),
                                       "y_test": ([self.COUNT], [0] * self.COUNT, "<i8")})
        self.data = "npz:" + self.path("d.npz")

    def test_eval_prints_what_it_measured(self):
        done = lathe_interrupted("eval", self.flat, "--data", self.data, "--batch", "1", "--json",
                                 when=lambda said: "sample 100: feature 0 is nan" in said)
        report = json.loads(done.stdout)
        self.assertTrue(report["interrupted"])
        self.assertTrue(50 < report["samples"] < self.COUNT)
        self.assertEqual(report["top1"], 1)
        self.assertRegex(done.stderr, r"interrupted: after [\d,]+ of 500,000 samples")

    def test_run_prints_the_predictions_so_far(self):
        done = lathe_interrupted("run", self.flat, "--data", self.data, "--json", "-o", self.path("y.csv"),
                                 when=lambda said: "sample 100: feature 0 is nan" in said)
        report = json.loads(done.stdout)
        self.assertTrue(report["interrupted"])
        self.assertTrue(100 <= len(report["results"]) < self.COUNT)
        self.assertRegex(done.stderr, r"after [\d,]+ of 500,000 samples; .*y.csv was not written")
        self.assertFalse(os.path.exists(self.path("y.csv")))


if __name__ == "__main__":
    unittest.main()
