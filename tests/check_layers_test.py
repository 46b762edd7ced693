#!/usr/bin/env python3
"""Tests check_layers.py on small trees, good and bad."""

import tempfile
import unittest
from pathlib import Path

import check_layers

README = """
| folder | what lives there | may use |
|---|---|---|
| `base` | errors, files | - |
| `ir` | graphs | base |
| `ops` | operators | ir |
| `data` | images | ir |
| `cli` | verbs | all |
"""


class CheckLayersTest(unittest.TestCase):
    def faults(self, files, readme=README):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "src").mkdir()
            (root / "include").mkdir()
            (root / "README.md").write_text(readme)
            for name, text in files.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return check_layers.check(root)

    def test_allows_what_stands_above(self):
        self.assertEqual([], self.faults({
            "src/base/file.h": "#include <string>\n",
            "src/ir/graph.cc": '#include "ir/graph.h"\n#include "base/file.h"\n',
            "src/ops/add.cc": '#include "ir/graph.h"\n#include "base/file.h"\n',
            "src/cli/main.cc": '#include "ops/op.h"\n',
        }))

    def test_refuses_what_stands_below(self):
        faults = self.faults({"src/base/file.cc": '#include "ir/graph.h"\n', "src/ir/graph.h": ""})
        self.assertEqual(1, len(faults))
        self.assertIn("src/base/file.cc: includes ir/graph.h", faults[0])

    def test_refuses_a_neighbour(self):
        faults = self.faults({"src/ops/add.h": "", "src/data/image.inc": '#  include <ops/add.h>\n'})
        self.assertEqual(1, len(faults))
        self.assertIn("src/data/image.inc", faults[0])

    def test_refuses_a_folder_without_row(self):
        self.assertEqual(["src/extra: not in README.md's table of folders"],
                         self.faults({"src/extra/a.cc": ""}))

    def test_refuses_internals_in_public_headers(self):
        faults = self.faults({"src/base/file.h": "",
                              "include/lathe/model.h": '#include "base/file.h"\n'})
        self.assertEqual(["include/lathe/model.h: a public header includes base/file.h"], faults)

    def test_refuses_a_readme_without_table(self):
        self.assertIn("README.md: no table of folders found", self.faults({}, readme="none"))

    def test_refuses_a_row_that_uses_a_later_one(self):
        with self.assertRaises(ValueError):
            self.faults({}, readme="| `base` | x | ir |\n| `ir` | y | - |\n")


if __name__ == "__main__":
    unittest.main()
