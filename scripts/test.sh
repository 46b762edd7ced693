#!/usr/bin/env bash
# Installs, builds and tests everything: scripts/test.sh [--fast] [STAGE...]
#
#   --fast  format and dev alone
#   STAGE   only those named: format dev release no-torch tsan aarch64 fuzz
#
# Each stage prints its name and how long it took; what it builds stays in build/ for the next time.
# The last line is "N passed, M failed" over all stages. The exit status is 1 where anything failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

all_stages=(format dev release no-torch tsan aarch64 fuzz)
stages=()
for argument in "$@"; do
  case "$argument" in
    --fast) stages=(format dev) ;;
    *)
      if [[ " ${all_stages[*]} " != *" $argument "* ]]; then
        sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
        exit 2
      fi
      stages+=("$argument")
      ;;
  esac
done
[ ${#stages[@]} -gt 0 ] || stages=("${all_stages[@]}")

logs=build/test_logs
mkdir -p "$logs"
jobs=$(nproc)

# configure PRESET [OPTION...]
configure() { cmake --preset "$1" -DLATHE_WERROR=ON -DLATHE_TESTS=ON "${@:2}" >/dev/null; }

# run_tests PRESET [CTEST_OPTION...]: those that fail print what they said.
run_tests() {
  local preset=$1
  shift
  ctest --test-dir "build/$preset" --no-tests=error --output-on-failure --timeout 600 -j "$jobs" "$@"
}

# check NAME COMMAND...: one check that is no test of ctest's, reported the way ctest reports.
check() {
  local name=$1
  shift
  if "$@"; then
    echo "check $name: passed"
  else
    echo "check $name: failed"
    return 1
  fi
}

stage_format() {
  check format xargs -0 clang-format-14 --dry-run -Werror \
    < <(git ls-files -z --cached --others --exclude-standard '*.cc' '*.h')
}

# Everything, under AddressSanitizer and UndefinedBehaviorSanitizer.
stage_dev() {
  configure dev
  cmake --build build/dev
  run_tests dev
}

# The program as users have it: the demo, and what ONNX and ONNX Runtime say to its models.
stage_release() {
  configure release -DLATHE_TESTS=OFF
  cmake --build build/release
  check onnxruntime .deps/python/bin/python tests/onnxruntime_test.py build/release/bin/lathe
  check demo scripts/demo.sh --quick --output build/release/demo
  check onnxruntime_accuracy .deps/python/bin/python tests/compare_accuracy.py \
    build/release/bin/lathe build/release/demo/cnn.onnx build/release/demo/cnn-int8.onnx
  local model
  for model in cnn cnn-int8; do
    check "compare_$model" build/release/bin/lathe compare "build/release/demo/$model.onnx" \
      --data fashion-mnist --limit 2000 --backends native,onnxruntime,openvino
  done
}

# Without LibTorch, and all tests without sanitizers. The program is compiled as in release, so that
# ccache has it.
stage_no-torch() {
  configure no-torch
  cmake --build build/no-torch
  run_tests no-torch
}

# What runs on several threads, under ThreadSanitizer; the kernels through the engine.
stage_tsan() {
  configure tsan
  cmake --build build/tsan --target base_test data_test engine_test
  run_tests tsan -R '^(base|data|engine)_test$'
}

# The kernels cross-compiled, under qemu: those without vectors, on a machine without AVX.
stage_aarch64() {
  configure aarch64
  cmake --build build/aarch64
  run_tests aarch64
}

stage_fuzz() {
  check fuzz_onnx scripts/fuzz.sh 60 onnx_reader_fuzz
  local target
  while read -r target; do
    [ "$target" = onnx_reader_fuzz ] || check "$target" scripts/fuzz.sh 5 "$target"
  done <build/fuzz/fuzz_targets.txt
}

# count LOG: sets `passed` and `failed` from what ctest and check() wrote.
count() {
  read -r passed failed < <(awk '
    / tests? failed out of [0-9]+/ {
      for (i = 1; i <= NF; ++i) {
        if ($i == "tests" && $(i + 1) == "failed") bad = $(i - 1)
        if ($i == "of") total = $(i + 1)
      }
      passed += total - bad; failed += bad
    }
    /^check .*: passed$/ { ++passed }
    /^check .*: failed$/ { ++failed }
    END { print passed + 0, failed + 0 }' "$1")
}

scripts/setup.sh --with-tests

total_passed=0
total_failed=0
for stage in "${stages[@]}"; do
  echo "== $stage"
  began=$SECONDS
  set +e
  (set -e; "stage_$stage") >"$logs/$stage.log" 2>&1 </dev/null
  status=$?
  set -e
  count "$logs/$stage.log"
  if [ "$status" != 0 ] && [ "$failed" = 0 ]; then
    failed=1  # it did not come as far as its tests
  fi
  if [ "$failed" != 0 ]; then
    tail -n 200 "$logs/$stage.log"
  fi
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
  echo "== $stage: $passed passed, $failed failed, $((SECONDS - began)) s ($logs/$stage.log)"
done
echo "$total_passed passed, $total_failed failed"
[ "$total_failed" = 0 ]
