// SPDX-License-Identifier: Apache-2.0
#include "diff/side.hpp"

#include <algorithm>
#include <filesystem>

namespace upinspect::diff {
namespace {

bool is_row_major(const Tensor& tensor) {
  const auto& strides = tensor.location.strides;
  if (strides.empty()) {
    return true;
  }
  if (strides.size() != tensor.shape.size()) {
    return false;
  }
  std::uint64_t expected = 1;
  for (std::size_t i = strides.size(); i-- > 0;) {
    if (tensor.shape[i] != 1 && (strides[i] < 0 || static_cast<std::uint64_t>(strides[i]) != expected)) {
      return false;
    }
    expected *= tensor.shape[i];
  }
  return true;
}

/// Of a safetensors index and its like the tensors lie in other files.
bool is_index(const Artifact& artifact) { return artifact.format.id.ends_with("-index") || artifact.format.id == "adapter-config"; }

}  // namespace

Side::Side(const std::string& path, const InspectOptions& options) : m_opened(path, options) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path, ignored)) {
    m_file = std::make_unique<bytes::FileSource>(path);
  }
}

std::optional<ByteRange> Side::plain(std::size_t index) const {
  const auto& of = tensor(index);
  const auto& location = of.location;
  const auto& row = info(of.dtype);
  if (m_file == nullptr || is_index(artifact()) || of.elements == 0 || !m_opened.lies_in_file(index) || location.packing != Packing::stored || row.block_elements != 1 ||
      (location.order == ByteOrder::big && row.swap_unit > 1) || !is_row_major(of)) {
    return std::nullopt;
  }
  const auto size = std::uint64_t{row.block_bytes};
  if (size == 0 || location.storage_offset > m_file->size() / size) {
    return std::nullopt;
  }
  const auto start = location.storage_offset * size;
  const auto end = m_file->size();
  if (location.packed.offset > end || start > end - location.packed.offset || of.bytes > end - location.packed.offset - start ||
      of.bytes != of.elements * size) {
    return std::nullopt;
  }
  return ByteRange{location.packed.offset + start, of.bytes};
}

std::vector<std::byte> Side::read(std::size_t index, std::uint64_t first, std::uint64_t length) const {
  std::vector<std::byte> result(static_cast<std::size_t>(length));
  if (const auto range = plain(index)) {
    m_file->read_at(range->offset + first, result);
    return result;
  }
  std::uint64_t at = 0;
  stream(index, [&](std::span<const std::byte> piece) {
    const auto begin = std::max(at, first);
    const auto end = std::min(at + piece.size(), first + length);
    if (begin < end) {
      const auto part = piece.subspan(static_cast<std::size_t>(begin - at), static_cast<std::size_t>(end - begin));
      std::copy(part.begin(), part.end(), result.begin() + static_cast<std::ptrdiff_t>(begin - first));
    }
    at += piece.size();
  });
  return result;
}

}  // namespace upinspect::diff
