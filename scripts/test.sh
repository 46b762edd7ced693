#!/usr/bin/env bash
# Installs, builds and tests everything: scripts/test.sh [--fast] [STAGE...]
#
#   --fast  format and dev alone
#   STAGE   only those named: format dev release no-torch fresh tsan aarch64 fuzz
#
# Each stage prints its name and how long it took; what it builds stays in build/ for the next time.
# The last line is "N passed, N failed, N skipped" over all stages, where what this machine cannot do
# is skipped. The exit status is 1 where anything failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

all_stages=(format dev release no-torch fresh tsan aarch64 fuzz)
stages=()
for argument in "$@"; do
  case "$argument" in
    --fast) stages=(format dev) ;;
    *)
      if [[ " ${all_stages[*]} " != *" $argument "* ]]; then
        sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
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
configure() { cmake --preset "$1" -DLATHE_WERROR=ON "${@:2}" >/dev/null; }

# run_tests PRESET [CTEST_OPTION...]: those that fail print what they said.
run_tests() {
  local preset=$1
  shift
  ctest --test-dir "build/$preset" --no-tests=error --output-on-failure --timeout 600 -j "$jobs" "$@"
}

# check NAME COMMAND...: one check that is no test of ctest's. A command that ends with 77 is skipped.
check() {
  local name=$1 status=0
  shift
  "$@" || status=$?
  case $status in
    0) echo "check $name: passed" ;;
    77) echo "check $name: skipped" ;;
    *)
      echo "check $name: failed"
      return 1
      ;;
  esac
}

# Whoever owns the folder may be somebody else than who tests it, which git refuses by itself.
sources() {
  git -c safe.directory='*' ls-files -z --cached --others --exclude-standard '*.cc' '*.h'
}

# No list of files is a failure: nothing would be looked at.
check_format() {
  local list=build/format_files
  sources >"$list" || {
    echo "format: git does not list the files of $PWD; expected a clone, owned by you or with its safe.directory set"
    return 1
  }
  [ -s "$list" ] || {
    echo "format: git lists no source file in $PWD"
    return 1
  }
  xargs -0 clang-format-14 --dry-run -Werror <"$list"
}

stage_format() { check format check_format; }

# Everything, under AddressSanitizer and UndefinedBehaviorSanitizer.
stage_dev() {
  configure dev
  cmake --build build/dev
  run_tests dev
}

# The program as users have it: once more the tests of what the optimiser may change and of the whole
# program, those of training also without its module, the demo, and what ONNX and ONNX Runtime say to
# its models.
stage_release() {
  configure release -DLATHE_TESTS=OPTIMISED
  cmake --build build/release
  run_tests release
  LATHE_TRAIN_MODULE=/nonexistent/lathe-train.so run_tests release -R '^(train_test|train|cli)$'
  check demo scripts/demo.sh --quick --output "build/release/the demo"
  local model demo="build/release/the demo"
  check onnxruntime_accuracy .deps/python/bin/python tests/compare_accuracy.py \
    build/release/bin/lathe "$demo/cnn.onnx" "$demo/cnn-int8.onnx"
  for model in cnn cnn-int8; do
    check "compare_$model" build/release/bin/lathe compare "$demo/$model.onnx" \
      --data fashion-mnist --limit 2000 --backends native,onnxruntime,openvino
  done
}

# The program built without LibTorch is the same, byte for byte: only the module is missing.
stage_no-torch() {
  configure release
  cmake --build build/release --target lathe
  configure no-torch
  cmake --build build/no-torch --target lathe
  check same_program cmp build/release/bin/lathe build/no-torch/bin/lathe
}

# A machine that has nothing yet.
stage_fresh() { check fresh scripts/fresh_machine.sh; }

# What runs on several threads, under ThreadSanitizer; the kernels through the engine.
stage_tsan() {
  configure tsan
  cmake --build build/tsan --target base_test ir_test data_test engine_test backends_test
  run_tests tsan -R '_test$'
}

# The kernels cross-compiled, under qemu: those without vectors, on a machine without AVX.
stage_aarch64() {
  configure aarch64
  cmake --build build/aarch64
  run_tests aarch64
}

stage_fuzz() {
  cmake --preset fuzz >/dev/null
  cmake --build build/fuzz --target fuzz_all
  check fuzz_onnx scripts/fuzz.sh 60 onnx_reader_fuzz damaged_model_fuzz >build/fuzz/onnx.log 2>&1 &
  local onnx=$! target status=0
  while read -r target; do
    [[ " onnx_reader_fuzz damaged_model_fuzz " == *" $target "* ]] || check "$target" scripts/fuzz.sh 5 "$target" || status=1
  done <build/fuzz/fuzz_targets.txt
  wait "$onnx" || status=1
  cat build/fuzz/onnx.log
  return "$status"
}

# count LOG: sets `passed`, `failed` and `skipped` from what ctest and check() wrote.
count() {
  read -r passed failed skipped < <(awk '
    / tests? failed out of [0-9]+/ {
      for (i = 1; i <= NF; ++i) {
        if ($i == "tests" && $(i + 1) == "failed") bad = $(i - 1)
        if ($i == "of") total = $(i + 1)
      }
      passed += total - bad; failed += bad
    }
    / - .* \(Skipped\)$/ { --passed; ++skipped }
    /^check .*: passed$/ { ++passed }
    /^check .*: failed$/ { ++failed }
    /^check .*: skipped$/ { ++skipped }
    END { print passed + 0, failed + 0, skipped + 0 }' "$1")
}

# failures LOG: what failed in it, and the first words about why.
failures() {
  grep -E -e '^[[:space:]]+[0-9]+ - .* \(.*\)$' -e '^check .*: failed$' -e '^\[  FAILED  \] [^ ]+\.' \
    -e 'Failure$' -e '^lathe: fatal' -e ' error: ' -e 'ERROR: ' -e 'runtime error: ' -e '^CMake Error' "$1" |
    grep -v -e '(Skipped)$' | sed 's/^[[:space:]]*/  /' | awk '!seen[$0]++ && ++lines <= 30' || true
}

scripts/setup.sh --with-tests

row='%-10s %7s %7s %8s %8s\n'
table=$(printf "$row" stage passed failed skipped seconds)
total_passed=0
total_failed=0
total_skipped=0
why=
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
    why+="$stage: $logs/$stage.log"$'\n'"$(failures "$logs/$stage.log")"$'\n'
  elif [ "$skipped" != 0 ]; then
    grep -e 'not possible here' -e '(Skipped)$' "$logs/$stage.log" || true
  fi
  seconds=$((SECONDS - began))
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
  total_skipped=$((total_skipped + skipped))
  table+=$'\n'$(printf "$row" "$stage" "$passed" "$failed" "$skipped" "$seconds")
  echo "== $stage: $passed passed, $failed failed, $skipped skipped, $seconds s ($logs/$stage.log)"
done
printf '\n%s\n\n' "$table"
[ -z "$why" ] || printf '%s\n' "$why"  # last, where whoever sees only the end finds it
echo "$total_passed passed, $total_failed failed, $total_skipped skipped"
[ "$total_failed" = 0 ]
