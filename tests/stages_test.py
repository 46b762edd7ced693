"""What the stages of scripts/test.sh do where they cannot do their work.

    stages_test.py

The script runs in a folder of its own, where there is nothing to install.
"""
import os
import shutil
import subprocess
import tempfile
import unittest

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOMEBODY = 12345


@unittest.skipUnless(shutil.which("clang-format-14") and shutil.which("git"), "no clang-format-14 or git")
class Format(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        os.mkdir(self.path("scripts"))
        shutil.copy(os.path.join(PROJECT, "scripts", "test.sh"), self.path("scripts"))
        self.write("scripts/setup.sh", "#!/bin/sh\n")
        os.chmod(self.path("scripts/setup.sh"), 0o755)
        self.write(".clang-format", "BasedOnStyle: Google\n")
        self.write("a.cc", "int a = 1;\n")

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def make_repository(self):
        subprocess.run(["git", "init", "--quiet", self.folder], check=True)

    def run_stage(self, status):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment["GIT_CEILING_DIRECTORIES"] = os.path.dirname(self.folder)
        done = subprocess.run([self.path("scripts/test.sh"), "format"], text=True, capture_output=True, timeout=60,
                              env=environment)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def test_passes_on_what_is_formatted(self):
        self.make_repository()
        self.assertIn("1 passed, 0 failed", self.run_stage(0))

    def test_fails_on_what_is_not(self):
        self.make_repository()
        self.write("b.h", "int   b;\n")
        self.assertIn("b.h:1", self.run_stage(1))

    def test_fails_where_git_lists_nothing(self):
        self.assertIn("git does not list the files", self.run_stage(1))
        self.make_repository()
        os.remove(self.path("a.cc"))
        self.assertIn("git lists no source file", self.run_stage(1))

    @unittest.skipUnless(os.geteuid() == 0, "only root can give files to others")
    def test_a_clone_may_be_somebody_elses(self):
        self.make_repository()
        for folder, _, names in os.walk(self.folder):
            for name in [".", *names]:
                os.chown(os.path.join(folder, name), SOMEBODY, SOMEBODY)
        self.assertIn("1 passed, 0 failed", self.run_stage(0))
        self.write("b.h", "int   b;\n")
        self.assertIn("b.h:1", self.run_stage(1))


if __name__ == "__main__":
    unittest.main()
