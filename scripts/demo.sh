#!/usr/bin/env bash
# Trains, quantizes and proves a network on Fashion-MNIST: scripts/demo.sh [--quick] [--output DIR]
#
#   --quick       a subset of the images, to see that everything works: under two minutes once built
#   --output DIR  where the models and the report go, demo/ unless given
#
# Installs and builds what is missing. Writes cnn.onnx, cnn-int8.onnx and report.html. Fails where
# the result is worse than it has to be.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

quick=0
output=$root/demo
while [ $# -gt 0 ]; do
  case "$1" in
    --quick) quick=1 ;;
    --output)
      [ $# -gt 1 ] || { echo "demo: --output needs a folder" >&2; exit 2; }
      output=$2
      shift
      ;;
    *)
      sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
      exit 2
      ;;
  esac
  shift
done
mkdir -p "$output"
output=$(cd "$output" && pwd)
[ -w "$output" ] || { echo "demo: $output may not be written into, choose another --output" >&2; exit 1; }
cd "$root"
trap 'echo "demo: interrupted; what is installed and built stays for the next time" >&2; exit 130' INT

if [ "$quick" = 1 ]; then
  train_options=(--epochs 2 --limit 12000)
  eval_options=(--limit 2000)
  samples=256
  least_accuracy=0.70
  largest_loss=0.02
else
  train_options=(--epochs 8)
  eval_options=()
  samples=512
  least_accuracy=0.900
  largest_loss=0.005
fi

started=$SECONDS
steps=6
step=0
say() {
  step=$((step + 1))
  printf '\n[%d/%d] %s (%d s so far)\n' "$step" "$steps" "$1" $((SECONDS - started))
}

# json_numbers KEY: the values of KEY in the JSON on standard input, one a line, in their order.
json_numbers() { sed -n 's/.*"'"$1"'": *\(-\{0,1\}[0-9][0-9.eE+-]*\).*/\1/p'; }
# holds 'EXPRESSION': whether awk finds it true.
holds() { awk "BEGIN { exit !($1) }"; }

say "Installing what is missing"
scripts/setup.sh

say "Building the program"
cmake --preset release -DLATHE_TORCH=ON >/dev/null
cmake --build build/release --target lathe lathe_train_module
lathe=$root/build/release/bin/lathe
cd "$output"

say "Training cnn on Fashion-MNIST"
# --force: from the beginning, also where an interrupted demo has left a checkpoint.
"$lathe" train --arch cnn --data fashion-mnist "${train_options[@]}" --force -o cnn.onnx

say "Quantizing it to 8 bits, calibrated on $samples images"
"$lathe" quantize cnn.onnx --data fashion-mnist --samples "$samples" -o cnn-int8.onnx \
  --report report.html

say "Proving it on test images that neither has seen"
top1() { "$lathe" eval "$1" --data fashion-mnist "${eval_options[@]}" --quiet --json | json_numbers top1; }
size() { stat -c %s "$1"; }
float_top1=$(top1 cnn.onnx)
int8_top1=$(top1 cnn-int8.onnx)
p50_ms=($("$lathe" bench cnn.onnx cnn-int8.onnx --threads 1 --quiet --json | json_numbers p50_ms))
float_size=$(size cnn.onnx)
int8_size=$(size cnn-int8.onnx)
awk -v top1="$float_top1 $int8_top1" -v size="$float_size $int8_size" -v ms="${p50_ms[*]}" 'BEGIN {
  split(top1, t, " "); split(size, s, " "); split(ms, m, " ")
  printf "  %-8s %10s %12s %14s\n", "", "accuracy", "size", "latency, p50"
  printf "  %-8s %9.2f%% %9.1f KB %11.3f ms\n", "float32", 100 * t[1], s[1] / 1000, m[1]
  printf "  %-8s %9.2f%% %9.1f KB %11.3f ms\n", "int8", 100 * t[2], s[2] / 1000, m[2]
}'

say "Classifying test images"
"$lathe" run cnn-int8.onnx --data fashion-mnist --limit 8

failed=0
require() {  # EXPRESSION MESSAGE
  if ! holds "$1"; then
    echo "demo: $2" >&2
    failed=1
  fi
}
require "$float_top1 >= $least_accuracy" \
  "the float model's accuracy is $float_top1, it has to reach $least_accuracy"
require "$float_top1 - $int8_top1 <= $largest_loss" \
  "quantization took the accuracy from $float_top1 to $int8_top1, it may cost $largest_loss"
require "$int8_size <= 0.30 * $float_size" \
  "the 8-bit file has $int8_size bytes, more than 0.30 of the float file's $float_size"
if grep -q avx512_vnni /proc/cpuinfo; then
  require "${p50_ms[1]} < ${p50_ms[0]}" \
    "the 8-bit model takes ${p50_ms[1]} ms, the float model ${p50_ms[0]} ms"
fi

seconds=$((SECONDS - started))
printf '\nDone in %d min %d s. In %s:\n' $((seconds / 60)) $((seconds % 60)) "$output"
echo "  cnn.onnx, cnn-int8.onnx  the models"
echo "  report.html              what was measured: open it in a browser, e.g. xdg-open '$output/report.html'"
exit "$failed"
