// What this machine can do at best with so many threads, and thus the least time that work takes:
// the larger of its multiply-adds at the peak and of its bytes at the bandwidth
// (Williams, Waterman, Patterson, "Roofline", CACM 52(4), 2009).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "ir/data_type.h"
#include "measure/system_info.h"

namespace lathe::measure {

// A cache, or memory.
struct MemoryLevel {
  std::string name;        // "L2", "memory"
  std::int64_t bytes = 0;  // that the caches of all the threads hold; of memory the buffer read
  double gb_per_s = 0;     // 10^9 bytes, read by all the threads together
};

struct Roofline {
  int threads = 1;
  // 10^9 operations per second of all threads; a multiply-add counts as two.
  double float32_gflops = 0;
  double int8_gops = 0;             // the best that the machine has for 8-bit integers:
  std::string int8_instructions;    // "AMX", or those of this instruction set: "avx512vnni"
  double int8_vector_gops = 0;      // of the instruction set's vectors, without AMX
  double bf16_gflops = 0;           // as float32 where the machine does not multiply bfloat16
  std::vector<MemoryLevel> levels;  // the nearest first, memory last; none slower than the next

  // Multiply-adds at the peak of what they multiply, kInt8, kBFloat16 or kFloat32.
  [[nodiscard]] double compute_ms(double macs, ir::DataType multiplies) const;
  // Bytes at the bandwidth of the nearest level that holds them all.
  [[nodiscard]] double memory_ms(double bytes) const;
};

// Takes some two seconds. The errors are those of LATHE_ISA and of memory that cannot be had.
Result<Roofline> measure_roofline(const SystemInfo& system, int threads);

nlohmann::json to_json(const Roofline& roofline);
// Label and value, for people.
std::vector<std::pair<std::string, std::string>> describe(const Roofline& roofline);

}  // namespace lathe::measure
