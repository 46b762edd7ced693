#!/bin/sh
# Runs the libFuzzer targets: scripts/fuzz.sh SECONDS [TARGET...]
#
# Each target runs for SECONDS, all of fuzz/ where none is named. Fails on a crash, a leak, an input
# that takes over 20 s, or memory over 2 GiB; the input that did it is left in
# build/fuzz/artifacts/TARGET/. What was learnt stays in build/fuzz/corpus/TARGET/ for the next run.
set -eu
if [ $# -lt 1 ]; then
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
seconds=$1
shift
cd "$(dirname "$0")/.."
build=${LATHE_FUZZ_BUILD:-build/fuzz}
[ -f "$build/build.ninja" ] || cmake --preset fuzz -B "$build" >/dev/null
if [ $# -eq 0 ]; then
  cmake --build "$build" --target fuzz_all
  set -- $(cat "$build/fuzz_targets.txt")
else
  cmake --build "$build" --target "$@"
fi
for target in "$@"; do
  corpus=$build/corpus/$target
  artifacts=$build/artifacts/$target
  mkdir -p "$corpus" "$artifacts"
  if [ -x "$build/bin/${target}_seeds" ]; then
    "$build/bin/${target}_seeds" "$corpus"
  fi
  echo "== $target, $seconds s"
  "$build/bin/$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=16384 \
    -error_exitcode=1 -print_final_stats=1 -verbosity=1 -artifact_prefix="$artifacts/" "$corpus"
done
