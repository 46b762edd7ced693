// One function per operator that changed between opset 7 and the canonical one. Each gets a node of
// an opset before the change and leaves nodes of the same meaning at the canonical opset. Errors do
// not name the node.
#pragma once

#include "formats/onnx/node_upgrade.h"

namespace lathe::formats {

// ReduceMean before 18, Squeeze and Unsqueeze before 13: attribute `axes` becomes input 1.
Status upgrade_axes(NodeUpgrade& upgrade);
// Before 14: training shown by more than one output becomes training_mode=1; `spatial`=0, which
// version 7 had, is not supported.
Status upgrade_batch_normalization(NodeUpgrade& upgrade);
// Before 11: attributes `min` and `max` become inputs 1 and 2.
Status upgrade_clip(NodeUpgrade& upgrade);
// Before 12: attribute `ratio` becomes input 1.
Status upgrade_dropout(NodeUpgrade& upgrade);
// Before 11: attributes `pads` and `value` become inputs 1 and 2.
Status upgrade_pad(NodeUpgrade& upgrade);
// Softmax and LogSoftmax before 13 normalised over all dimensions from `axis` on together, and
// `axis` was 1 where absent.
Status upgrade_softmax(NodeUpgrade& upgrade);

}  // namespace lathe::formats
