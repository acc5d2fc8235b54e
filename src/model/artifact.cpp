// SPDX-License-Identifier: Apache-2.0
#include "upinspect/artifact.hpp"

#include "bytes/checked.hpp"
#include "model/builder.hpp"

namespace upinspect {

std::string label_of(const Region& region, const std::vector<Tensor>& tensors) {
  return region.tensor < tensors.size() ? "tensor " + tensors[region.tensor].name : region.label.str();
}

std::vector<std::int64_t> strides_of(const Tensor& tensor) {
  const bool told = !tensor.location.strides.empty() || !bytes::checked_product(tensor.shape);
  return told ? tensor.location.strides.list() : model::row_major_strides(tensor.shape);
}

}  // namespace upinspect
