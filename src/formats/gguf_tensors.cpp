// SPDX-License-Identifier: Apache-2.0
// info = str name | u32 n_dims | i64 ne[n_dims] | i32 ggml type | u64 offset        ne[0] is the length of a row
#include "formats/gguf_tensors.hpp"

#include "bytes/checked.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace upinspect::formats::gguf {

namespace {

constexpr std::uint32_t k_most_dimensions = 4;
// Further dimensions are read, so that what follows can be told; beyond this many the file is no longer believed.
constexpr std::uint32_t k_readable_dimensions = 64;
constexpr std::size_t k_name_capacity = 64;  // ggml's, with its NUL
constexpr auto k_int64_max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
// An info, its tensor, its two labels and its name in the index.
constexpr std::uint64_t k_tensor_cost = sizeof(TensorInfo) + sizeof(Tensor) + 2 * sizeof(Region) + 256;

class InfoReader {
 public:
  explicit InfoReader(Input& input) : m_input(input) {}
  TensorInfo read(std::uint64_t number);

 private:
  void dimensions(TensorInfo& info);
  void check_name(const TensorInfo& info, std::uint64_t number);
  void check_size(TensorInfo& info);
  void check_rows(TensorInfo& info);
  void refuse(const char* id, TensorInfo& info, const std::string& message, const char* unread);

  Input& m_input;
  bool m_negative = false;
};

void InfoReader::refuse(const char* id, TensorInfo& info, const std::string& message, const char* unread) {
  m_input.complain(id, Severity::error, "tensor " + quoted(info.name) + " " + message, info.where, info.name);
  if (info.unread.empty()) {
    info.unread = unread;
  }
}

TensorInfo InfoReader::read(std::uint64_t number) {
  TensorInfo info;
  const auto start = m_input.in.offset();
  auto name = m_input.text("tensor name");
  if (!name || !m_input.afford(k_tensor_cost + 2 * name->size())) {
    throw LimitReached{start, "tensor " + std::to_string(number) + " and those after it need more memory than is allowed"};
  }
  info.name = std::move(*name);
  dimensions(info);
  info.type_number = m_input.number<std::int32_t>("tensor type");
  info.type = tensor_type(info.type_number);
  info.offset = m_input.number<std::uint64_t>("tensor offset");
  info.where = ByteRange{start, m_input.in.offset() - start};
  check_name(info, number);
  check_size(info);
  return info;
}

void InfoReader::dimensions(TensorInfo& info) {
  const auto at = m_input.in.offset();
  const auto count = m_input.number<std::uint32_t>("number of dimensions");
  if (count > k_readable_dimensions) {
    m_input.in.fail_at(at, "number of dimensions", "tensor " + quoted(info.name) + " has invalid number of dimensions: " +
                                                       std::to_string(count) + " > " + std::to_string(k_most_dimensions));
  }
  info.where = ByteRange{at, 4};
  if (count > k_most_dimensions) {
    refuse("gguf.dimensions", info, "has invalid number of dimensions: " + std::to_string(count) + " > " +
                                        std::to_string(k_most_dimensions), "ggml has no tensors of so many dimensions");
  }
  m_negative = false;
  for (std::uint32_t i = 0; i < count; ++i) {
    info.where = ByteRange{m_input.in.offset(), 8};
    const auto size = m_input.number<std::int64_t>("dimension");
    if (size < 0) {
      m_negative = true;
      refuse("gguf.dimensions", info, "dimension " + std::to_string(i) + " has invalid number of elements: " +
                                          std::to_string(size) + " < 0", "a dimension is negative");
    }
    info.shape.push_back(static_cast<std::uint64_t>(size));
  }
  std::reverse(info.shape.begin(), info.shape.end());
  if (m_negative) {
    info.shape.clear();
  }
}

void InfoReader::check_name(const TensorInfo& info, std::uint64_t number) {
  if (info.name.size() >= k_name_capacity) {
    m_input.complain("gguf.tensor-name", Severity::error,
                     "tensor name " + std::to_string(number) + " is too long: " + std::to_string(info.name.size()) +
                         " >= " + std::to_string(k_name_capacity),
                     info.where, info.name);
  }
  if (info.name.empty()) {
    m_input.complain("gguf.tensor-name", Severity::warning, "tensor " + std::to_string(number) + " has an empty name", info.where);
  }
  if (has_control(info.name)) {
    m_input.complain("name.control-character", Severity::warning,
                     "the tensor's name holds control characters, which can deceive a terminal or a log", info.where, info.name);
  }
}

// ggml multiplies dimensions without looking at the carry as long as the product wraps to 0, and then takes the tensor
// for an empty one. That is accepted here too, with a warning, and not measured.
void InfoReader::check_size(TensorInfo& info) {
  if (m_negative) {
    return;
  }
  const bool has_zero = std::find(info.shape.begin(), info.shape.end(), 0U) != info.shape.end();
  const auto product = has_zero ? std::optional<std::uint64_t>(0) : bytes::checked_product(info.shape);
  std::uint64_t wrapped = 1;
  for (const auto size : info.shape) {
    wrapped *= size;
  }
  if (!product && wrapped == 0) {
    info.bytes = 0;
    info.unread = "the product of its shape exceeds 2^64; ggml computes 0 and takes it for an empty tensor";
    m_input.complain("tensor.shape-overflow", Severity::warning, "tensor " + quoted(info.name) + ": " + info.unread,
                     info.where, info.name);
    return;
  }
  if (!product || *product >= k_int64_max) {
    refuse("tensor.shape-overflow", info,
           "has a shape whose total number of elements is >= 9223372036854775807 and whose size in bytes cannot be told",
           "the product of its shape is too large");
    return;
  }
  info.elements = *product;
  check_rows(info);
}

void InfoReader::check_rows(TensorInfo& info) {
  if (info.type == nullptr) {
    refuse("gguf.tensor-type", info, "has invalid ggml type " + std::to_string(info.type_number) + ", which should be in [0, " +
                                         std::to_string(k_tensor_types) + ")",
           "its type is not known");
    return;
  }
  const auto row = info.shape.empty() ? 1 : info.shape.back();
  const auto block = info.type->block_elements;
  if (block == 0 || row % block != 0) {
    refuse(block == 0 ? "gguf.tensor-type" : "gguf.row-size", info,
           "of type " + std::to_string(info.type_number) + " (" + std::string(info.type->name) + ") has " + std::to_string(row) +
               " elements per row, not a multiple of block size (" + std::to_string(block) + ")",
           block == 0 ? "its type was withdrawn" : "its rows are no whole blocks");
    return;
  }
  const auto size = bytes::checked_mul(info.elements / block, info.type->block_bytes);
  if (!size) {
    refuse("tensor.shape-overflow", info, "has a size in bytes > 18446744073709551615", "its size exceeds 2^64 bytes");
    return;
  }
  if (info.unread.empty()) {
    info.bytes = *size;
  }
}

/// ggml keeps names as C strings: what follows a NUL is not part of the name.
std::string_view as_c_string(const TensorInfo& info) {
  return std::string_view(info.name).substr(0, info.name.find('\0'));
}

// Sorted, because names can be made to collide in a hash table.
void check_duplicates(Input& input, const std::vector<TensorInfo>& infos) {
  std::vector<std::size_t> order(infos.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(as_c_string(infos[a]), a) < std::pair(as_c_string(infos[b]), b);
  });
  for (std::size_t i = 1; i < order.size(); ++i) {
    const auto& info = infos[order[i]];
    if (as_c_string(infos[order[i - 1]]) == as_c_string(info)) {
      input.complain("gguf.tensor-name", Severity::error,
                     "duplicate tensor name " + quoted(as_c_string(info)) + " for tensors " + std::to_string(order[i - 1]) +
                         " and " + std::to_string(order[i]),
                     info.where, info.name);
    }
  }
}

}  // namespace

void read_tensor_infos(Input& input, std::uint64_t count, std::vector<TensorInfo>& infos) {
  const bytes::Cursor::Structure structure(input.in, "tensor infos");
  InfoReader reader(input);
  for (std::uint64_t i = 0; i < count; ++i) {
    in_context([&] { return "tensor info " + std::to_string(i + 1) + " of " + std::to_string(count); },
               [&] { infos.push_back(reader.read(i)); });
  }
  check_duplicates(input, infos);
}

}  // namespace upinspect::formats::gguf
