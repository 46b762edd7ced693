#!/usr/bin/env bash
# Installs what Lathe needs on Debian 12, by apt: scripts/setup.sh [--no-torch] [--with-tests]
#
#   --no-torch    leave out LibTorch: everything but training is built
#   --with-tests  also what scripts/test.sh needs: test libraries, sanitizers' clang, a browser, a
#                 cross compiler, and a Python environment under .deps/ (used by tests alone)
#
# Does nothing where everything is there already. Needs root or sudo only to install.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

torch=1
tests=0
for argument in "$@"; do
  case "$argument" in
    --no-torch) torch=0 ;;
    --with-tests) tests=1 ;;
    *)
      sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
      exit 2
      ;;
  esac
done

packages=(
  ccache cmake g++ lld ninja-build                      # build
  libcli11-dev libfmt-dev libspdlog-dev nlohmann-json3-dev
  libonnx-dev libprotobuf-dev                           # ONNX files
  libjpeg62-turbo-dev libpng-dev zlib1g-dev             # images and datasets
  dataset-fashion-mnist
)
if [ "$torch" = 1 ]; then
  packages+=(libtorch-dev)
fi
if [ "$tests" = 1 ]; then
  packages+=(
    googletest libgmock-dev libgtest-dev
    libonnx-testdata                                    # operator cases of the ONNX project
    clang-14 clang-format-14 libclang-rt-14-dev         # fuzzing, format check
    chromium                                            # looks at the report's page
    g++-aarch64-linux-gnu qemu-user-static              # kernels on another architecture
    git python3 python3-venv
  )
fi

installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

missing=()
for package in "${packages[@]}"; do
  installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "setup: installing ${missing[*]}"
  as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
      echo "setup: run as root, or install: apt-get install ${missing[*]}" >&2
      exit 1
    }
    as_root=(sudo)
  fi
  apt_get() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" </dev/null
  }
  apt_get update
  apt_get install -y --no-install-recommends "${missing[@]}" >/dev/null
fi

if [ "$tests" = 1 ]; then
  # The environment is complete where it holds a copy of the requirements it was made from.
  environment=.deps/python
  requirements=tests/requirements.txt
  if ! cmp -s "$requirements" "$environment/requirements.txt"; then
    echo "setup: making $environment"
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check --no-input -r "$requirements"
    cp "$requirements" "$environment/requirements.txt"
  fi
fi
