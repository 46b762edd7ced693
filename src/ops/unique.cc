#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "ops/dispatch.h"
#include "ops/element_copy.h"
#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// Without an axis the input counts as flat.
Result<Types> infer_unique(const InferContext& context) {
  const ir::TensorType& x = context.input(0);
  const ir::Dim found{ir::SymInt::data_dependent()};
  const std::int64_t* axis = context.attributes().find_int("axis");
  ir::TensorType y{x.data_type, ir::Shape{found}};
  ir::Dim inverse;
  if (axis != nullptr) y.shape = x.shape;
  if (x.shape) {
    ir::SymInt count = 1;
    for (const ir::Dim& dim : *x.shape) count = count * dim.symbolic();
    inverse = ir::Dim(count);
    if (axis != nullptr) {
      ASSIGN_OR_RETURN(const std::size_t along, normalize_axis(*axis, x.shape->size()));
      inverse = (*x.shape)[along];
      (*y.shape)[along] = found;
    }
  }
  const auto ints = [](ir::Dim extent) {
    return ir::TensorType{ir::DataType::kInt64, ir::Shape{std::move(extent)}};
  };
  return std::vector{y, ints(found), ints(inverse), ints(found)};
}

// -1, 0 or 1. What is no number comes last, and is equal to its like.
template <typename T>
int compare_values(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) || std::isnan(b)) return (std::isnan(a) ? 1 : 0) - (std::isnan(b) ? 1 : 0);
  }
  return a < b ? -1 : (b < a ? 1 : 0);
}

// Calls body(compare_values(i, j)) with what compares two elements: numbers by size, text by its
// bytes, complex numbers by their real parts first.
template <typename Body>
void with_order(const ir::Tensor& x, Body body) {
  const auto order_of = [&](const auto* elements, std::int64_t parts) {
    body([=](std::int64_t i, std::int64_t j) {
      int order = 0;
      for (std::int64_t part = 0; part < parts && order == 0; ++part)
        order = compare_values(elements[i * parts + part], elements[j * parts + part]);
      return order;
    });
  };
  switch (x.data_type()) {
    case ir::DataType::kString:
      return order_of(x.data<std::string>().data(), 1);
    case ir::DataType::kBool:
      return order_of(x.data<bool>().data(), 1);
    case ir::DataType::kComplex64:
      return order_of(reinterpret_cast<const float*>(x.bytes().data()), 2);
    case ir::DataType::kComplex128:
      return order_of(reinterpret_cast<const double*>(x.bytes().data()), 2);
    default:
      dispatch_numeric(x.data_type(), [&]<typename T>() { order_of(x.data<T>().data(), 1); });
  }
}

struct UniqueGroups {
  std::vector<std::int64_t> first;    // the first slice of each group, in the order of the output
  std::vector<std::int64_t> group;    // of each slice
  std::vector<std::int64_t> members;  // of each group
};

// UniqueGroups slices 0 to count - 1, of which compare_slices(i, j) tells the order.
template <typename Compare>
UniqueGroups find_groups(std::int64_t count, bool sorted, Compare compare_slices) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t a, std::int64_t b) { return compare_slices(a, b) < 0; });
  UniqueGroups groups;
  groups.group.resize(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || compare_slices(order[i - 1], order[i]) != 0) {
      groups.first.push_back(order[i]);
      groups.members.push_back(0);
    }
    ++groups.members.back();
    groups.group[static_cast<std::size_t>(order[i])] =
        static_cast<std::int64_t>(groups.first.size()) - 1;
  }
  if (sorted) return groups;

  std::vector<std::size_t> by_place(groups.first.size());
  std::iota(by_place.begin(), by_place.end(), 0);
  std::sort(by_place.begin(), by_place.end(),
            [&](std::size_t a, std::size_t b) { return groups.first[a] < groups.first[b]; });
  UniqueGroups placed;
  std::vector<std::int64_t> renamed(by_place.size());
  for (std::size_t i = 0; i < by_place.size(); ++i) {
    placed.first.push_back(groups.first[by_place[i]]);
    placed.members.push_back(groups.members[by_place[i]]);
    renamed[by_place[i]] = static_cast<std::int64_t>(i);
  }
  for (const std::int64_t group : groups.group)
    placed.group.push_back(renamed[static_cast<std::size_t>(group)]);
  return placed;
}

Result<Values> evaluate_unique(const EvaluateContext& context) {
  const std::int64_t* axis = context.attributes().find_int("axis");
  ir::Tensor x = context.inputs[0];
  if (axis == nullptr) x = x.reshaped({x.num_elements()});
  ASSIGN_OR_RETURN(const std::size_t along, normalize_axis(axis == nullptr ? 0 : *axis, x.rank()));
  const AxisView view = view_around(x.dims(), along);
  if (view.extent > 0 && x.num_elements() == 0)
    return unsupported("slices of {} without elements", x.type().to_string());
  const auto element = [&](std::int64_t slice, std::int64_t i) {
    return (i / view.inner * view.extent + slice) * view.inner + i % view.inner;
  };
  const std::int64_t size = view.outer * view.inner;
  UniqueGroups groups;
  with_order(x, [&](auto compare_elements) {
    groups = find_groups(view.extent, context.attributes().get_bool("sorted"),
                         [&](std::int64_t a, std::int64_t b) {
                           int order = 0;
                           for (std::int64_t i = 0; i < size && order == 0; ++i)
                             order = compare_elements(element(a, i), element(b, i));
                           return order;
                         });
  });
  Dims dims = x.dims();
  dims[along] = static_cast<std::int64_t>(groups.first.size());
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(x.data_type(), dims));
  ElementCopier copier(x, y);
  for (std::int64_t to = 0; to < y.num_elements(); ++to) {
    const std::int64_t slice = to / view.inner % dims[along];
    const std::int64_t outer = to / view.inner / dims[along];
    copier.copy(element(groups.first[static_cast<std::size_t>(slice)],
                        outer * view.inner + to % view.inner),
                to);
  }
  return std::vector{std::move(y), ir::Tensor::vector_int64(groups.first),
                     ir::Tensor::vector_int64(groups.group),
                     ir::Tensor::vector_int64(groups.members)};
}

}  // namespace

OpDef define_Unique() {
  return {.name = "Unique", .infer = infer_unique, .evaluate = evaluate_unique};
}

}  // namespace lathe::ops
