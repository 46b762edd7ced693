"""What the suites that call the program have in common.

    from program import Folder, lathe, lathe_json     # in x_test.py, called as: x_test.py PROGRAM

Importing it takes the program's path from the command line.
"""
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import time
import unittest

from onnx_bytes import field

PROGRAM = os.path.abspath(sys.argv.pop(1))
PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Models that others made; beside the project, so not everywhere.
MODELS = os.path.join(os.path.dirname(PROJECT), "shared", "models")
FASHION_MNIST = "/usr/share/datasets/fashion-mnist"
PREPROCESS = '{"size":[28,28],"channels":"gray","mean":[0.286],"std":[0.353]}'
TIMEOUT = 300

needs_fashion_mnist = unittest.skipUnless(os.path.isdir(FASHION_MNIST),
                                          "no Fashion-MNIST: apt install dataset-fashion-mnist")


def environment(changes=None):
    """This process's environment with changes; a variable that is None is left out."""
    merged = {**os.environ, **(changes or {})}
    return {name: value for name, value in merged.items() if value is not None}


def check_status(words, done, status):
    if status is not None and done.returncode != status:
        raise AssertionError(f"lathe {' '.join(map(str, words))}: status {done.returncode}, expected {status}\n"
                             f"{done.stdout}{done.stderr}")
    return done


def lathe(*words, status=0, env=None, program=PROGRAM, **options):
    """Runs the program: .stdout and .stderr are text. Any `status` is right where it is None. `env` changes
    variables, None removes one."""
    options = {"text": True, "stdin": subprocess.DEVNULL, "timeout": TIMEOUT, **options}
    done = subprocess.run([program, *map(str, words)], capture_output=True, env=environment(env), **options)
    return check_status(words, done, status)


def lathe_json(*words, **options):
    return json.loads(lathe(*words, "--json", "--quiet", **options).stdout)


def lathe_interrupted(*words, when, status=130, env=None, **options):
    """Runs the program and presses Ctrl-C once when(what it wrote to standard error so far) is true.

    As in a terminal the signal goes to its child processes too.
    """
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        def said(file):
            return os.pread(file.fileno(), 1 << 24, 0).decode(errors="replace")

        with subprocess.Popen([PROGRAM, *map(str, words)], stdout=out, stderr=err, stdin=subprocess.DEVNULL,
                              env=environment(env), start_new_session=True, **options) as process:
            try:
                deadline = time.monotonic() + TIMEOUT
                while not when(said(err)):
                    if process.poll() is not None:
                        raise AssertionError(f"lathe {' '.join(map(str, words))}: ended with {process.returncode} before "
                                             f"it could be interrupted\n{said(out)}{said(err)}")
                    if time.monotonic() > deadline:
                        raise AssertionError(f"lathe {' '.join(map(str, words))}: the moment never came\n{said(err)}")
                    time.sleep(0.01)
                os.killpg(process.pid, signal.SIGINT)
                process.wait(TIMEOUT)
            finally:
                process.kill()
        done = subprocess.CompletedProcess(process.args, process.returncode, said(out), said(err))
    return check_status(words, done, status)


def lathe_bytes(*words, status=0):
    """Runs the program with a pipe as standard output: .stdout is bytes, .stderr text."""
    done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT)
    done.stderr = done.stderr.decode()
    return check_status(words, done, status)


def add_metadata(path, metadata):
    """Puts entries into the metadata of an ONNX file."""
    with open(path, "ab") as file:
        for key, value in metadata.items():
            file.write(field(14, field(1, key) + field(2, value)))


def backends():
    """What `lathe devices` says of each, by name."""
    return {row["name"]: row for row in lathe_json("devices", "--no-peaks")["backends"]}


def write_npy(path, shape, values=None, dtype="<f4"):
    """Little-endian '<f4', '<i8' or the like; without values numbers between 0 and 1."""
    count = 1
    for extent in shape:
        count *= extent
    if values is None:
        values = [(i * 37 % 101) / 101 for i in range(count)]
    header = repr({"descr": dtype, "fortran_order": False, "shape": tuple(shape)}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    code = {"f2": "e", "f4": "f", "f8": "d", "i4": "i", "i8": "q", "u1": "B", "i1": "b"}[dtype[1:]]
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header)
        file.write(struct.pack(f"<{count}{code}", *values))


def read_npy(path):
    """The float32 values of a file, flat."""
    with open(path, "rb") as file:
        data = file.read()
    start = 10 + struct.unpack("<H", data[8:10])[0]
    return list(struct.unpack(f"<{(len(data) - start) // 4}f", data[start:]))


class Folder(unittest.TestCase):
    """Each test has an empty folder of its own."""

    def setUp(self):
        super().setUp()
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def need(self, *names):
        known = backends()
        missing = [name for name in names if not known[name]["available"]]
        if missing:
            self.skipTest(f"{', '.join(missing)} not installed: scripts/setup.sh --with does that")


class SharedFolder(unittest.TestCase):
    """All tests of a class share a folder, filled by its setUpClass."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())

    @classmethod
    def path(cls, *names):
        return os.path.join(cls.folder, *names)
