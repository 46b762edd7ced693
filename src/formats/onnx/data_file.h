// Files of external data beside the models that Lathe writes: MODEL.data, or, where that name is
// taken, MODEL.1.data and so on.
//
// A model and its data are two files, and only one name can change at a time. So data never replace
// data: they are written under a name that is free, then the model is replaced, which switches from
// the one pair to the other, and then the data of the model that was replaced are removed. Whatever
// stops a save in between, the model's name leads to a whole pair, and at worst a data file stays
// that no model names. That holds for several saves at once too: a name belongs to who created the
// file, and what a model named is removed by who replaced that very model, after which the name is
// free again.
#pragma once

#include <string>
#include <string_view>

#include "base/file.h"

namespace lathe::formats {

// Writes data for the model at `model` under the first name that is free and that the model which
// is there now does not name. To be kept once the new model names it.
Result<TemporaryFile> write_data_file(const Path& model, std::string_view data);

// Removes `replaced`, the file that was at `model`, and what it had for data and nobody has now:
// regular files beside `model`, of names as above, and only where Lathe wrote `replaced` and no
// other model in the folder names them. Where that cannot be told, they stay.
void remove_replaced_data(TemporaryFile replaced, const Path& model);

}  // namespace lathe::formats
