// A graph whose shapes follow from those of its inputs, made ready to run at any of them.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/cpu.h"
#include "engine/backend.h"
#include "engine/packed_weights.h"
#include "engine/plan.h"
#include "engine/tuner.h"
#include "ir/graph.h"

namespace lathe::engine {

// How graphs are planned.
struct Planning {
  Isa isa = Isa::kScalar;
  int threads = 1;
  std::int64_t tile_rows = 0;         // CompileOptions::tile_rows
  std::shared_ptr<Tuner> tuner = {};  // null: kernels are those expected to be the fastest
  Precision precision = Precision::kFloat32;
};

// Thread-safe. What a plan has packed serves those that follow it.
class Region {
 public:
  // Of these the least recently used is forgotten when another one is made.
  static constexpr std::size_t kMostPlans = 16;

  // The graph has been through the passes; where an input leaves extents open they are symbolic.
  Region(ir::Graph lowered, const Planning& planning);

  // What the graph leaves open.
  [[nodiscard]] std::span<const ir::TensorType> inputs() const { return inputs_; }
  [[nodiscard]] bool takes_other_shapes() const { return open_; }

  // The plan for inputs of these types, which inputs() allow: one made before, or a new one. Errors
  // name the node or value that is too large or cannot be held.
  Result<std::shared_ptr<const Plan>> plan(std::span<const ir::TensorType> inputs) const;

  [[nodiscard]] const PackedWeights& weights() const { return weights_; }
  // See PackedWeights.
  void check_before_packing(std::function<Status()> check) const {
    weights_.check_before_packing(std::move(check));
  }
  void adopt(const PackingKey& key, std::span<const std::byte> bytes,
             std::shared_ptr<const void> lender) const {
    weights_.adopt(key, bytes, std::move(lender));
  }

 private:
  // In which plans of this region differ.
  [[nodiscard]] kernels::Extents open_extents() const;
  Result<std::shared_ptr<const Plan>> make_plan(std::span<const ir::TensorType> inputs) const;

  std::vector<ir::TensorType> inputs_;
  Planning planning_;
  bool open_ = false;
  mutable std::mutex mutex_;
  // Gives up its elements to packed weights; gone where the one plan that there is has been made.
  mutable ir::Graph graph_;
  mutable std::optional<Error> failed_;
  mutable PackedWeights weights_;
  mutable std::vector<std::shared_ptr<const Plan>> plans_;  // the last one used in front
};

}  // namespace lathe::engine
