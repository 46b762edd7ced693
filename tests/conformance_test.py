"""Runs the backend tests of Debian's libonnx-testdata and holds every outcome against conformance/expected.txt.

    conformance_test.py LATHE            fails on a loss, and on a gain that is not listed
    conformance_test.py LATHE --write    writes the list anew

A line of the list is a case and its outcome on each backend of BACKENDS. Where the data is not installed
the test is skipped (status 77).
"""
import json
import os
import subprocess
import sys

ROOT = "/usr/share/libonnx-testdata/data"
BACKENDS = ("reference", "native")
EXPECTED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "conformance", "expected.txt")
HEADER = ["# Case, and its outcome on " + " and ".join(BACKENDS) + ": conformance_test.py --write writes it."]


def outcomes(program, backend):
    """{case: (outcome, message)}"""
    done = subprocess.run([program, "conformance", ROOT, "--backend", backend, "--json", "--quiet"],
                          capture_output=True, text=True, timeout=1800)
    if done.returncode not in (0, 1) or not done.stdout:
        sys.exit(f"lathe conformance --backend {backend}: status {done.returncode}\n{done.stderr}")
    return {case["name"]: (case["outcome"], case.get("message", "")) for case in json.loads(done.stdout)["cases"]}


def main():
    program = sys.argv[1]
    if not os.path.isdir(ROOT):
        print(f"skipped: {ROOT} is not there: apt install libonnx-testdata")
        return 77
    found = {backend: outcomes(program, backend) for backend in BACKENDS}
    names = sorted(found[BACKENDS[0]])
    lines = [" ".join([name, *(found[backend][name][0] for backend in BACKENDS)]) for name in names]
    if sys.argv[2:] == ["--write"]:
        with open(EXPECTED, "w", encoding="utf-8") as file:
            file.write("\n".join(HEADER + lines) + "\n")
        return 0

    with open(EXPECTED, encoding="utf-8") as file:
        expected = dict(line.split(" ", 1) for line in file.read().splitlines() if not line.startswith("#"))
    wrong = 0
    for name in sorted(set(expected) | set(names)):
        actual = " ".join(found[backend][name][0] for backend in BACKENDS) if name in names else "not there"
        listed = expected.get(name, "not listed")
        if actual == listed:
            continue
        wrong += 1
        print(f"{name}: {actual}, expected {listed}")
        for backend in BACKENDS:
            message = found[backend].get(name, ("", ""))[1]
            if message:
                print(f"  {backend}: {message}")
    for backend in BACKENDS:
        counts = {}
        for outcome, _ in found[backend].values():
            counts[outcome] = counts.get(outcome, 0) + 1
        print(f"{backend}: " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
    if wrong:
        print(f"{wrong} cases differ from {EXPECTED}. Where that is as it has to be: "
              "conformance_test.py LATHE --write, and look at the difference")
    return 1 if wrong else 0


sys.exit(main())
