// SPDX-License-Identifier: Apache-2.0
#include "inspect/trainer_window.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace upinspect::inspecting {

namespace {

constexpr std::string_view k_empty_metadata = "\"__metadata__\":{}";

/// Of a JSON string as serde_json writes it: short escapes where there are such, \u00XX for the other control
/// characters, everything else as it is.
std::uint64_t json_length(std::string_view text) {
  std::uint64_t length = 2 + text.size();
  for (const char c : text) {
    const bool short_escape = c == '"' || c == '\\' || c == '\b' || c == '\f' || c == '\n' || c == '\r' || c == '\t';
    length += short_escape ? 1U : static_cast<unsigned char>(c) < 0x20 ? 5U : 0U;
  }
  return length;
}

std::uint64_t digits(std::uint64_t number) { return std::to_string(number).size(); }

/// "name":{"dtype":"F16","shape":[8,4],"data_offsets":[0,64]}
std::uint64_t entry_length(const Tensor& tensor, std::uint64_t data_start) {
  constexpr std::string_view k_frame = ":{\"dtype\":\"\",\"shape\":[],\"data_offsets\":[,]}";
  const auto& packed = tensor.location.packed;
  auto length = json_length(tensor.name) + k_frame.size() + tensor.dtype_name.size();
  for (const auto dimension : tensor.shape) {
    length += digits(dimension);
  }
  length += tensor.shape.empty() ? 0 : tensor.shape.size() - 1;
  return length + digits(packed.offset - data_start) + digits(packed.end() - data_start);
}

/// "ss_a":"…","ss_b":"…"; 0 where there is none.
std::uint64_t settings_length(const Value& metadata) {
  std::uint64_t length = 0;
  const auto* members = metadata.if_object();
  for (std::size_t i = 0; members != nullptr && i < members->size(); ++i) {
    const auto& [key, value] = (*members)[i];
    const auto* text = value.if_string();
    if (key.starts_with("ss_") && text != nullptr) {
      length += (length == 0 ? 0 : 1) + json_length(key) + 1 + json_length(*text);
    }
  }
  return length;
}

}  // namespace

std::vector<std::uint64_t> trainer_data_starts(const Artifact& artifact, std::uint64_t data_start) {
  std::uint64_t entries = 0;
  for (const auto& tensor : artifact.tensors) {
    if (tensor.location.packed.offset < data_start) {
      return {};
    }
    entries += (entries == 0 ? 0 : 1) + entry_length(tensor, data_start);
  }
  const auto settings = settings_length(artifact.metadata);
  const auto with_metadata = 2 + k_empty_metadata.size() + settings + (entries == 0 ? 0 : 1) + entries;
  std::vector<std::uint64_t> lengths{with_metadata};
  if (settings == 0) {
    lengths.push_back(2 + entries);
  }
  std::vector<std::uint64_t> starts;
  for (const auto length : lengths) {
    starts.push_back(8 + (length + 7) / 8 * 8);
    starts.push_back(8 + length);
  }
  std::sort(starts.begin(), starts.end());
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  return starts;
}

}  // namespace upinspect::inspecting
