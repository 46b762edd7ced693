"""`lathe train`: what an interrupt keeps, what is replaced, what is refused.

    train_test.py PROGRAM
"""
import json
import os
import re
import shutil
import struct
import subprocess
import unittest
import zipfile

from onnx_bytes import open_classifier
from program import PROGRAM, Folder, SharedFolder, add_metadata, lathe, lathe_bytes, lathe_interrupted, lathe_json

PLAIN = ["--precision", "float32", "--memory-format", "contiguous", "--threads", "1"]


def npy(dtype, shape, data):
    header = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def write_npz(path, **arrays):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, (dtype, shape, data) in arrays.items():
            file.writestr(name + ".npy", npy(dtype, shape, data))


def write_images(path, count, size, classes=4):
    """Gray squares, in each class of another brightness, that repeat after a while."""
    def image(i):
        base = 40 + 50 * (i % classes)
        return bytes(base + (i * 7 + 3 * at * (i % 5 + 1)) % 37 for at in range(size * size))

    several = [image(i) for i in range(20 * classes)]
    pixels = b"".join(several[i % len(several)] for i in range(count))
    labels = struct.pack(f"<{count}q", *(i % classes for i in range(count)))
    write_npz(path, x=("|u1", (count, size, size), pixels), y=("<i8", (count,), labels))
    return f"npz:{path}"


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Refused(Folder):
    """What is known to be wrong before any work: the data that these calls name is not there."""

    def refused(self, *words, status=2):
        done = lathe("train", "--data", "npz:/nonexistent.npz", *words, status=status)
        self.assertNotIn("nonexistent", done.stderr)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def test_outputs_that_cannot_be_written(self):
        out = self.path("out.onnx")
        new = ["--arch", "mlp"]
        self.assertIn("there is no folder", self.refused(*new, "-o", self.path("no/out.onnx"), status=1))
        self.assertIn("ends in .onnx", self.refused(*new, "-o", self.path("out.txt")))
        for option, name in (("--history", "h.json"), ("--chart", "c.svg"), ("--checkpoint", "c.checkpoint")):
            error = self.refused(*new, "-o", out, option, self.path("no", name), status=1)
            self.assertIn(option, error)
        self.assertIn("ends in .svg", self.refused(*new, "-o", out, "--chart", self.path("c.png")))
        self.assertIn("both name", self.refused(*new, "-o", out, "--checkpoint", out))
        self.assertEqual(os.listdir(self.folder), [])

    def test_an_output_that_is_an_input(self):
        model = self.path("model.onnx")
        lathe("new", "mlp", "-o", model)
        before = read(model)
        self.assertIn("--force", self.refused(model, "-o", model))
        self.assertEqual(read(model), before)

    def test_a_checkpoint_that_is_none(self):
        precious = self.path("photo.jpg")
        with open(precious, "w", encoding="utf-8") as file:
            file.write("precious")
        new = ["--arch", "mlp", "-o", self.path("out.onnx"), "--checkpoint", precious]
        self.assertIn("--force replaces it", self.refused(*new))
        self.assertIn("no checkpoint", self.refused(*new, "--resume", status=1))
        self.assertEqual(read(precious), b"precious")

    def test_names_and_values(self):
        new = ["--arch", "mlp", "-o", self.path("out.onnx")]
        self.assertIn("did you mean 'adamw'?", self.refused(*new, "--optimizer", "adam"))
        self.assertIn("did you mean 'cosine'?", self.refused(*new, "--schedule", "cosin"))
        self.assertIn("unknown precision", self.refused(*new, "--precision", "bf16x"))
        self.assertIn("unknown memory format", self.refused(*new, "--memory-format", "nhwc"))
        self.assertIn("did you mean 'flip'?", self.refused(*new, "--augment", "crop,flp"))
        self.assertIn("contradict", self.refused(*new, "--augment", "crop,none"))
        self.assertIn("--lr is 0, expected more than 0", self.refused(*new, "--lr", "0"))
        self.assertIn("--weight-decay is -1,", self.refused(*new, "--weight-decay", "-1"))
        self.assertIn("--clip-norm is -1,", self.refused(*new, "--clip-norm", "-1"))
        self.assertIn("either a MODEL", self.refused("-o", self.path("out.onnx")))
        self.assertIn("did you mean 'mlp'?", self.refused("--arch", "mpl", "-o", self.path("out.onnx")))

    def test_sizes(self):
        new = ["-o", self.path("out.onnx")]
        for size in ("0", "0x28", "28x0", "-1", "28x-28", "28x", "large", "16385", "4294967297", "9" * 30):
            self.assertIn(f"--size: '{size}' is no size, expected HxW such as 32x32, each from 1 to 16384",
                          self.refused("--arch", "cnn", *new, f"--size={size}"))
        self.assertIn("--size: '16385' is no size", lathe("new", "cnn", *new, "--size=16385", status=2).stderr)
        self.assertIn("7x28 is too small", self.refused("--arch", "cnn", *new, "--size", "7x28"))
        self.assertIn("of memory; --batch takes fewer",
                      self.refused("--arch", "cnn", *new, "--size", "16384", "--batch", "1000000"))
        self.assertIn("16384x16384 is too large", self.refused("--arch", "mlp", *new, "--size", "16384"))
        self.assertIn("is too large", lathe("new", "mlp", *new, "--size", "16384", status=2).stderr)
        self.assertEqual(os.listdir(self.folder), [])

    def test_options_without_effect(self):
        new = ["--arch", "mlp", "-o", self.path("out.onnx")]
        for words in (["--warmup", "0.1"], ["--step-epochs", "3"], ["--step-factor", "0.5"],
                      ["--plateau-patience", "2", "--schedule", "step"], ["--plateau-factor", "0.5"],
                      ["--momentum", "0.8", "--optimizer", "adamw"], ["--early-stop", "3", "--validation-share", "0"],
                      ["--shape", "1x1x28x28"], ["--dim", "H=28"],
                      ["--size", "28", "--preprocess", '{"size":[8,8],"channels":"gray","mean":[0],"std":[1]}']):
            self.assertIn(f"{words[0]} has no effect: ", self.refused(*new, *words))
        model = self.path("model.onnx")
        lathe("new", "mlp", "-o", model)
        self.assertIn("--size has no effect", self.refused(model, "-o", self.path("out.onnx"), "--size", "8"))
        self.refused(*new, "--no-checkpoint", "--resume")
        self.refused(*new, "--split", "test")


class WithoutLibTorch(Folder):
    def test_says_how_to_get_it(self):
        data = write_images(self.path("data.npz"), 100, 8)
        done = lathe("train", "--arch", "cnn", "--data", data, "-o", self.path("x.onnx"), status=1,
                     env={"LATHE_TRAIN_MODULE": "/nonexistent.so"})
        self.assertIn("apt install libtorch-dev", done.stderr)


class Training(SharedFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = write_images(cls.path("small.npz"), 1000, 8)
        done = lathe("train", "--arch", "mlp", "--data", cls.data, "--epochs", "1", "-o", cls.path("first.onnx"), *PLAIN,
                     status=None)
        if "apt install libtorch-dev" in done.stderr:
            raise unittest.SkipTest("built without LibTorch")
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        cls.first = done

    def train(self, *words, call=lathe, **options):
        return call("train", "--arch", "mlp", "--data", self.data, "--schedule", "constant", *PLAIN, *words, **options)

    def good_model(self, name):
        """A model that somebody would miss."""
        path = self.path(name)
        shutil.copy(self.path("first.onnx"), path)
        return path

    def interrupted_after_an_epoch(self, out, *words):
        """How many epochs were kept, and what was said."""
        checkpoint = out + ".checkpoint"
        done = self.train("--epochs", "1000000", "-o", out, *words, call=lathe_interrupted,
                          when=lambda _: os.path.exists(checkpoint))
        kept = re.search(r"interrupted: (\d+) of 1,000,000 epochs (is|are) kept in (\S+);", done.stderr)
        self.assertIsNotNone(kept, done.stderr)
        self.assertEqual(kept[3], checkpoint)
        return int(kept[1]), done

    def test_says_what_it_did(self):
        self.assertIn("first.onnx: 1 epoch in ", self.first.stdout)
        self.assertIn("on 40 held-out samples", self.first.stdout)  # a fifth of the file is for testing
        self.assertFalse(os.path.exists(self.path("first.onnx.checkpoint")))

    def test_an_interrupt_before_the_first_epoch_keeps_the_model(self):
        out = self.good_model("untouched.onnx")
        before = read(out)
        large = write_images(self.path("large.npz"), 50000, 28)
        done = lathe_interrupted("train", "--arch", "resnet8", "--data", large, *PLAIN, "-o", out,
                                 when=lambda said: "training: " in said)
        self.assertIn("nothing is kept", done.stderr)
        self.assertEqual(done.stdout, "")
        self.assertEqual(read(out), before)
        self.assertFalse(os.path.exists(out + ".checkpoint"))

    def test_an_interrupted_run_goes_on_to_the_same_bits(self):
        out = self.good_model("resumed.onnx")
        before = read(out)
        history = self.path("history.json")
        epochs, done = self.interrupted_after_an_epoch(out, "--history", history, "--json")
        self.assertEqual(read(out), before)
        self.assertFalse(os.path.exists(history))
        said = json.loads(done.stdout)
        self.assertTrue(said["stopped"])
        self.assertEqual(len(said["history"]), epochs)

        resumed = self.train("--resume", "--epochs", epochs + 2, "-o", out, "--history", history)
        self.assertIn(f"going on after epoch {epochs}", resumed.stderr)
        self.assertFalse(os.path.exists(out + ".checkpoint"))
        with open(history, encoding="utf-8") as file:
            self.assertEqual(len(json.load(file)["epochs"]), epochs + 2)
        unbroken = self.path("unbroken.onnx")
        self.train("--epochs", epochs + 2, "-o", unbroken)
        self.assertEqual(read(out), read(unbroken))

    def test_the_best_epoch_so_far_is_taken(self):
        out = self.good_model("best.onnx")
        before = read(out)
        epochs, done = self.interrupted_after_an_epoch(out)
        self.assertIn(f"--resume --epochs {epochs}", done.stderr)
        taken = self.train("--resume", "--epochs", epochs, "-o", out)
        self.assertNotIn("images/s\n", taken.stdout)
        self.assertIn(f"best.onnx: {epochs} epoch", taken.stdout)
        self.assertNotEqual(read(out), before)
        self.assertFalse(os.path.exists(out + ".checkpoint"))

    def test_fewer_epochs_than_are_done_keep_the_checkpoint(self):
        out = self.path("fewer.onnx")
        epochs, _ = self.interrupted_after_an_epoch(out)
        wanted = epochs + 2
        self.train("--resume", "--epochs", wanted, "-o", self.path("whole.onnx"), "--checkpoint", out + ".checkpoint")
        before = read(out + ".checkpoint")
        fewer = self.train("--resume", "--epochs", "1", "-o", out)
        self.assertIn(f"--epochs 1 is less than the {wanted} that are done: {out} holds the best of these, epoch ",
                      fewer.stderr)
        self.assertIn(f"{out}.checkpoint is kept; --resume --epochs N with N above {wanted} goes on with it",
                      fewer.stderr)
        self.assertEqual(read(out + ".checkpoint"), before)
        self.train("--resume", "--epochs", wanted + 1, "-o", out)
        self.assertFalse(os.path.exists(out + ".checkpoint"))

    def test_another_run_does_not_replace_a_checkpoint(self):
        out = self.path("other.onnx")
        kept = self.path("kept.checkpoint")
        self.train("--epochs", "2", "-o", out, "--checkpoint", kept)
        before = read(kept)  # one that was named stays
        self.assertFalse(os.path.exists(out + ".checkpoint"))
        again = self.train("-o", out, "--checkpoint", kept, status=2)
        self.assertIn("holds 2 of 2 epochs of an earlier run: --resume goes on with it, --force", again.stderr)
        other = self.train("--resume", "--batch", "7", "-o", out, "--checkpoint", kept, status=2)
        self.assertIn("made by another run: --batch was 128, is 7", other.stderr)
        other = self.train("--resume", "--limit", "500", "-o", out, "--checkpoint", kept, status=2)
        self.assertIn("--limit", other.stderr)
        self.assertEqual(read(kept), before)
        self.train("--batch", "7", "--epochs", "1", "-o", out, "--checkpoint", kept, "--force")
        self.assertNotEqual(read(kept), before)

        shutil.copy(kept, out + ".checkpoint")
        self.assertIn("holds 1 of 1 epoch ", self.train("-o", out, status=2).stderr)
        self.train("--epochs", "1", "-o", out, "--force")
        self.assertFalse(os.path.exists(out + ".checkpoint"))

    def test_resuming_keeps_the_number_of_epochs(self):
        out = self.path("length.onnx")
        kept = self.path("length.checkpoint")
        self.train("--epochs", "3", "-o", out, "--checkpoint", kept)
        again = self.train("--resume", "-o", out, "--checkpoint", kept, call=lathe_json)
        self.assertEqual(len(again["history"]), 3)
        self.assertTrue(any("epoch 3 is done" in note for note in again["notes"]), again["notes"])

    def test_without_a_checkpoint(self):
        self.train("--epochs", "1", "-o", self.path("none.onnx"), "--no-checkpoint")
        self.assertFalse(os.path.exists(self.path("none.onnx.checkpoint")))
        fresh = self.train("--epochs", "1", "-o", self.path("fresh.onnx"), "--resume")
        self.assertIn("there is no", fresh.stderr)

    def test_the_same_training_writes_the_same_bytes(self):
        one, two = self.path("one.onnx"), self.path("two.onnx")
        for out in (one, two):
            self.train("--epochs", "2", "--seed", "5", "-o", out)
        self.assertEqual(read(one), read(two))
        self.train("--epochs", "2", "--seed", "6", "-o", two)
        self.assertNotEqual(read(one), read(two))

    def test_open_extents_are_given_and_stay_open(self):
        path, out = self.path("open.onnx"), self.path("open-trained.onnx")
        with open(path, "wb") as file:
            file.write(open_classifier(4))
        words = ["train", path, "--data", self.data, "--epochs", "1", *PLAIN, "--force", "-o", out]
        self.assertIn("give other extents by --dim or --shape", lathe(*words, status=2).stderr)
        self.assertIn("no input of the model has an open extent 'K'", lathe(*words, "--dim", "K=8", status=2).stderr)
        for given in (["--dim", "H=8", "--dim", "W=8"], ["--shape", "x=1x1x8x8"]):
            done = lathe(*words, *given)
            self.assertNotIn("opened to any batch", done.stderr)
            self.assertEqual(lathe_json("inspect", out)["inputs"][0]["type"], "float32[N,1,H,W]")

    def test_a_model_is_trained_in_place_where_that_is_forced(self):
        out = self.good_model("in_place.onnx")
        before = read(out)
        lathe("train", out, "--data", self.data, "--epochs", "1", *PLAIN, "-o", out, "--force")
        self.assertNotEqual(read(out), before)

    def test_a_model_into_a_pipe(self):
        words = ["train", "--arch", "mlp", "--data", self.data, "--epochs", "1", *PLAIN, "-o", "/dev/stdout"]
        self.assertIn("both write to standard output", lathe(*words, "--json", status=2).stderr)
        done = lathe_bytes(*words)
        self.assertEqual(done.stdout, read(self.path("first.onnx")))
        self.assertIn("next: lathe eval /dev/stdout", done.stderr)
        with open(self.path("printed.onnx"), "wb") as file:
            subprocess.run([PROGRAM, *words], stdout=file, stderr=subprocess.PIPE, check=True, timeout=300)
        self.assertEqual(read(self.path("printed.onnx")), read(self.path("first.onnx")))
        self.assertFalse(os.path.exists("/dev/stdout.checkpoint"))

    def test_what_it_reads_is_not_replaced(self):
        how = self.path("how.json")
        with open(how, "w", encoding="utf-8") as file:
            file.write('{"size":[8,8],"channels":"gray","mean":[0],"std":[1]}')
        for words, said in ((["--preprocess", how, "--history", how], "--history .* is also --preprocess"),
                            (["--checkpoint", self.path("small.npz")], "--checkpoint .* is also part of --data")):
            self.assertRegex(self.train("-o", self.path("refused.onnx"), *words, status=2).stderr, said)

    def test_a_history_that_is_none_is_told_before_the_work(self):
        model = self.path("hostile.onnx")
        for text in ("{}", "[" * 100_000 + "]" * 100_000):
            lathe("new", "mlp", "--size", "8", "--channels", "1", "--classes", "4", "-o", model)
            add_metadata(model, {"lathe.history": text})
            done = lathe("train", model, "--data", self.data, "--epochs", "1000000", *PLAIN, "-o", self.path("never.onnx"),
                         status=1)
            self.assertIn("lathe.history: ", done.stderr)
            self.assertNotIn("training: ", done.stderr)

    def test_names_that_are_no_utf8(self):
        folder = os.fsencode(self.folder) + b"/caf\xe9"
        os.makedirs(folder, exist_ok=True)
        shutil.copy(self.path("small.npz"), os.fsdecode(folder + b"/small.npz"))
        data = os.fsdecode(b"npz:" + folder + b"/small.npz")
        words = ["train", "--arch", "mlp", "--data", data, *PLAIN, "-o", os.fsdecode(folder + b"/out.onnx"), "--checkpoint",
                 os.fsdecode(folder + b"/kept.checkpoint"), "--history", os.fsdecode(folder + b"/history.json")]
        self.assertEqual(len(lathe_json(*words, "--epochs", "1")["history"]), 1)
        self.assertEqual(len(lathe_json(*words, "--epochs", "1", "--resume")["history"]), 1)

    def test_limit_holds_for_all_samples(self):
        out = self.path("limit.onnx")
        done = self.train("--epochs", "1", "--limit", "100", "--validation-share", "0.1", "-o", out)
        self.assertIn("on 10 held-out samples", done.stdout)
        step = lathe_json("inspect", out)["metadata"]["lathe.history"][0]
        self.assertEqual(step["samples"], 90)
        self.assertIn("--limit 1", self.train("--limit", "1", "-o", out, status=2).stderr)

    def test_one_class_is_no_task(self):
        data = write_images(self.path("one_class.npz"), 50, 8, classes=1)
        done = lathe("train", "--arch", "mlp", "--data", data, "-o", self.path("one_class.onnx"), status=1)
        self.assertIn("one_class.npz", done.stderr)
        self.assertIn("a classifier needs two classes", done.stderr)

    def test_one_class_that_can_be_read_is_no_task(self):
        for name in ("red/0.png", "red/1.png", "blue/0.png"):
            os.makedirs(self.path("photos", os.path.dirname(name)), exist_ok=True)
            with open(self.path("photos", name), "wb") as file:
                file.write(b"no image")
        pixels = bytes(8 * 8 * 3)
        for i in range(4):
            os.makedirs(self.path("photos", "green"), exist_ok=True)
            with open(self.path("photos", "green", f"{i}.bmp"), "wb") as file:
                file.write(struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 54 + len(pixels), 0, 0, 54, 40, 8, 8, 1, 24, 0,
                                       len(pixels), 0, 0, 0, 0) + pixels)
        done = lathe("train", "--arch", "mlp", "--data", "images:" + self.path("photos"), "--validation-share", "0",
                     "-o", self.path("photos.onnx"), status=1)
        self.assertIn("only training samples of class 'green' can be read, a classifier needs two classes; not one can "
                      "be read of 1 sample of blue and ", done.stderr)
        self.assertFalse(os.path.exists(self.path("photos.onnx")))

    def test_classes_are_those_of_the_model(self):
        out = self.path("finer.onnx")
        fewer = write_images(self.path("fewer.npz"), 100, 8, classes=3)
        done = lathe("train", self.path("first.onnx"), "--data", fewer, "--epochs", "1", *PLAIN, "-o", out)
        self.assertIn("no training sample is of 1 of the 4 classes: 3", done.stderr)
        self.assertEqual(lathe_json("inspect", out)["metadata"]["lathe.labels"], ["0", "1", "2", "3"])
        more = self.path("more.npz")
        write_npz(more, x=("|u1", (50, 8, 8), bytes(50 * 64)),
                  y=("<i8", (50,), struct.pack("<50q", *(i % 5 for i in range(50)))))
        done = lathe("train", self.path("first.onnx"), "--data", "npz:" + more, "--epochs", "1", *PLAIN, "-o", out,
                     "--force", status=2)
        self.assertIn("the data has a class number 4, the model 4 classes, none of them called 4", done.stderr)

    def test_a_lone_sample_is_not_held_out(self):
        path = self.path("lone.npz")
        labels = [0] * 20 + [1] * 20 + [2]
        count = len(labels)
        write_npz(path, x_train=("|u1", (count, 8, 8), bytes(i % 251 for i in range(count * 64))),
                  y_train=("<i8", (count,), struct.pack(f"<{count}q", *labels)))
        done = lathe("train", "--arch", "mlp", "--data", f"npz:{path}", "--epochs", "1", "--validation-share", "0.9",
                     *PLAIN, "-o", self.path("lone.onnx"))
        self.assertIn("1 class with one training sample only, of which none is held out: 2", done.stderr)
        self.assertIn("on 36 held-out samples", done.stdout)

    def test_divergence_names_flags(self):
        done = self.train("--lr", "1e20", "-o", self.path("far.onnx"), status=1)
        self.assertIn("lower --lr (1e+20) or set --clip-norm", done.stderr)

    def test_features_have_no_size(self):
        features = self.path("features.npz")
        write_npz(features, x=("<f4", (40, 4), struct.pack("<160f", *(i % 7 for i in range(160)))),
                  y=("<i8", (40,), struct.pack("<40q", *(i % 2 for i in range(40)))))
        for words in (["--size", "8"], ["--augment", "flip"],
                      ["--preprocess", '{"size":[8,8],"channels":"gray","mean":[0],"std":[1]}']):
            done = lathe("train", "--arch", "mlp", "--data", f"npz:{features}", "-o", self.path("f.onnx"), *words, status=2)
            self.assertIn(f"{words[0]} has no effect: npz:{features} holds features", done.stderr)

    def test_measures_what_it_chooses(self):
        said = lathe_json("train", "--arch", "cnn", "--data", self.data, "--epochs", "1", "-o", self.path("auto.onnx"))
        chosen = (said["precision"], said["memory_format"])
        rows = {(row["precision"], row["memory_format"]): row["images_per_s"] for row in said["measured"]}
        self.assertIn(chosen, rows)
        self.assertTrue(any("float32, channels-last: " in note for note in said["notes"]), said["notes"])


if __name__ == "__main__":
    unittest.main()
