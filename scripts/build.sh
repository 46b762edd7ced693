#!/usr/bin/env bash
# Configures and builds: scripts/build.sh [PRESET [CMAKE_OPTION...]]
#
# PRESET is one of CMakePresets.json, release unless given; further arguments go to cmake when it
# configures, e.g. scripts/build.sh release -DLATHE_TESTS=OFF. The program is
# build/PRESET/bin/lathe.
set -euo pipefail
case "${1:-}" in
  -h | --help)
    sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 0
    ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset=${1:-release}
[ $# -eq 0 ] || shift
cmake --preset "$preset" "$@"
cmake --build "build/$preset"
if [ -x "build/$preset/bin/lathe" ]; then
  echo "build: $PWD/build/$preset/bin/lathe"
fi
