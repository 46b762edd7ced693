"""Operators against the reference evaluator of PyPI's onnx: random valid inputs for each.

reference_test.py LATHE [GROUP...]: groups are the files of reference/, all unless named.
"""
import importlib
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))


def main():
    lathe, *groups = sys.argv[1:]
    groups = groups or sorted(path.stem for path in (HERE / "reference").glob("*.py")
                              if path.stem != "case")
    failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        for group in groups:
            folder = pathlib.Path(scratch) / group
            cases = list(importlib.import_module(f"reference.{group}").cases())
            names = [case.name for case in cases]
            assert len(set(names)) == len(names), f"{group}: a name repeats"
            for case in cases:
                case.write(folder / case.name)
            for backend in ("reference", "native"):
                failed += run(lathe, backend, folder, len(cases))
    return 1 if failed else 0


def run(lathe, backend, folder, count):
    ran = subprocess.run([lathe, "conformance", str(folder), "--backend", backend, "--json", "-q"],
                         capture_output=True, text=True, timeout=600)
    try:
        result = json.loads(ran.stdout)
    except ValueError:
        print(f"{folder.name}, {backend}: status {ran.returncode}: {ran.stderr}")
        return count
    bad = [case for case in result["cases"] if case["outcome"] != "passed"]
    for case in bad:
        print(f"{case['name']}, {backend}: {case['outcome']}: {case.get('message', '')}")
    print(f"{folder.name}, {backend}: {result['passed']} of {count} passed", flush=True)
    return len(bad) + (result["total"] != count)


sys.exit(main())
