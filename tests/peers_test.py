"""What backends do to the machine, and what happens where their libraries are absent or broken.

    peers_test.py PROGRAM

Under strace every backend runs a model: none may make a socket, or write a file that nobody asked for.
Parts that want strace or a library that is not there are skipped.
"""
import ctypes
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import program
from program import FASHION_MNIST, PREPROCESS, PROGRAM, PROJECT, SharedFolder, write_npy

VARIABLES = {"onnxruntime": "LATHE_ONNXRUNTIME", "openvino": "LATHE_OPENVINO"}
FILES = {"onnxruntime": "libonnxruntime.so", "openvino": "libopenvino_c.so"}

FILE_CALLS = ("open openat openat2 creat unlink unlinkat rmdir rename renameat renameat2 mkdir mkdirat mknod mknodat "
              "link linkat symlink symlinkat truncate").split()
# "?": not every architecture or version of strace has each.
WATCHED = ",".join(["network", *("?" + name for name in (*FILE_CALLS, "clone", "clone3"))])
WRITES = re.compile(r"\bO_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)\b")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


def clean(home=None, **extra):
    """Changes to the environment that leave only what a test says of backends and folders."""
    names = (*VARIABLES.values(), "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "LD_LIBRARY_PATH")
    return {**{name: None for name in names}, **({"HOME": home} if home else {}), **extra}


def lathe(*words, env=None, **options):
    return program.lathe(*words, env=env or clean(), **options)


def backends(**extra):
    listed = json.loads(lathe("devices", "--no-peaks", "--json", env=clean(**extra)).stdout)["backends"]
    return {row["name"]: row for row in listed}


class Folder(SharedFolder):
    """A folder with a small model and an input for it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = cls.path("cnn.onnx")
        cls.input = cls.path("input.npy")
        lathe("new", "cnn", "--size", "28", "--channels", "1", "-o", cls.model, "--quiet")
        write_npy(cls.input, [1, 1, 28, 28])


class Calls:
    """What a program and its children asked of the system, by strace: one file for each thread."""

    def __init__(self, words, folder, home, **extra):
        with tempfile.TemporaryDirectory() as trace:
            # Leaks cannot be looked for under strace.
            env = program.environment(clean(home, TMPDIR=home, ASAN_OPTIONS="detect_leaks=0", **extra))
            done = subprocess.run(["strace", "-ff", "-qq", "-s", "4096", "-e", f"trace={WATCHED}", "-e", "signal=none",
                                   "-o", os.path.join(trace, "t"), PROGRAM, *words], cwd=folder, env=env, text=True,
                                  capture_output=True, timeout=300, stdin=subprocess.DEVNULL)
            if done.returncode != 0:
                raise AssertionError(f"{' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")
            self.lines = []
            for path in sorted(glob.glob(os.path.join(trace, "t.*"))):
                with open(path, encoding="utf-8", errors="replace") as file:
                    self.lines += [line.rstrip("\n") for line in file]
        if not any(line.startswith("openat") for line in self.lines):
            raise AssertionError("strace saw nothing")

    def sockets(self):
        """Of any family. But for pairs, which have no address: bench talks to its own processes over them."""
        return [line for line in self.lines
                if line.startswith(("socket(", "connect(", "bind(", "listen(", "accept")) or "sa_family" in line]

    def threads(self):
        return [line for line in self.lines if line.startswith("clone") and "CLONE_THREAD" in line]

    def writes(self, asked):
        """Calls that make, change or remove files, but for those under the paths that were asked for."""
        found = []
        for line in self.lines:
            name = line.split("(", 1)[0]
            if name not in FILE_CALLS or (name.startswith("open") and not WRITES.search(line)):
                continue
            paths = QUOTED.findall(line)
            if not all(path == "/dev/null" or path.startswith(("/proc/self/", *asked)) for path in paths):
                found.append(line)
        return found


@unittest.skipUnless(shutil.which("strace"), "strace is not installed: scripts/setup.sh --with-tests")
class Quiet(Folder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        try:
            Calls(["--help"], cls.folder, cls.folder)
        except AssertionError as failure:
            raise unittest.SkipTest(f"strace may not trace here: {failure}")
        cls.known = backends()

    def check(self, backend):
        if not self.known[backend]["available"]:
            self.skipTest(self.known[backend]["reason"])
        output = os.path.join(self.folder, f"{backend}.npy")
        calls = {
            "run": ["run", self.model, self.input, "-o", output, "--threads", "1"],
            "bench": ["bench", self.model, "--threads", "1", "--seconds", "0.05"],
        }
        for verb, words in calls.items():
            with self.subTest(backend=backend, verb=verb), tempfile.TemporaryDirectory() as home, \
                    tempfile.TemporaryDirectory() as here:
                seen = Calls([*words, "--backend", backend, "--quiet"], here, home)
                self.assertEqual(seen.sockets(), [])
                self.assertEqual(seen.writes([output]), [])
                self.assertEqual(os.listdir(home) + os.listdir(here), [])
                if verb == "run":
                    self.assertGreater(os.path.getsize(output), 128)
                    if backend != "openvino":  # which keeps threads for its streams
                        self.assertEqual(seen.threads(), [])

    def test_native(self):
        self.check("native")

    def test_onnxruntime(self):
        self.check("onnxruntime")

    def test_openvino(self):
        self.check("openvino")

    def test_the_watch_sees_writes_and_sockets(self):
        seen = Calls(["--help"], self.folder, self.folder)
        seen.lines = ['openat(AT_FDCWD, "/home/x", O_RDONLY) = 3', 'openat(AT_FDCWD, "/home/x", O_WRONLY|O_CREAT) = 3',
                      'openat(AT_FDCWD, "/asked/x.tmp", O_RDWR) = 3', 'rename("/asked/x.tmp", "/home/y") = 0',
                      'socket(AF_INET, SOCK_STREAM, 0) = 4', 'mkdir("/home/.cache", 0777) = 0',
                      'clone3({flags=CLONE_VM|CLONE_THREAD}, 88) = 7', 'socketpair(AF_UNIX, SOCK_STREAM, 0, [3, 4]) = 0',
                      'sendto(5, "x", 1, 0, {sa_family=AF_INET}, 16) = 1', 'unlink("/home/x") = 0', 'rmdir("/proc/self") = 0']
        self.assertEqual(seen.writes(["/asked/"]), [seen.lines[i] for i in (1, 3, 5, 9, 10)])
        self.assertEqual(seen.sockets(), [seen.lines[i] for i in (4, 8)])
        self.assertEqual(seen.threads(), [seen.lines[6]])


class Absent(Folder):
    def setUp(self):
        self.empty = os.path.join(self.folder, "empty")
        os.makedirs(self.empty, exist_ok=True)
        self.env = clean(**{variable: self.empty for variable in VARIABLES.values()})

    def test_everything_else_works(self):
        lathe("run", self.model, self.input, "--quiet", env=self.env)
        report = json.loads(lathe("bench", self.model, "--seconds", "0.05", "--json", "--quiet", env=self.env).stdout)
        self.assertEqual([row["backend"] for row in report["results"]], ["native"])
        if os.path.isdir(FASHION_MNIST):
            lathe("eval", self.model, "--data", "fashion-mnist", "--limit", "20", "--preprocess", PREPROCESS, "--quiet",
                  env=self.env)

    def test_a_missing_library_is_a_message(self):
        for backend, variable in VARIABLES.items():
            for words in (["run", self.model, self.input], ["bench", self.model, "--seconds", "0.05"]):
                done = lathe(*words, "--backend", backend, "--quiet", status=1, env=self.env)
                said = done.stdout + done.stderr
                self.assertIn(f"{variable} names {self.empty}, which holds no {FILES[backend]}", said)

    def test_a_program_elsewhere_says_how_to_get_them(self):
        elsewhere = self.path("elsewhere", "bin", "lathe")
        os.makedirs(os.path.dirname(elsewhere), exist_ok=True)
        shutil.copy2(PROGRAM, elsewhere)
        known = json.loads(lathe("devices", "--json", "--quiet", program=elsewhere, env=clean()).stdout)["backends"]
        for row in known:
            if row["name"] not in VARIABLES or row["available"]:
                continue  # the system has it
            backend = row["name"]
            self.assertIn(f"scripts/setup.sh --with {backend}", row["reason"])
            said = lathe("run", self.model, self.input, "--backend", backend, status=1, program=elsewhere,
                         env=clean()).stderr
            self.assertIn(f"scripts/setup.sh --with {backend}", said)
            self.assertIn(VARIABLES[backend], said)


class Broken(Folder):
    def check(self, backend, make, reason):
        path = os.path.join(self.folder, f"{FILES[backend]}.9")
        make(path)
        env = clean(**{VARIABLES[backend]: path})
        said = lathe("run", self.model, self.input, "--backend", backend, status=1, env=env).stderr
        self.assertIn(path, said)
        self.assertRegex(said, reason)
        self.assertEqual(len(said.strip().splitlines()), 1, said)
        row = backends(**{VARIABLES[backend]: path})[backend]
        self.assertFalse(row["available"])
        self.assertRegex(row["reason"], reason)
        lathe("run", self.model, self.input, "--quiet", env=env)

    def test_text(self):
        def make(path):
            with open(path, "w", encoding="utf-8") as file:
                file.write("not a library\n" * 100)
        for backend in VARIABLES:
            self.check(backend, make, "is not a shared library")

    def test_cut_short(self):
        for backend in VARIABLES:
            originals = glob.glob(os.path.join(PROJECT, ".deps", backend, f"{FILES[backend]}.*"))
            if not originals:
                self.skipTest(f"scripts/setup.sh --with {backend} was not run")

            def make(path, original=originals[0]):
                with open(original, "rb") as source, open(path, "wb") as file:
                    file.write(source.read(os.path.getsize(original) // 3))
            self.check(backend, make, "is cut short")

    def test_another_library(self):
        ctypes.CDLL("libm.so.6")
        with open("/proc/self/maps", encoding="utf-8") as maps:
            other = re.search(r"/\S*/libm\.so\.6\S*|/\S*/libm-\S*\.so", maps.read())
        if not other:
            self.skipTest("the C library's libm is not where it is expected")
        for backend in VARIABLES:
            self.check(backend, lambda path: shutil.copy(other[0], path), "has no function")


if __name__ == "__main__":
    unittest.main()
