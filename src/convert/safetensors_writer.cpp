// SPDX-License-Identifier: Apache-2.0
#include "convert/safetensors_writer.hpp"

#include "bytes/checked.hpp"
#include "bytes/json_reader.hpp"
#include "convert/json_text.hpp"
#include "convert/refusal.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace upinspect::convert {

namespace {

constexpr std::uint64_t k_largest_header = 100'000'000;
constexpr std::size_t k_header_alignment = 8;

struct StoredType {
  Dtype dtype;
  std::string_view name;
  std::uint64_t bits;
};

/// In the order of the reference's enumeration, which its writer sorts by, last first.
constexpr std::array k_stored_types{
    StoredType{Dtype::boolean, "BOOL", 8},         StoredType{Dtype::f4, "F4", 4},
    StoredType{Dtype::f6_e2m3, "F6_E2M3", 6},      StoredType{Dtype::f6_e3m2, "F6_E3M2", 6},
    StoredType{Dtype::u8, "U8", 8},                StoredType{Dtype::i8, "I8", 8},
    StoredType{Dtype::f8_e5m2, "F8_E5M2", 8},      StoredType{Dtype::f8_e4m3, "F8_E4M3", 8},
    StoredType{Dtype::f8_e8m0, "F8_E8M0", 8},      StoredType{Dtype::f8_e4m3fnuz, "F8_E4M3FNUZ", 8},
    StoredType{Dtype::f8_e5m2fnuz, "F8_E5M2FNUZ", 8}, StoredType{Dtype::i16, "I16", 16},
    StoredType{Dtype::u16, "U16", 16},             StoredType{Dtype::f16, "F16", 16},
    StoredType{Dtype::bf16, "BF16", 16},           StoredType{Dtype::i32, "I32", 32},
    StoredType{Dtype::u32, "U32", 32},             StoredType{Dtype::f32, "F32", 32},
    StoredType{Dtype::c64, "C64", 64},             StoredType{Dtype::f64, "F64", 64},
    StoredType{Dtype::i64, "I64", 64},             StoredType{Dtype::u64, "U64", 64},
};

/// k_stored_types.size() for a dtype that is not in the table.
std::size_t rank_of(Dtype dtype) noexcept {
  const auto found = std::find_if(k_stored_types.begin(), k_stored_types.end(), [dtype](const StoredType& row) { return row.dtype == dtype; });
  return static_cast<std::size_t>(found - k_stored_types.begin());
}

/// The tensor's size; nothing where it has none that the format can express.
std::optional<std::uint64_t> size_of(const Outgoing& tensor) {
  const auto rank = rank_of(tensor.dtype);
  const auto elements = bytes::checked_product(tensor.shape);
  const auto bits = rank < k_stored_types.size() && elements ? bytes::checked_mul(*elements, k_stored_types[rank].bits) : std::nullopt;
  return bits && *bits % 8 == 0 ? std::optional(*bits / 8) : std::nullopt;
}

void check_tensor(const Outgoing& tensor, Reasons& reasons) {
  if (rank_of(tensor.dtype) == k_stored_types.size()) {
    reasons.add("\"" + tensor.name + "\" is " + std::string(info(tensor.dtype).name) +
                ", which safetensors cannot hold; --dtype f32 (or f16, bf16) writes its values as numbers");
  } else if (!size_of(tensor)) {
    reasons.add("\"" + tensor.name + "\" does not end at a byte, which safetensors cannot hold");
  }
  if (tensor.name == "__metadata__") {
    reasons.add("a tensor is called \"__metadata__\", which safetensors keeps for itself");
  }
  if (bytes::find_invalid_utf8(tensor.name) != std::string::npos) {
    reasons.add("the name \"" + tensor.name + "\" is no UTF-8, which safetensors cannot hold");
  }
}

void check(std::span<const Outgoing> tensors, const Metadata& metadata) {
  Reasons reasons;
  std::set<std::string_view> names;
  for (const auto& tensor : tensors) {
    check_tensor(tensor, reasons);
    if (!names.insert(tensor.name).second) {
      reasons.add("two tensors would be called \"" + tensor.name + "\"");
    }
  }
  for (const auto& [key, value] : metadata) {
    if (bytes::find_invalid_utf8(key + value) != std::string::npos) {
      reasons.add("the metadata \"" + key + "\" is no UTF-8, which safetensors cannot hold");
    }
  }
  reasons.settle();
}

std::vector<std::size_t> order_of(std::span<const Outgoing> tensors, TensorOrder order) {
  std::vector<std::size_t> indices(tensors.size());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    indices[i] = i;
  }
  if (order == TensorOrder::reference) {
    std::sort(indices.begin(), indices.end(), [tensors](std::size_t a, std::size_t b) {
      const auto rank_a = rank_of(tensors[a].dtype);
      const auto rank_b = rank_of(tensors[b].dtype);
      return rank_a != rank_b ? rank_a > rank_b : tensors[a].name < tensors[b].name;
    });
  }
  return indices;
}

void append_metadata(std::string& json, const Metadata& metadata) {
  const std::map<std::string_view, std::string_view> sorted(metadata.begin(), metadata.end());
  json += "\"__metadata__\":{";
  for (const auto& [key, value] : sorted) {
    json += json.back() == '{' ? "" : ",";
    append_json_string(json, key);
    json += ':';
    append_json_string(json, value);
  }
  json += '}';
}

void append_tensor(std::string& json, const Outgoing& tensor, std::uint64_t begin, std::uint64_t end) {
  append_json_string(json, tensor.name);
  json += ":{\"dtype\":\"" + std::string(k_stored_types[rank_of(tensor.dtype)].name) + "\",\"shape\":[";
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    json += (i == 0 ? "" : ",") + std::to_string(tensor.shape[i]);
  }
  json += "],\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
}

std::string with_length(std::string json) {
  json.append((k_header_alignment - json.size() % k_header_alignment) % k_header_alignment, ' ');
  if (json.size() > k_largest_header) {
    throw Refusal("the header would have " + std::to_string(json.size()) + " bytes; safetensors allows 100,000,000");
  }
  std::string header;
  for (unsigned i = 0; i < 8; ++i) {
    header += static_cast<char>((json.size() >> (8 * i)) & 0xff);
  }
  return header + json;
}

}  // namespace

std::optional<std::string_view> safetensors_dtype(Dtype dtype) noexcept {
  const auto rank = rank_of(dtype);
  return rank < k_stored_types.size() ? std::optional(k_stored_types[rank].name) : std::nullopt;
}

SafetensorsLayout lay_out_safetensors(std::span<const Outgoing> tensors, const Metadata& metadata, TensorOrder order) {
  check(tensors, metadata);
  SafetensorsLayout layout;
  layout.order = order_of(tensors, order);
  std::string json = "{";
  if (!metadata.empty()) {
    append_metadata(json, metadata);
  }
  for (const auto index : layout.order) {
    json += json.size() == 1 ? "" : ",";
    const auto end = bytes::checked_add(layout.data_bytes, *size_of(tensors[index]));
    if (!end) {
      throw Refusal("the tensors together have more than 2^64 bytes");
    }
    append_tensor(json, tensors[index], layout.data_bytes, *end);
    layout.data_bytes = *end;
  }
  layout.header = with_length(std::move(json) + "}");
  return layout;
}

void write_safetensors(NewFile& file, std::span<const Outgoing> tensors, const SafetensorsLayout& layout, const Tick& tick) {
  file.write(layout.header);
  for (const auto index : layout.order) {
    const auto& tensor = tensors[index];
    const auto start = file.written();
    tensor.produce([&](std::span<const std::byte> piece) {
      file.write(piece);
      if (tick) {
        tick(file.written() - layout.header.size());
      }
    });
    if (file.written() - start != *size_of(tensor)) {
      throw Refusal("\"" + tensor.name + "\" gave " + std::to_string(file.written() - start) + " bytes, its shape calls for " +
                    std::to_string(*size_of(tensor)));
    }
  }
}

}  // namespace upinspect::convert
