"""Runs what the pages tell a reader to do.

    pages_test.py PROGRAM BUILD

Blocks of sh are commands, run in their order in an empty folder by one shell each. Blocks of other languages
are files, named by the comment in their first line. The program is installed from the folder BUILD.
"""
import os
import re
import shutil
import subprocess
import sys
import unittest

BUILD = os.path.abspath(sys.argv.pop(2))
from program import PROJECT, Folder, environment, needs_fashion_mnist  # noqa: E402

FILES = ("python", "c", "cpp", "cmake")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
NAME = re.compile(r"(?:#|//) ([\w.]+)\n")


def blocks(page):
    with open(os.path.join(PROJECT, page)) as file:
        return BLOCK.findall(file.read())


def python_with(*modules):
    """The first Python that has them: the one in PATH may be another than Debian's."""
    for python in ("python3", "/usr/bin/python3"):
        program = shutil.which(python)
        if program and subprocess.run([program, "-c", "import " + ", ".join(modules)], capture_output=True).returncode == 0:
            return program
    return None


class Pages(Folder):
    def setUp(self):
        super().setUp()
        self.prefix = self.path("prefix")
        self.work = self.path("work")
        os.mkdir(self.work)
        self.run_command("cmake", "--install", BUILD, "--prefix", self.prefix)

    def run_command(self, *words):
        done = subprocess.run(words, cwd=self.work, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=300,
                              env=environment({"PATH": f"{self.prefix}/bin:{os.environ['PATH']}",
                                               "CMAKE_PREFIX_PATH": self.prefix}))
        self.assertEqual(done.returncode, 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}")
        return done.stdout

    def write(self, block):
        name = NAME.match(block)
        self.assertTrue(name, f"the first line has to name the file:\n{block}")
        with open(os.path.join(self.work, name[1]), "w") as file:
            file.write(block)

    @needs_fashion_mnist
    def test_from_pytorch(self):
        python = python_with("torch", "PIL")
        if python is None:
            self.skipTest("no Python with PyTorch and Pillow: scripts/setup.sh --with-tests")
        os.symlink(python, os.path.join(self.prefix, "bin", "python3"))
        said = ""
        for language, block in blocks("docs/from-pytorch.md"):
            if language in FILES:
                self.write(block)
            elif language == "sh":
                said = self.run_command("bash", "-euo", "pipefail", "-c", block)
        self.assertRegex(said, r"Ankle boot [\d.]+ %\n")

    def test_library(self):
        page = blocks("docs/library.md")
        for language, block in page:
            if language in FILES:
                self.write(block)
        commands = [block for language, block in page if language == "sh"]
        self.assertEqual(len(commands), 2)
        said = [self.run_command("bash", "-euo", "pipefail", "-c", block) for block in commands][-1]
        self.assertRegex(said, r"(?s)8 rows\n.*cancelled\n.*native is there\n")

    def test_snippet_of_the_readme(self):
        for language, block in blocks("README.md"):
            if language in FILES:
                self.write(block)
        self.run_command("cmake", "-B", "build", "-G", "Ninja")
        self.run_command("cmake", "--build", "build")


if __name__ == "__main__":
    unittest.main()
