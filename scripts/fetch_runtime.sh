#!/usr/bin/env bash
# Puts the libraries of another runtime into .deps/NAME: scripts/fetch_runtime.sh [--check] NAME
#
#   --check  only tell by the exit status whether they are there already
#
# Takes the wheel that scripts/runtimes.lock names and refuses one with another checksum. Only the
# libraries that Lathe loads are unpacked, with their licences beside them; Python is not needed any
# more afterwards. Nothing is left behind where it fails.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

lock=scripts/runtimes.lock

fail() {
  echo "setup: $*" >&2
  exit 1
}

check=0
if [ "${1:-}" = --check ]; then
  check=1
  shift
fi
if [ $# != 1 ]; then
  sed -n '2,4s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
fi
name=$1

# What is unpacked: each pattern must match something.
case "$name" in
  onnxruntime)
    libraries=('onnxruntime/capi/libonnxruntime.so.*'
               'onnxruntime/capi/libonnxruntime_providers_shared.so')
    licences=('onnxruntime/LICENSE' 'onnxruntime/ThirdPartyNotices.txt')
    ;;
  openvino)
    libraries=('openvino/libs/libopenvino.so.*'
               'openvino/libs/libopenvino_c.so.*'
               'openvino/libs/libopenvino_*_cpu_plugin.so'
               'openvino/libs/libopenvino_onnx_frontend.so.*'
               'openvino/libs/libtbb.so.*')
    licences=('openvino-*.dist-info/licenses/LICENSE'
              'openvino-*.dist-info/licenses/licensing/*.txt')
    ;;
  *) fail "unknown runtime '$name': known are onnxruntime, openvino" ;;
esac

machine=$(uname -m)
entry=$(awk -v name="$name" -v machine="$machine" '$1 == name && $3 == machine' "$lock")
[ -n "$entry" ] || fail "$lock has no $name for $machine"
read -r _ version _ python_version platform sha256 <<<"$entry"

# The folder is complete where it says what it was made from.
folder=.deps/$name
stamp=$(printf '%s\n' "$entry" "${libraries[@]}" "${licences[@]}")
if [ -f "$folder/made_from.txt" ] && [ "$(cat "$folder/made_from.txt")" = "$stamp" ]; then
  exit 0
fi
[ "$check" = 0 ] || exit 1

command -v python3 >/dev/null ||
  fail "python3 is needed to unpack $name: apt-get install python3 python3-venv"

mkdir -p .deps
temporary=$(mktemp -d ".deps/.$name.XXXXXX")
trap 'rm -rf "$temporary"' EXIT

python=python3
if ! python3 -m pip --version >/dev/null 2>&1; then
  python3 -m venv "$temporary/python" >/dev/null 2>&1 ||
    fail "pip is needed to fetch $name: apt-get install python3-venv"
  python=$temporary/python/bin/python
fi

echo "setup: fetching $name $version"
echo "$name==$version --hash=sha256:$sha256" >"$temporary/requirements.txt"
if ! "$python" -m pip download --quiet --disable-pip-version-check --no-input --no-cache-dir \
    --no-deps --only-binary=:all: --implementation cp --python-version "$python_version" \
    --platform "${platform}_$machine" --require-hashes -r "$temporary/requirements.txt" \
    -d "$temporary/wheel" >"$temporary/pip.log" 2>&1; then
  cat "$temporary/pip.log" >&2
  if grep -q 'DO NOT MATCH THE HASHES' "$temporary/pip.log"; then
    fail "$name $version: the wheel's SHA-256 is not the one in $lock; it was not unpacked"
  fi
  fail "$name $version could not be fetched"
fi

mkdir "$temporary/new"
"$python" - "$temporary"/wheel/*.whl "$temporary/new" "${libraries[@]}" -- "${licences[@]}" <<'PYTHON'
import fnmatch, os, shutil, sys, zipfile

wheel, folder, *patterns = sys.argv[1:]
divider = patterns.index("--")
with zipfile.ZipFile(wheel) as archive:
    for i, pattern in enumerate(patterns):
        if i == divider:
            continue
        names = fnmatch.filter(archive.namelist(), pattern)
        if not names:
            sys.exit(f"setup: {os.path.basename(wheel)} holds no {pattern}")
        target = os.path.join(folder, "licences") if i > divider else folder
        os.makedirs(target, exist_ok=True)
        for name in names:
            with archive.open(name) as source, open(os.path.join(target, os.path.basename(name)), "wb") as file:
                shutil.copyfileobj(source, file)
PYTHON
printf '%s\n' "$stamp" >"$temporary/new/made_from.txt"

if [ -e "$folder" ]; then mv "$folder" "$temporary/old"; fi
mv "$temporary/new" "$folder"
