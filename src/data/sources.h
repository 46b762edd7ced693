// What each kind of dataset spec opens; see open_dataset.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "data/dataset.h"

namespace lathe::data {

// Each opens kTrain or kTest. `name` becomes the dataset's name.
Result<std::shared_ptr<const Dataset>> open_fashion_mnist(const std::string& name,
                                                          const Path& folder, Split split);
Result<std::shared_ptr<const Dataset>> open_idx(const std::string& name, const Path& folder,
                                                Split split);
Result<std::shared_ptr<const Dataset>> open_cifar10(const std::string& name, const Path& folder,
                                                    Split split);
Result<std::shared_ptr<const Dataset>> open_image_folder(const std::string& name,
                                                         const Path& folder, Split split);
Result<std::shared_ptr<const Dataset>> open_npz(const std::string& name, const Path& file,
                                                Split split);

}  // namespace lathe::data
