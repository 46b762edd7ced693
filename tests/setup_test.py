"""What scripts/setup.sh does on machines of different kinds.

    setup_test.py

The programs that it calls are stubs that say what was asked of them; nothing is installed.
"""
import os
import shutil
import subprocess
import tempfile
import unittest

PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SETUP = os.path.join(PROJECT, "scripts", "setup.sh")
REAL = ("awk", "bash", "dirname", "env", "grep", "sed", "tr")
# Each writes its call to $CALLS.
STUBS = {
    "id": 'echo "$WHO"',
    "dpkg-query": 'for name; do :; done; case " $MISSING " in *" $name "*) exit 1 ;; esac; echo "install ok installed"',
    "apt-get": 'echo "apt-get $*" >>"$CALLS"; case "$*" in *install*) exit "$INSTALL_STATUS" ;; esac',
    "apt-cache": 'shift; for name; do case " $KNOWN " in *" $name "*) printf "%s:\\n  Installed: (none)\\n'
                 '  Candidate: 1.0\\n" "$name" ;; *) printf "%s:\\n  Candidate: (none)\\n" "$name" ;; esac; done',
    "sudo": 'echo "sudo $*" >>"$CALLS"; exec "$@"',
}


class Setup(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.calls = os.path.join(self.folder, "calls")
        self.programs = os.path.join(self.folder, "bin")
        os.mkdir(self.programs)
        for name in REAL:
            os.symlink(shutil.which(name), os.path.join(self.programs, name))
        for name, script in STUBS.items():
            path = os.path.join(self.programs, name)
            with open(path, "w") as file:
                file.write(f"#!/bin/sh\n{script}\n")
            os.chmod(path, 0o755)

    def without(self, program):
        os.remove(os.path.join(self.programs, program))

    def setup(self, *options, status=0, missing="", known="", who=0, install_status=0):
        done = subprocess.run([SETUP, *options], cwd=self.folder, text=True, capture_output=True, timeout=60, env={
            "PATH": self.programs, "CALLS": self.calls, "MISSING": missing, "KNOWN": known, "WHO": str(who),
            "INSTALL_STATUS": str(install_status)})
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        calls = ""
        if os.path.exists(self.calls):
            with open(self.calls) as file:
                calls = file.read()
        return done.stdout, done.stderr, calls

    def test_does_nothing_where_all_is_there(self):
        self.assertEqual(self.setup(), ("", "", ""))

    def test_installs_what_is_missing_and_no_more(self):
        out, _, calls = self.setup(missing="cmake libpng-dev", known="cmake libpng-dev")
        self.assertEqual(out, "setup: installing cmake libpng-dev\n")
        self.assertIn("update\n", calls)
        self.assertRegex(calls, r"install -y --no-install-recommends cmake libpng-dev\n$")
        self.assertNotIn("sudo", calls)

    def test_asks_for_tests_only_where_they_are_wanted(self):
        self.assertEqual(self.setup(missing="libgmock-dev libgtest-dev mmdebstrap chromium python3"), ("", "", ""))

    def test_leaves_out_libtorch(self):
        self.assertEqual(self.setup("--no-torch", missing="libtorch-dev"), ("", "", ""))

    def test_uses_sudo_where_it_is_not_root(self):
        _, _, calls = self.setup(missing="cmake", known="cmake", who=1000)
        self.assertIn("sudo env DEBIAN_FRONTEND=noninteractive apt-get", calls)

    def test_says_what_to_run_as_root_where_there_is_no_sudo(self):
        self.without("sudo")
        _, err, calls = self.setup(status=1, missing="cmake ccache", known="cmake ccache", who=1000)
        self.assertIn("Run as root: apt-get update && apt-get install ccache cmake\n", err)
        self.assertEqual(calls, "")

    def test_names_what_apt_does_not_know(self):
        _, err, calls = self.setup(status=1, missing="cmake libtorch-dev", known="cmake")
        self.assertIn("setup: apt knows no libtorch-dev: ", err)
        self.assertNotIn(" install ", calls)

    def test_says_that_apt_failed(self):
        _, err, _ = self.setup(status=1, missing="cmake", known="cmake", install_status=100)
        self.assertIn("setup: apt-get could not install cmake: ", err)

    def test_says_that_there_is_no_apt(self):
        self.without("apt-get")
        self.without("apt-cache")
        _, err, _ = self.setup(status=1, missing="cmake")
        self.assertIn("setup: there is no apt-get: ", err)

    def test_refuses_wrong_calls(self):
        for options, message in ((["--with-test"], "unknown option '--with-test'"), (["--with"], "--with wants names"),
                                 (["--with", "tvm"], "unknown runtime 'tvm'")):
            _, err, _ = self.setup(*options, status=2)
            self.assertIn(f"setup: {message}\n", err)


if __name__ == "__main__":
    unittest.main()
