// SPDX-License-Identifier: Apache-2.0
#include "inspect/part_values.hpp"

#include "numeric/values.hpp"
#include "upinspect/inspect.hpp"

#include <fmt/format.h>

namespace upinspect::inspecting {

lora::PartValues<double> part_values(const Tensor& tensor, const std::string& role, const ElementStream& stream) {
  if (!numeric::has_values(tensor.dtype)) {
    throw lora::UpdateRefused("its part \"" + role + "\" is " + tensor.dtype_name + ", which has no values of its own");
  }
  if (tensor.elements > k_most_part_elements) {
    throw lora::UpdateRefused(fmt::format("its part \"{}\" has {} elements, too many to be measured", role, tensor.elements));
  }
  lora::PartValues<double> part{tensor.shape, std::vector<double>(static_cast<std::size_t>(tensor.elements))};
  const auto& dtype = info(tensor.dtype);
  std::size_t done = 0;
  try {
    stream([&](std::span<const std::byte> piece) {
      numeric::decode_values(tensor.dtype, piece, std::span(part.values).subspan(done));
      done += piece.size() / dtype.block_bytes * dtype.block_elements;
    });
  } catch (const InputError& why) {
    throw lora::UpdateRefused(why.what());
  }
  return part;
}

}  // namespace upinspect::inspecting
