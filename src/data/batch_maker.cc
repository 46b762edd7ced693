#include "data/batch_maker.h"

#include <algorithm>
#include <exception>

namespace lathe::data {
namespace {

// pixel / 255 in the size that the dataset's images share.
Result<Preprocess> plain_preprocess(const Dataset& dataset) {
  const std::vector<std::int64_t> shape = dataset.sample_shape();
  if (shape.empty()) {
    return invalid_argument("the images of {} vary in size; a preprocess must say which to use",
                            dataset.name());
  }
  Preprocess plain;
  plain.channels = shape[0] == 1 ? Channels::kGray : Channels::kRgb;
  plain.height = static_cast<int>(shape[1]);
  plain.width = static_cast<int>(shape[2]);
  plain.mean.assign(static_cast<std::size_t>(shape[0]), 0);
  plain.std.assign(static_cast<std::size_t>(shape[0]), 1);
  return plain;
}

std::vector<std::int64_t> batched(std::int64_t count, const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> dims{count};
  dims.insert(dims.end(), shape.begin(), shape.end());
  return dims;
}

// The first `count` of the batch.
Result<ir::Tensor> shrunk(const ir::Tensor& inputs, std::int64_t count,
                          const std::vector<std::int64_t>& shape) {
  ASSIGN_OR_RETURN(ir::Tensor out,
                   ir::Tensor::create(ir::DataType::kFloat32, batched(count, shape)));
  std::ranges::copy(inputs.data<float>().first(static_cast<std::size_t>(out.num_elements())),
                    out.mutable_data<float>().begin());
  return out;
}

}  // namespace

Result<std::unique_ptr<const BatchMaker>> BatchMaker::create(std::shared_ptr<const Dataset> dataset,
                                                             std::optional<Preprocess> preprocess,
                                                             const LoaderOptions& options) {
  if (options.batch_size < 1) return invalid_argument("batch size {}", options.batch_size);
  RETURN_IF_ERROR(check(options.augmentation));
  if (dataset->size() < 1) return invalid_argument("{}: no samples", dataset->name());
  std::optional<Preprocessor> preprocessor;
  if (dataset->is_images()) {
    if (!preprocess) {
      ASSIGN_OR_RETURN(preprocess, plain_preprocess(*dataset));
    }
    RETURN_IF_ERROR(check(*preprocess).with_context("preprocess"));
    preprocessor.emplace(*std::move(preprocess));
  }
  return std::unique_ptr<const BatchMaker>(
      new BatchMaker(std::move(dataset), std::move(preprocessor), options));
}

BatchMaker::BatchMaker(std::shared_ptr<const Dataset> dataset,
                       std::optional<Preprocessor> preprocessor, const LoaderOptions& options)
    : dataset_(std::move(dataset)),
      preprocessor_(std::move(preprocessor)),
      options_(options),
      shape_(preprocessor_ ? preprocessor_->shape() : dataset_->sample_shape()),
      size_(1),
      cache_(dataset_->size(), preprocessor_ && !dataset_->in_memory() ? options.cache_bytes : 0) {
  for (const std::int64_t extent : shape_) size_ *= static_cast<std::size_t>(extent);
}

Status BatchMaker::fill(std::int64_t index, std::int64_t epoch, std::span<float> out) const {
  if (!preprocessor_) {
    ASSIGN_OR_RETURN(const Sample sample, dataset_->get(index));
    const ir::Tensor features = sample.features.cast(ir::DataType::kFloat32);
    if (features.dims() != shape_) {
      return invalid_data("{}: shape {}, expected {}", dataset_->describe(index),
                          ir::to_string(features.dims()), ir::to_string(shape_));
    }
    std::ranges::copy(features.data<float>(), out.begin());
    return {};
  }
  const Image* kept = cache_.find(index);
  const bool changes = options_.augmentation.any();
  if (kept != nullptr && !changes) {
    preprocessor_->normalize(*kept, out);
    return {};
  }
  Image image;
  if (kept != nullptr) {
    image = *kept;
  } else {
    ASSIGN_OR_RETURN(Sample sample, dataset_->get(index));
    image = preprocessor_->fit(std::move(sample.image));
    cache_.offer(index, image);
  }
  if (changes) {
    Random random = sample_random(options_.seed, epoch, index);
    image = augment(std::move(image), options_.augmentation, random);
  }
  preprocessor_->normalize(image, out);
  return {};
}

Result<MadeBatch> BatchMaker::make_checked(std::span<const std::int64_t> indices,
                                           std::int64_t epoch) const {
  MadeBatch made;
  const std::vector<std::int64_t> dims = batched(static_cast<std::int64_t>(indices.size()), shape_);
  ASSIGN_OR_RETURN(ir::Tensor inputs, ir::Tensor::create(ir::DataType::kFloat32, dims));
  const std::span<float> values = inputs.mutable_data<float>();
  std::vector<std::int64_t> labels;
  for (const std::int64_t index : indices) {
    const Status filled = fill(index, epoch, values.subspan(labels.size() * size_, size_));
    if (!filled.ok()) {
      made.corrupt.emplace_back(index, filled.error());
      if (options_.strict) break;
      continue;
    }
    labels.push_back(dataset_->label(index));
    made.batch.indices.push_back(index);
  }
  if (labels.size() < indices.size()) {
    ASSIGN_OR_RETURN(inputs, shrunk(inputs, static_cast<std::int64_t>(labels.size()), shape_));
  }
  made.batch.inputs = std::move(inputs);
  made.batch.labels = ir::Tensor::vector_int64(labels);
  return made;
}

Result<MadeBatch> BatchMaker::make(std::span<const std::int64_t> indices,
                                   std::int64_t epoch) const {
  try {
    return make_checked(indices, epoch);
  } catch (const std::exception& exception) {  // std::bad_alloc; it must not end a thread
    return error(ErrorCode::kResourceExhausted, "making a batch of {}: {}", dataset_->name(),
                 exception.what());
  }
}

}  // namespace lathe::data
