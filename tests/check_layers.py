#!/usr/bin/env python3
"""Checks that each folder of src/ includes only what the table of folders in README.md allows.

    check_layers.py [SOURCE_DIR]

The table says for each folder which others it may use; what those may use, it may too. Public
headers may include nothing of src/. Prints each include that breaks this, and exits with 1.
"""

import re
import sys
from pathlib import Path

ROW = re.compile(r"^\| `(\w+)` \|.*\| ([\w, -]+) \|$")
INCLUDE = re.compile(r'^\s*#\s*include\s+["<](\w+)/([^">]+)[">]', re.MULTILINE)
ALL = "all"


def read_table(readme):
    """Folder -> the folders it names in the last column."""
    table = {}
    for line in readme.splitlines():
        if row := ROW.match(line):
            folder, uses = row.groups()
            table[folder] = [] if uses == "-" else uses.split(", ")
    return table


def allowed_includes(table):
    """Folder -> every folder it may include from, itself too."""
    allowed = {}
    for folder, uses in table.items():
        if uses == [ALL]:
            allowed[folder] = set(table)
            continue
        allowed[folder] = {folder}
        for used in uses:
            if used not in allowed:
                raise ValueError(f"README.md: `{folder}` uses `{used}`, which does not stand above it")
            allowed[folder] |= allowed[used]
    return allowed


def sources(folder):
    return sorted(p for p in folder.rglob("*") if p.suffix in {".cc", ".h", ".inc"})


def check(root):
    allowed = allowed_includes(read_table((root / "README.md").read_text()))
    faults = []
    folders = sorted(p.name for p in (root / "src").iterdir() if p.is_dir())
    for folder in folders:
        if folder not in allowed:
            faults.append(f"src/{folder}: not in README.md's table of folders")
            continue
        for source in sources(root / "src" / folder):
            for used, rest in INCLUDE.findall(source.read_text()):
                if used in folders and used not in allowed[folder]:
                    faults.append(f"{source.relative_to(root)}: includes {used}/{rest}, but "
                                  f"{folder} may use only {', '.join(sorted(allowed[folder]))}")
    for header in sources(root / "include"):
        for used, rest in INCLUDE.findall(header.read_text()):
            if used in folders:
                faults.append(f"{header.relative_to(root)}: a public header includes {used}/{rest}")
    if not allowed:
        faults.append("README.md: no table of folders found")
    return faults


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    faults = check(root)
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
