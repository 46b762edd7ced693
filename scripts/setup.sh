#!/usr/bin/env bash
# Installs what Lathe needs on Debian 12: scripts/setup.sh [--no-torch] [--with NAMES] [--with-tests]
#
#   --no-torch    leave out LibTorch: everything but training is built
#   --with NAMES  also other runtimes, as backends: onnxruntime, openvino, or both with a comma. Their
#                 libraries go to .deps/, out of the wheels that scripts/runtimes.lock names
#   --with-tests  also what scripts/test.sh needs: test libraries, sanitizers' clang, a browser, a
#                 cross compiler, a Python environment under .deps/ (used by tests alone), and
#                 --with onnxruntime,openvino
#
# Does nothing where everything is there already. What comes by apt needs root or sudo, and only that.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

torch=1
tests=0
runtimes=()
wrong_call() {
  [ -z "${1:-}" ] || echo "setup: $1" >&2
  sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}
fail() {
  echo "setup: $*" >&2
  exit 1
}
while [ $# -gt 0 ]; do
  case "$1" in
    --no-torch) torch=0 ;;
    --with | --with=*)
      if [ "$1" = --with ]; then
        shift
        [ $# -gt 0 ] || wrong_call "--with wants names"
      fi
      IFS=, read -ra runtimes <<<"${1#--with=}"
      ;;
    --with-tests) tests=1 ;;
    *) wrong_call "unknown option '$1'" ;;
  esac
  shift
done
if [ "$tests" = 1 ]; then
  runtimes=(onnxruntime openvino)
fi

# Those that are not there yet.
to_fetch=()
for runtime in "${runtimes[@]}"; do
  case "$runtime" in
    onnxruntime | openvino) ;;
    *) wrong_call "unknown runtime '$runtime'" ;;
  esac
  scripts/fetch_runtime.sh --check "$runtime" || to_fetch+=("$runtime")
done

packages=(
  ccache cmake g++ lld ninja-build                      # build
  libcli11-dev libfmt-dev libspdlog-dev nlohmann-json3-dev
  libhwy-dev                                            # vector kernels
  libonnx-dev libprotobuf-dev                           # ONNX files
  libre2-dev libutf8proc-dev                            # operators on strings
  libxxhash-dev                                         # compiled models
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
    python3-pil python3-torch                           # docs/from-pytorch.md
    mmdebstrap uidmap                                   # a fresh machine to run the demo on
    strace                                              # what backends do to files and sockets
  )
fi
if [ ${#to_fetch[@]} -gt 0 ] && ! python3 -m pip --version >/dev/null 2>&1; then
  packages+=(python3 python3-venv)
fi

installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

missing=()
for package in "${packages[@]}"; do
  installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  system=$(. /etc/os-release 2>/dev/null && echo "${PRETTY_NAME:-}") || true
  if [[ $system == "Debian"*" 12 "* ]]; then
    advice="see above whether apt reached its servers, and run this again"
  else
    advice="this is ${system:-an unknown system}, Lathe expects Debian 12. Install what corresponds to these \
packages of it and run scripts/build.sh: ${packages[*]}"
  fi
  command -v apt-get >/dev/null || fail "there is no apt-get: $advice"
  echo "setup: installing ${missing[*]}"
  as_root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null ||
      fail "this needs root, and there is no sudo. Run as root: apt-get update && apt-get install \
${missing[*]}"
    as_root=(sudo)
  fi
  apt_get() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" </dev/null
  }
  # Not each list of packages has to be reached, only those with what is missing.
  apt_get update || echo "setup: apt-get update failed, see above; going on with what apt knows" >&2
  available=" $(LC_ALL=C apt-cache policy "${missing[@]}" 2>/dev/null | awk '
    /^[^ ]/ { name = substr($1, 1, length($1) - 1) }
    /^  Candidate: [^(]/ { print name }' | tr '\n' ' ') "
  unknown=()
  for package in "${missing[@]}"; do
    [[ $available == *" $package "* ]] || unknown+=("$package")
  done
  if [ ${#unknown[@]} -gt 0 ]; then
    fail "apt knows no ${unknown[*]}: $advice"
  fi
  apt_get install -y --no-install-recommends "${missing[@]}" >/dev/null ||
    fail "apt-get could not install ${missing[*]}: $advice"
fi

for runtime in "${to_fetch[@]}"; do
  scripts/fetch_runtime.sh "$runtime"
done

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
