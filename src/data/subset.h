// Parts of a dataset, chosen deterministically.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "data/dataset.h"

namespace lathe::data {

// The samples `indices` of `base`, in that order; each must be in [0, base->size()).
std::shared_ptr<const Dataset> make_subset(std::shared_ptr<const Dataset> base,
                                           std::vector<std::int64_t> indices);

// Marks round(share * n) samples of each class of n, those with the smallest keys; at least one
// where the share is above 0 and the class has two, and never all of them. Labels are >= 0.
std::vector<bool> stratified_choice(std::span<const std::int64_t> labels,
                                    std::span<const std::uint64_t> keys, double share);

// The part of `base`, which is not divided by itself, that `split` names: kTest is kTestShare of
// each class, the samples with the smallest keys, kTrain the rest, kAll is all of it. The origin
// says so.
Result<std::shared_ptr<const Dataset>> draw_split(std::shared_ptr<const Dataset> base,
                                                  std::span<const std::uint64_t> keys, Split split);

// kNotFound, with the splits that there are.
Error no_validation_split();

// `count` of the indices [0, size), ascending; under one seed a smaller count is a subset of a
// larger one.
std::vector<std::int64_t> random_choice(std::int64_t size, std::int64_t count, std::uint64_t seed);

// 64-bit FNV-1a, mixed: the same on every machine, for choices by name.
std::uint64_t stable_hash(std::string_view text);

// The share of a dataset without splits of its own that becomes the test split.
inline constexpr double kTestShare = 0.2;

}  // namespace lathe::data
