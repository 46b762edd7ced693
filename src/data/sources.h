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

// kNotFound where the folder is not there, with a name that is near; kInvalidArgument where it is a
// file.
Status require_folder(const Path& folder);

// Each opens any split that is there. `name` becomes the dataset's name. Errors name the file or
// the folder.
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
