#include <algorithm>
#include <iterator>

#include "base/checked_math.h"
#include "ops/dispatch.h"
#include "ops/einsum_equation.h"
#include "ops/op_def.h"
#include "ops/shape_math.h"

namespace lathe::ops {
namespace {

// The search for the order of products takes the third power of this.
constexpr std::size_t kMostEinsumInputs = 64;

using EinsumLabels = std::vector<EinsumLabel>;  // ascending, without repetition

struct EinsumProblem {
  EinsumEquation equation;
  EinsumAxes axes;
};

Result<EinsumProblem> read_einsum(const Attributes& attributes,
                                  std::span<const ir::TensorType> inputs) {
  if (inputs.size() > kMostEinsumInputs)
    return unsupported("{} inputs, at most {} are accepted", inputs.size(), kMostEinsumInputs);
  EinsumProblem problem;
  ASSIGN_OR_RETURN(problem.equation,
                   parse_einsum_equation(attributes.get_string("equation"), inputs.size()));
  ASSIGN_OR_RETURN(problem.axes, resolve_einsum(problem.equation, inputs));
  return problem;
}

Result<Types> infer_einsum(const InferContext& context) {
  std::vector<ir::TensorType> inputs;
  for (std::size_t i = 0; i < context.input_count(); ++i) inputs.push_back(context.input(i));
  ASSIGN_OR_RETURN(const EinsumProblem problem, read_einsum(context.attributes(), inputs));
  ir::TensorType y{context.input(0).data_type, std::nullopt};
  const EinsumTerm& output = problem.equation.output;
  if (output.has_ellipsis && !problem.axes.ellipsis_rank) return std::vector{y};
  y.shape.emplace();
  for (const EinsumLabel label : output.labels(problem.axes.ellipsis_rank.value_or(0)))
    y.shape->push_back(problem.axes.extents[label]);
  return std::vector{y};
}

// Which two factors are multiplied next; their product goes behind the others, in their place.
struct EinsumStep {
  std::size_t first;
  std::size_t second;
};

bool contains(const EinsumLabels& labels, EinsumLabel label) {
  return std::binary_search(labels.begin(), labels.end(), label);
}

EinsumLabels united(const EinsumLabels& a, const EinsumLabels& b) {
  EinsumLabels all;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(all));
  return all;
}

// Labels of factors, and what is left to do with them. Axes of extent 1 have no part in it.
class EinsumPath {
 public:
  EinsumPath(const EinsumProblem& problem, std::span<const ir::TensorType> inputs) {
    const std::size_t ellipsis_rank = problem.axes.ellipsis_rank.value();
    for (const ir::Dim& dim : problem.axes.extents) extents_.push_back(dim.value());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const EinsumLabels all = problem.equation.inputs[i].labels(ellipsis_rank);
      EinsumLabels labels;
      for (std::size_t d = 0; d < all.size(); ++d)
        if ((*inputs[i].shape)[d] != ir::Dim(1)) labels.push_back(all[d]);
      add(std::move(labels));
    }
    output_ = problem.equation.output.labels(ellipsis_rank);
    std::sort(output_.begin(), output_.end());
  }

  [[nodiscard]] std::size_t factor_count() const { return factors_.size(); }
  [[nodiscard]] std::size_t label_count() const { return extents_.size(); }
  [[nodiscard]] std::int64_t extent(EinsumLabel label) const { return extents_[label]; }

  // The labels of a factor, or of two.
  [[nodiscard]] EinsumLabels all(std::size_t first, std::size_t second) const {
    return united(factors_[first], factors_[second]);
  }
  // Those that others or the output have too. All else is summed.
  [[nodiscard]] EinsumLabels kept(std::size_t first, std::size_t second) const {
    EinsumLabels labels;
    for (const EinsumLabel label : all(first, second)) {
      bool is_used = contains(output_, label);
      for (std::size_t i = 0; i < factors_.size() && !is_used; ++i)
        is_used = i != first && i != second && contains(factors_[i], label);
      if (is_used) labels.push_back(label);
    }
    return labels;
  }

  // The two whose product is the least work.
  [[nodiscard]] EinsumStep best_step() const {
    EinsumStep best{0, 1};
    double least = -1;
    for (std::size_t i = 0; i < factors_.size(); ++i) {
      for (std::size_t j = i + 1; j < factors_.size(); ++j) {
        double work = 1;
        for (const EinsumLabel label : all(i, j)) work *= static_cast<double>(extents_[label]);
        if (least >= 0 && work >= least) continue;
        least = work;
        best = {i, j};
      }
    }
    return best;
  }

  // Extents of all axes of two factors.
  [[nodiscard]] Dims work(const EinsumStep& step) const {
    Dims dims;
    for (const EinsumLabel label : all(step.first, step.second)) dims.push_back(extents_[label]);
    return dims;
  }

  void reduce(std::size_t factor) { factors_[factor] = kept(factor, factor); }

  void take(const EinsumStep& step) {
    EinsumLabels product = kept(step.first, step.second);
    factors_.erase(factors_.begin() + static_cast<std::ptrdiff_t>(step.second));
    factors_.erase(factors_.begin() + static_cast<std::ptrdiff_t>(step.first));
    factors_.push_back(std::move(product));
  }

 private:
  void add(EinsumLabels labels) {
    std::sort(labels.begin(), labels.end());
    labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
    factors_.push_back(std::move(labels));
  }

  std::vector<std::int64_t> extents_;
  std::vector<EinsumLabels> factors_;
  EinsumLabels output_;
};

std::optional<std::int64_t> macs_einsum(const ir::Node& node,
                                        std::span<const ir::TensorType> inputs,
                                        std::span<const ir::TensorType>) {
  const auto problem = read_einsum(attributes(node), inputs);
  if (!problem.ok()) return std::nullopt;
  const std::vector<ir::Dim>& extents = problem->axes.extents;
  if (std::find(extents.begin(), extents.end(), ir::Dim(0)) != extents.end()) return 0;
  EinsumPath path(*problem, inputs);
  for (std::size_t i = 0; i < path.factor_count(); ++i) path.reduce(i);
  std::optional<std::int64_t> macs = 0;
  while (path.factor_count() > 1 && macs) {
    const EinsumStep step = path.best_step();
    const auto products = checked_product(path.work(step));
    macs = products ? checked_sum(*macs, *products) : std::nullopt;
    path.take(step);
  }
  return macs;
}

// Elements, and how far apart they lie along each label: 0 where an axis is lacking.
struct EinsumFactor {
  ir::Tensor values;
  Dims strides;
};

// Every index of some labels, the last of which runs fastest.
class EinsumLoop {
 public:
  EinsumLoop(const EinsumPath& path, const EinsumLabels& labels, const EinsumFactor& a,
             const EinsumFactor& b)
      : index_(labels.size(), 0) {
    for (const EinsumLabel label : labels) {
      dims_.push_back(path.extent(label));
      stride_a_.push_back(a.strides[label]);
      stride_b_.push_back(b.strides[label]);
    }
    is_empty_ = std::find(dims_.begin(), dims_.end(), 0) != dims_.end();
  }

  [[nodiscard]] const Dims& dims() const { return dims_; }

  // body(i, j) with the places in both factors, which begin at these.
  template <typename Body>
  void run(std::int64_t i, std::int64_t j, Body body) {
    bool more = !is_empty_;
    while (more) {
      body(static_cast<std::size_t>(i), static_cast<std::size_t>(j));
      more = false;
      for (std::size_t d = dims_.size(); d-- > 0 && !more;) {
        i += stride_a_[d];
        j += stride_b_[d];
        more = ++index_[d] < dims_[d];
        if (more) break;
        i -= stride_a_[d] * dims_[d];
        j -= stride_b_[d] * dims_[d];
        index_[d] = 0;
      }
    }
  }

 private:
  Dims dims_;
  Dims stride_a_;
  Dims stride_b_;
  Dims index_;
  bool is_empty_ = false;
};

// Sums are of `Number`: double, or integers that wrap as those of every integer type do.
template <typename Number>
class Einsum {
 public:
  explicit Einsum(EinsumPath path) : path_(std::move(path)) {}

  // The next input of the equation. An axis that repeats in it is walked along its diagonal.
  template <typename T>
  Status load(const ir::Tensor& x, const std::vector<EinsumLabel>& labels) {
    ASSIGN_OR_RETURN(ir::Tensor values, ir::Tensor::create(ir::kDataTypeOf<Number>, x.dims()));
    const auto in = x.data<T>();
    std::transform(in.begin(), in.end(), values.template mutable_data<Number>().begin(),
                   [](T v) { return static_cast<Number>(v); });
    EinsumFactor factor{std::move(values), Dims(path_.label_count(), 0)};
    const Dims strides = row_major_strides(x.dims());
    for (std::size_t d = 0; d < labels.size(); ++d)
      if (x.dim(d) != 1) factor.strides[labels[d]] += strides[d];
    factors_.push_back(std::move(factor));
    return {};
  }

  // All products and sums, to the labels of the output.
  template <typename T>
  Status run(const std::vector<EinsumLabel>& output, ir::Tensor& y) {
    const EinsumFactor one{ir::Tensor::scalar(Number{1}), Dims(path_.label_count(), 0)};
    for (std::size_t i = 0; i < factors_.size(); ++i) {
      ASSIGN_OR_RETURN(factors_[i], product(factors_[i], one, path_.all(i, i), path_.kept(i, i)));
      path_.reduce(i);
    }
    while (factors_.size() > 1) {
      const auto [first, second] = path_.best_step();
      ASSIGN_OR_RETURN(EinsumFactor made,
                       product(factors_[first], factors_[second], path_.all(first, second),
                               path_.kept(first, second)));
      path_.take({first, second});
      factors_.erase(factors_.begin() + static_cast<std::ptrdiff_t>(second));
      factors_.erase(factors_.begin() + static_cast<std::ptrdiff_t>(first));
      factors_.push_back(std::move(made));
    }
    const auto sums = factors_[0].values.template data<Number>();
    auto out = y.mutable_data<T>().begin();
    EinsumLoop(path_, output, factors_[0], one).run(0, 0, [&](std::size_t i, std::size_t) {
      *out++ = static_cast<T>(sums[i]);
    });
    return {};
  }

 private:
  Result<EinsumFactor> product(const EinsumFactor& a, const EinsumFactor& b,
                               const EinsumLabels& all, const EinsumLabels& kept) const {
    EinsumLabels summed;
    std::set_difference(all.begin(), all.end(), kept.begin(), kept.end(),
                        std::back_inserter(summed));
    EinsumLoop outer(path_, kept, a, b);
    EinsumLoop inner(path_, summed, a, b);
    EinsumFactor made{{}, Dims(path_.label_count(), 0)};
    ASSIGN_OR_RETURN(made.values, ir::Tensor::create(ir::kDataTypeOf<Number>, outer.dims()));
    const Dims strides = row_major_strides(outer.dims());
    for (std::size_t d = 0; d < kept.size(); ++d) made.strides[kept[d]] = strides[d];
    const auto in_a = a.values.template data<Number>();
    const auto in_b = b.values.template data<Number>();
    auto out = made.values.template mutable_data<Number>().begin();
    outer.run(0, 0, [&](std::size_t i, std::size_t j) {
      Number sum = 0;
      inner.run(static_cast<std::int64_t>(i), static_cast<std::int64_t>(j),
                [&](std::size_t p, std::size_t q) { sum += in_a[p] * in_b[q]; });
      *out++ = sum;
    });
    return made;
  }

  EinsumPath path_;
  std::vector<EinsumFactor> factors_;
};

Result<Values> evaluate_einsum(const EvaluateContext& context) {
  std::vector<ir::TensorType> types;
  for (const ir::Tensor& input : context.inputs) types.push_back(input.type());
  ASSIGN_OR_RETURN(const EinsumProblem problem, read_einsum(context.attributes(), types));
  const EinsumPath path(problem, types);
  const std::size_t ellipsis_rank = problem.axes.ellipsis_rank.value();
  ASSIGN_OR_RETURN(ir::Tensor y, ir::Tensor::create(context.output_types[0].data_type,
                                                    require_dims(context.output_types[0])));
  if (y.num_elements() == 0) return std::vector{std::move(y)};
  const Status done = dispatch_numeric(y.data_type(), [&]<typename T>() -> Status {
    Einsum<std::conditional_t<std::is_floating_point_v<T>, double, std::uint64_t>> einsum(path);
    for (std::size_t i = 0; i < types.size(); ++i) {
      RETURN_IF_ERROR(einsum.template load<T>(context.inputs[i],
                                              problem.equation.inputs[i].labels(ellipsis_rank)));
    }
    return einsum.template run<T>(problem.equation.output.labels(ellipsis_rank), y);
  });
  RETURN_IF_ERROR(done);
  return std::vector{std::move(y)};
}

}  // namespace

OpDef define_Einsum() {
  return {
      .name = "Einsum", .infer = infer_einsum, .evaluate = evaluate_einsum, .macs = macs_einsum};
}

}  // namespace lathe::ops
