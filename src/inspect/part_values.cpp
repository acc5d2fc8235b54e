// SPDX-License-Identifier: Apache-2.0
#include "inspect/part_values.hpp"

#include "numeric/values.hpp"
#include "upinspect/inspect.hpp"

#include <fmt/format.h>

namespace upinspect::inspecting {

namespace {

void require_values(const Tensor& tensor, const std::string& role) {
  if (!numeric::has_values(tensor.dtype)) {
    throw lora::UpdateRefused("its part \"" + role + "\" is " + tensor.dtype_name + ", which has no values of its own");
  }
  if (tensor.elements > k_most_part_elements) {
    throw lora::UpdateRefused(fmt::format("its part \"{}\" has {} elements, too many to be measured", role, tensor.elements));
  }
}

template <typename Reading>
void read_all(const Reading& reading) {
  try {
    reading();
  } catch (const InputError& why) {
    throw lora::UpdateRefused(why.what());
  }
}

}  // namespace

lora::PartValues<double> part_values(const Tensor& tensor, const std::string& role, const ElementStream& stream) {
  require_values(tensor, role);
  lora::PartValues<double> part{tensor.shape, std::vector<double>(static_cast<std::size_t>(tensor.elements))};
  const auto& dtype = info(tensor.dtype);
  std::size_t done = 0;
  const auto take = [&](std::span<const std::byte> piece) {
    numeric::decode_values(tensor.dtype, piece, std::span(part.values).subspan(done));
    done += piece.size() / dtype.block_bytes * dtype.block_elements;
  };
  read_all([&] { stream(take); });
  return part;
}

std::optional<lora::PartView> part_view(const Tensor& tensor, const std::string& role, const ElementLoader& load, std::vector<std::byte>& bytes) {
  require_values(tensor, role);
  const auto& dtype = info(tensor.dtype);
  if (dtype.block_elements != 1) {
    return std::nullopt;
  }
  read_all([&] { load(bytes); });
  const auto width = static_cast<std::size_t>(dtype.block_bytes);
  bytes.resize(static_cast<std::size_t>(tensor.elements) * width);
  return lora::PartView{tensor.shape, [&bytes, width, kind = tensor.dtype](std::size_t first, std::span<double> out) {
                          numeric::decode_values(kind, std::span<const std::byte>(bytes).subspan(first * width, out.size() * width), out);
                        }};
}

}  // namespace upinspect::inspecting
