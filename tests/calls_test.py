"""How the program is called: help, wrong calls and their exit status, the manual page, completions.

    calls_test.py PROGRAM
"""
import os
import re
import shutil
import signal
import subprocess
import unittest

from program import PREPROCESS, PROGRAM, Folder, SharedFolder, lathe, lathe_bytes, lathe_json

VERBS = ["new", "train", "simplify", "quantize", "run", "compile", "eval", "bench", "profile", "kernels", "compare", "conformance",
         "inspect", "devices", "help"]


class Help(unittest.TestCase):
    def test_alone_it_prints_help(self):
        text = lathe().stdout
        self.assertEqual(lathe("help").stdout, text)
        self.assertEqual(lathe("--help").stdout, text)
        for verb in VERBS:
            self.assertRegex(text, rf"(?m)^  {verb}\s")

    def test_of_each_verb(self):
        for verb in VERBS:
            with self.subTest(verb):
                text = lathe(verb, "--help").stdout
                self.assertEqual(lathe("help", verb).stdout, text)
                self.assertIn(f"Usage: lathe {verb}", text)
                self.assertRegex(text, rf"Examples?:\n  lathe {verb}\b")
                if verb != "help":
                    self.assertIn("--json", text)

    def test_lines_are_as_long_as_asked_for(self):
        for width in (60, 80):
            for verb in VERBS:
                text = lathe("help", verb, env={"COLUMNS": str(width)}).stdout
                options = text[:text.index("Example")]
                self.assertEqual([line for line in options.splitlines() if len(line) > width], [], verb)
        narrow = lathe("help", "eval", env={"COLUMNS": "60"}).stdout
        self.assertIn("\n  --data SPEC\n      ", narrow)

    def test_shows_defaults_and_what_is_required(self):
        text = re.sub(r"\s+", " ", lathe("help", "quantize").stdout)
        self.assertIn("Usage: lathe quantize MODEL -o FILE --data SPEC [OPTIONS]", text)
        self.assertIn("(default: test)", re.sub(r"\s+", " ", lathe("help", "eval").stdout))
        self.assertIn("The model file (required)", re.sub(r"\s+", " ", lathe("help", "inspect").stdout))

    def test_version(self):
        self.assertRegex(lathe("--version").stdout, r"^lathe [0-9.]+\n$")


class WrongCalls(SharedFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.path("cnn.onnx")
        lathe("new", "cnn", "--size", "28", "--channels", "1", "-o", cls.model)

    def refused(self, *words, says, status=2):
        """Status and one line of message, with the verb's name before it."""
        done = lathe(*words, status=status)
        self.assertEqual(done.stdout, "")
        self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
        self.assertRegex(done.stderr, "^lathe( [a-z]+)?: ")
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, done.stderr)

    def test_names_that_do_not_exist(self):
        data = ["--data", "fashion-mnist", "--preprocess", PREPROCESS]
        for words, says in (
                (["quantise"], "unknown verb 'quantise'; did you mean 'quantize'?"),
                (["bake"], "unknown verb 'bake'; see `lathe help`"),
                (["help", "trian"], "did you mean 'train'?"),
                (["eval", self.model, "--dat", "fashion-mnist"],
                 ["lathe eval: unknown option '--dat'; did you mean '--data'?", "lathe eval --help"]),
                (["bench", self.model, "--thread=1"], "unknown option '--thread'; did you mean '--threads'?"),
                (["--quite"], "unknown option '--quite'"),
                (["run", self.model, "--prefer", "latencyy"],
                 "--prefer: unknown 'latencyy', expected latency or throughput; did you mean 'latency'?"),
                (["help", "--format", "html"], "--format: unknown 'html', expected text, man, bash, zsh or fish"),
                (["new", "ccn", "-o", "x.onnx"], ["known are mobile, cnn", "did you mean 'cnn'?"]),
                (["train", "--arch", "resnet81", *data, "-o", self.path("x.onnx")], "did you mean 'resnet8'?"),
                (["train", "--arch", "cnn", *data, "--optimizer", "adam", "-o", self.path("x.onnx")], "adamw"),
                (["train", "--arch", "cnn", *data, "--schedule", "cosin", "-o", self.path("x.onnx")], "cosine"),
                (["run", self.model, "--backend", "nativ", *data], "did you mean 'native'?"),
                (["eval", self.model, "--backend", "nativ", *data], "did you mean 'native'?"),
                (["bench", self.model, "--backend", "nativ"], "did you mean 'native'?"),
                (["compare", self.model, "--backends", "nativ"], "did you mean 'native'?"),
                (["compare", self.model, "--against", "referense"], "did you mean 'reference'?"),
                (["eval", self.model, "--data", "fashion-minst"], "did you mean 'fashion-mnist'?"),
                (["eval", self.model, *data, "--split", "tset"], "test"),
                (["eval", self.model, *data, "--precision", "f8"], "--precision: unknown 'f8', expected f32")):
            with self.subTest(" ".join(words)):
                self.refused(*words, says=says)

    def test_values_that_make_no_sense(self):
        for words, says in (
                (["eval"], "MODEL is missing"),
                (["eval", self.model], "--data is missing"),
                (["new", "cnn"], "-o FILE is missing"),
                (["new", "-o", "x.onnx"], "--output: ARCH is missing"),
                (["new", "cnn", "-o", self.path("x.tflite")], "ends in .onnx"),
                (["new", "cnn", "--classes", "0", "-o", "x.onnx"], "--classes: expected a whole number above 0, but got '0'"),
                (["new", "cnn", "--channels", "-1", "-o", "x.onnx"], "--channels: expected a whole number above 0"),
                (["new", "cnn", "--size", "0x5", "-o", "x.onnx"], "--size: '0x5' is no size"),
                (["new", "cnn", "--size", "4", "-o", "x.onnx"], "8x8 is the least"),
                (["new", "cnn", "--seed", "-1", "-o", "x.onnx"], "--seed: expected a whole number, 0 or more"),
                (["new", "cnn", "another", "-o", "x.onnx"], "unexpected argument 'another'"),
                (["new", "cnn", "-o", "x.onnx", "--seed", "1", "--seed", "2"], "--seed is given twice"),
                (["new", "cnn", "-o"], "--output needs a value"),
                (["new", "cnn", "-o", "/dev/stdout", "--json"], "both write to standard output"),
                (["inspect", self.model, "--batch", "two"], "--batch: expected a whole number above 0, but got 'two'"),
                (["inspect", self.model, "--batch", "1.5"], "--batch: expected a whole number above 0, but got '1.5'"),
                (["inspect", self.model, "--nodes=x"], "--nodes takes no value"),
                (["inspect", self.model, "--text", "--json"], "leave out --json"),
                (["help", "eval", "--format", "man"], "--format man is of the whole program"),
                (["bench", self.model, "--threads", "1,two"], "two"),
                (["run", self.model, "x.npy", "--memory-limit", "much"], "no number of bytes")):
            with self.subTest(" ".join(words)):
                self.refused(*words, says=says)

    def test_files_that_are_not_there_or_not_models(self):
        text = self.path("notes.txt")
        with open(text, "w", encoding="utf-8") as file:
            file.write("hello\n")
        folder = self.path("a folder")
        os.makedirs(folder, exist_ok=True)
        rest = {"run": ["x.npy"], "eval": ["--data", "fashion-mnist"], "inspect": [], "compare": [],
                "quantize": ["--data", "fashion-mnist", "-o", self.path("x.onnx")]}
        for verb, words in rest.items():
            with self.subTest(verb):
                self.refused(verb, self.path("ccn.onnx"), *words, status=1,
                             says=f"there is no such file; did you mean '{self.model}'?")
                self.refused(verb, text, *words, status=1, says=".onnx files can be read")
                self.refused(verb, folder, *words, status=1, says="not a regular file")

    def test_a_file_in_the_folder_of_the_call(self):
        done = lathe("inspect", "cn.onnx", status=1, cwd=self.folder)
        self.assertIn("did you mean 'cnn.onnx'?", done.stderr)

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_a_file_that_may_not_be_read(self):
        secret = self.path("secret.onnx")
        shutil.copy(self.model, secret)
        os.chmod(secret, 0)
        self.refused("inspect", secret, status=1, says="Permission denied")


class Manual(unittest.TestCase):
    def test_names_every_verb_and_option(self):
        page = lathe("help", "--format", "man").stdout.replace("\\-", "-").replace("\\fB", "").replace("\\fR", "")
        for verb in VERBS:
            self.assertIn(f".SS {verb} - ", page)
            for option in re.findall(r"--[a-z][a-z0-9-]*", lathe(verb, "--help").stdout.split("Example")[0]):
                self.assertIn(option, page)

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_renders_without_warnings(self):
        page = lathe("help", "--format", "man").stdout
        done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-rLL=72n"], input=page, capture_output=True, text=True,
                              check=True)
        self.assertEqual(done.stderr, "")
        shown = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout)
        self.assertIn("EXIT STATUS", shown)
        self.assertIn("lathe quantize MODEL", shown)


def bash_completes(line):
    """What bash offers for the last word of a line."""
    script = """
      source "$1"
      compopt() { :; }
      COMP_LINE=$2
      COMP_POINT=${#2}
      # bash's own words: quotes aside, = and : stand alone.
      mapfile -t COMP_WORDS < <(printf '%s' "$2" | sed -E 's/([=:])/ \\1 /g; s/ +/\\n/g')
      [[ $2 == *' ' ]] && COMP_WORDS+=('')
      COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
      _lathe
      printf '%s\\n' "${COMPREPLY[@]}"
    """
    with open(os.path.join(bash_completes.folder, "completions"), "w", encoding="utf-8") as file:
        file.write(lathe("help", "--format", "bash").stdout)
    done = subprocess.run(["bash", "--norc", "-c", script, "bash", file.name, line], capture_output=True, text=True,
                          cwd=bash_completes.folder, check=True)
    if done.stderr:
        raise AssertionError(done.stderr)
    return done.stdout.split()


class Completions(Folder):
    def setUp(self):
        super().setUp()
        bash_completes.folder = self.folder

    def test_bash(self):
        with open(self.path("model.onnx"), "w", encoding="utf-8"):
            pass
        for line, offers in (("lathe ", [*VERBS, "--help", "--version"]),
                             ("lathe qu", ["quantize"]),
                             ("lathe help ev", ["eval"]),
                             ("lathe new res", ["resnet8", "resnet18", "resnet50"]),
                             ("lathe eval m", ["model.onnx"]),
                             ("lathe eval model.onnx --no-such x --bat", ["--batch"]),
                             ("lathe run m.onnx --prefer ", ["latency", "throughput"]),
                             ("lathe run m.onnx --prefer=t", ["throughput"]),
                             ("lathe eval m.onnx --backend nat", ["native"]),
                             ("lathe bench m.onnx --backend native,ref", ["native,reference"]),
                             ("lathe eval m.onnx --data fash", ["fashion-mnist"]),
                             ("lathe eval m.onnx --data images:mod", ["model.onnx"]),
                             ("lathe eval m.onnx --split te", ["test"]),
                             ("lathe train --arch mobilenet", ["mobilenet_v2"]),
                             ("lathe train -o mod", ["model.onnx"]),
                             ("lathe eval m.onnx --batch ", [])):
            with self.subTest(line):
                self.assertEqual(bash_completes(line), offers)

    def test_other_shells_parse_theirs(self):
        for shell in ("zsh", "fish"):
            text = lathe("help", "--format", shell).stdout
            for verb in VERBS:
                self.assertIn(verb, text)
            self.assertIn("--latency-bound-ms" if shell == "zsh" else "-l latency-bound-ms", text)
            if shutil.which(shell):
                done = subprocess.run([shell, "-n"], input=text, capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""), shell)


class Streams(Folder):
    def test_a_model_into_a_pipe(self):
        lathe("new", "cnn", "-o", self.path("cnn.onnx"))
        with open(self.path("cnn.onnx"), "rb") as file:
            expected = file.read()
        done = lathe_bytes("new", "cnn", "-o", "/dev/stdout")
        self.assertEqual(done.stdout, expected)
        self.assertIn("/dev/stdout: cnn with ", done.stderr)

    def test_a_table_into_a_pipe(self):
        lathe("new", "mlp", "-o", self.path("mlp.onnx"))
        done = lathe("bench", self.path("mlp.onnx"), "--seconds", "0.01", "--csv", "/dev/stdout")
        self.assertTrue(done.stdout.startswith("model,backend,"))
        self.assertEqual(len(done.stdout.splitlines()), 2)
        self.assertIn("native", done.stderr)
        self.assertIn("--csv /dev/stdout and --json both write to standard output",
                      lathe("bench", self.path("mlp.onnx"), "--csv", "/dev/stdout", "--json", status=2).stderr)

    def test_what_cannot_be_printed_fails_the_call(self):
        lathe("new", "mlp", "-o", self.path("mlp.onnx"))
        for words in (["inspect", self.path("mlp.onnx")], ["inspect", self.path("mlp.onnx"), "--json"], ["new"], ["help"],
                      ["eval", "--help"], ["--version"]):
            with self.subTest(" ".join(words)), open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([PROGRAM, *words], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
                self.assertEqual((done.returncode, done.stderr),
                                 (1, "lathe: cannot write to standard output: No space left on device\n"))

    def test_a_reader_that_leaves_ends_the_call_without_a_word(self):
        reading, writing = os.pipe()
        os.close(reading)
        try:
            done = subprocess.run([PROGRAM, "help"], stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stderr), (-signal.SIGPIPE, ""))
            # Where somebody wants that signal ignored, as python does, it is a failure like any other.
            done = subprocess.run([PROGRAM, "help"], stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60,
                                  restore_signals=False)
            self.assertEqual((done.returncode, done.stderr),
                             (1, "lathe: cannot write to standard output: Broken pipe\n"))
        finally:
            os.close(writing)

    def test_through_a_link(self):
        os.symlink("real.onnx", self.path("link.onnx"))
        lathe("new", "cnn", "-o", self.path("link.onnx"))
        self.assertTrue(os.path.islink(self.path("link.onnx")))
        self.assertGreater(lathe_json("inspect", self.path("real.onnx"))["parameters"], 1000)

    def test_a_failed_call_leaves_what_is_there(self):
        kept = self.path("kept.onnx")
        lathe("new", "mlp", "-o", kept)
        with open(kept, "rb") as file:
            before = file.read()
        lathe("new", "cnn", "--size", "4", "-o", kept, status=2)
        with open(kept, "rb") as file:
            self.assertEqual(file.read(), before)


if __name__ == "__main__":
    unittest.main()
