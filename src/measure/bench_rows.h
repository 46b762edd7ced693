// What a comparison measures: its rows, which of them run at the same time, and which is compared
// with which.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "engine/backend.h"

namespace lathe::measure {

struct BenchRow {
  Path model = {};
  std::string backend = {};
  engine::CompileOptions options = {};  // threads and streams are not 0
};
// "resnet18.onnx, openvino, 2 threads, batch 8, 4 streams": what differs from 1 is named.
std::string describe(const BenchRow& row);

// Every combination is a row. 0 in `threads` and `streams`: as many as the allowed cores have room
// for.
struct BenchMatrix {
  std::vector<Path> models = {};
  std::vector<std::string> backends = {"native"};
  std::vector<int> threads = {1};
  std::vector<std::int64_t> batches = {1};
  std::vector<int> streams = {1};
  // All else that rows are compiled with. Rows of several streams prefer throughput.
  engine::CompileOptions options = {};
};
// In the order models, backends, threads, batches, streams, the last one fastest. What a list names
// twice is measured once, also where 0 turns out to be another number of the list; models may
// repeat, which tells how far two measurements of the same thing differ.
std::vector<BenchRow> make_rows(const BenchMatrix& matrix);

struct GroupLimits {
  std::size_t rows = 16;  // each has a process
  // For the models of a group together. What a model takes is estimated as four times its files:
  // the graph as it was read, packed weights, and what a library keeps beside.
  std::int64_t memory_bytes = 0;
};
// Half of what this process may still take, by the machine's memory and by its control group.
GroupLimits default_limits();

// Rows by their indices into groups that are measured in turns. Of the same threads, batch and
// streams are all rows of a group; those of a model stay together as far as the limits allow, and
// with a single backend so do all models. `sizes`: of the rows' files, with those of external data.
std::vector<std::vector<std::size_t>> group_rows(std::span<const BenchRow> rows,
                                                 std::span<const std::int64_t> sizes,
                                                 const GroupLimits& limits);

// For each row the one it is compared with, of the same threads, batch and streams: the same model
// by the first backend that was measured; where all rows have one backend, the first model that
// was. `measured`: of each row, whether it has results; others have no baseline and are none.
std::vector<std::optional<std::size_t>> find_baselines(std::span<const BenchRow> rows,
                                                       const std::vector<bool>& measured);

}  // namespace lathe::measure
