// SPDX-License-Identifier: Apache-2.0
#include "model/builder.hpp"

#include "bytes/checked.hpp"
#include "bytes/limit_reached.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace upinspect::model {

namespace {
constexpr std::uint64_t k_findings_each = 1000;
}

void Builder::find(std::string id, Severity severity, std::string message, std::optional<ByteRange> where,
                   std::string tensor) {
  auto& count = m_found[id];
  count.worst = std::max(count.worst, severity);
  if (++count.found > k_findings_each) {
    return;
  }
  Finding finding;
  finding.id = std::move(id);
  finding.severity = severity;
  finding.message = std::move(message);
  finding.tensor = std::move(tensor);
  if (where) {
    finding.offset = where->offset;
    if (where->length > 0) {
      finding.length = where->length;
    }
  }
  artifact.findings.push_back(std::move(finding));
}

void Builder::add_member(MemberClaim member) {
  if (member.packed.length == 0 && member.unread.empty()) {
    return;
  }
  if (members.size() >= k_most_members) {
    ++members_left_out;
    return;
  }
  afford(sizeof(member) + member.name.size() + member.unread.size(), "members of the archive");
  members.push_back(std::move(member));
}

void Builder::detail(std::string key, Value value) {
  std::get<Value::Object>(artifact.format.detail.data).emplace_back(std::move(key), std::move(value));
}

void Builder::metadata(std::string key, Value value) {
  if (affords_metadata(2 * key.size() + model::heap_of(value))) {
    std::get<Value::Object>(artifact.metadata.data).emplace_back(std::move(key), std::move(value));
  }
}

bool Builder::affords_metadata(std::uint64_t bytes) noexcept {
  constexpr std::uint64_t k_member = 3 * sizeof(Value::Object::value_type);
  const bool afforded = m_metadata.take(bytes + k_member);
  m_metadata_dropped += afforded ? 0 : 1;
  return afforded;
}

void Builder::afford(std::uint64_t bytes, std::string_view what) {
  if (!budget.take(bytes)) {
    throw bytes::LimitReached(std::string(what) + " would take more memory than is allowed, what follows was not read");
  }
}

void Builder::close() {
  for (const auto& [id, count] : std::exchange(m_found, {})) {
    if (count.found > k_findings_each) {
      find(id, count.worst, std::to_string(count.found - k_findings_each) + " more findings of this kind are not listed");
    }
  }
  const auto left_out = [this](std::uint64_t count, const std::string& what) {
    if (count > 0) {
      find("limit.reached", Severity::error, std::to_string(count) + what + memory_allowed(m_options.limits.memory));
    }
  };
  left_out(std::exchange(m_metadata_dropped, 0), " metadata entries are not shown: they would take more memory than is allowed");
  left_out(coverage.dropped(), " stretches of the file stay without a label: labels would take more memory than is allowed");
}

/// Measured over hostile files; a list that grows holds its old and its new, twice as large, elements for a moment.
std::uint64_t Builder::heap_of(std::size_t name, std::size_t dimensions) noexcept {
  constexpr std::uint64_t k_each = 900;
  constexpr std::uint64_t k_dimension = 48;
  return k_each + 4 * std::uint64_t{name} + k_dimension * std::uint64_t{dimensions};
}

void Builder::add(Tensor tensor) {
  afford(heap_of(tensor), "the list of tensors");
  if (tensor.dtype_name.empty()) {
    tensor.dtype_name = CompactText::fixed(info(tensor.dtype).name);
  }
  const auto elements = bytes::checked_product(tensor.shape);
  if (!elements) {
    tensor.unread = "the product of its shape exceeds 2^64";
    find("tensor.shape-overflow", Severity::error, "the product of the shape exceeds 2^64 elements", std::nullopt,
         tensor.name);
    artifact.tensors.push_back(std::move(tensor));
    return;
  }
  tensor.elements = *elements;
  if (tensor.dtype != Dtype::other) {
    const auto size = size_of(tensor.dtype, *elements);
    tensor.bytes = size.value_or(0);
    if (!size) {
      const auto& strides = tensor.location.strides;
      const bool repeats = std::find(strides.begin(), strides.end(), 0) != strides.end();
      tensor.unread = repeats ? "its elements overlap or repeat to more than 2^64 bytes" : "its size exceeds 2^64 bytes";
      if (repeats) {
        find("tensor.expanded-view", Severity::warning, tensor.unread, std::nullopt, tensor.name);
      }
    }
  }
  if (!tensor.location.strides.empty() && tensor.location.strides == row_major_strides(tensor.shape)) {
    tensor.location.strides = {};
  }
  artifact.tensors.push_back(std::move(tensor));
}

void Builder::add_decoded(Tensor tensor, std::vector<std::byte> storage) {
  tensor.location.storage_bytes = storage.size();
  charge_decoded(storage.size());
  add(std::move(tensor));
  decoded.emplace_back(artifact.tensors.size() - 1, std::move(storage));
}

std::uint64_t Builder::room_for_decoded() const noexcept {
  const auto most = m_options.limits.memory / 4;
  return std::min(budget.left() / 2, m_decoded_bytes < most ? most - m_decoded_bytes : 0);
}

std::vector<std::int64_t> row_major_strides(const std::vector<std::uint64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  std::int64_t step = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = step;
    if (__builtin_mul_overflow(step, shape[i] == 0 ? 1 : shape[i], &step)) {
      step = std::numeric_limits<std::int64_t>::max();
    }
  }
  return strides;
}

bool is_row_major(const Tensor& tensor) {
  if (tensor.location.strides.empty()) {
    return true;
  }
  const auto expected = row_major_strides(tensor.shape);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const bool counts = tensor.shape[i] > 1;
    if (counts && (i >= tensor.location.strides.size() || tensor.location.strides[i] != expected[i])) {
      return false;
    }
  }
  return true;
}

std::optional<std::uint64_t> size_of(Dtype dtype, std::uint64_t elements) {
  const auto& row = info(dtype);
  if (row.block_elements == 0) {
    return std::nullopt;
  }
  const auto blocks = elements / row.block_elements + (elements % row.block_elements != 0 ? 1 : 0);
  return bytes::checked_mul(blocks, row.block_bytes);
}

std::optional<ByteRange> span_in_storage(const Tensor& tensor) {
  if (tensor.elements == 0) {
    return ByteRange{0, 0};
  }
  const auto& row = info(tensor.dtype);
  if (is_row_major(tensor) || row.block_elements != 1) {
    const auto start = bytes::checked_mul(tensor.location.storage_offset, row.block_bytes);
    const auto base = tensor.dtype == Dtype::other ? std::optional<std::uint64_t>(0) : start;
    if (!base || *base > tensor.location.storage_bytes || tensor.bytes > tensor.location.storage_bytes - *base) {
      return std::nullopt;
    }
    return ByteRange{*base, tensor.bytes};
  }
  std::uint64_t last = tensor.location.storage_offset;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    const auto stride = tensor.location.strides[i];
    const auto reach = stride < 0 ? std::nullopt
                                  : bytes::checked_mul(tensor.shape[i] - 1, static_cast<std::uint64_t>(stride));
    const auto sum = reach ? bytes::checked_add(last, *reach) : std::nullopt;
    if (!sum) {
      return std::nullopt;
    }
    last = *sum;
  }
  const auto storage_elements = tensor.location.storage_bytes / row.block_bytes;
  if (last >= storage_elements) {
    return std::nullopt;
  }
  return ByteRange{tensor.location.storage_offset * row.block_bytes,
                   (last - tensor.location.storage_offset + 1) * row.block_bytes};
}

}  // namespace upinspect::model
