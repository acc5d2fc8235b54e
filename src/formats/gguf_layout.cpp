// SPDX-License-Identifier: Apache-2.0
// fill up to a multiple of the alignment | for each tensor, in the order of the infos: its data | fill
//
// ggml takes a tensor's offset only where it is the padded end of the tensor before it, so that there are no holes, no
// overlaps and no other order. It does not look at the fill, nor at what follows the last tensor. A file that ends
// before its data does is loaded for its metadata all the same, hence the warning in place of an error.
#include "formats/gguf_layout.hpp"

#include "bytes/checked.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace upinspect::formats::gguf {

namespace {

constexpr std::string_view k_fill = "alignment padding";

std::optional<std::uint64_t> padded(std::uint64_t size, std::uint64_t alignment) {
  const auto sum = bytes::checked_add(size, alignment - 1);
  return sum ? std::optional(*sum & ~(alignment - 1)) : std::nullopt;
}

Tensor described(const TensorInfo& info) {
  Tensor tensor;
  tensor.name = info.name;
  tensor.shape = info.shape;
  tensor.elements = info.elements;
  tensor.bytes = info.bytes.value_or(0);
  tensor.unread = info.unread;
  if (info.type == nullptr) {
    tensor.dtype_name = "ggml type " + std::to_string(info.type_number);
    return tensor;
  }
  tensor.dtype = info.type->dtype;
  // Of a withdrawn type the row says more than its name.
  tensor.dtype_name = tensor.dtype == Dtype::other ? info.type->name.substr(0, info.type->name.find_first_of(" ,"))
                                                   : upinspect::info(tensor.dtype).name;
  return tensor;
}

// The builder multiplies a shape that overflows, zeros in it or not, and calls an error what ggml accepts: such tensors
// do not go through it.
void add(model::Builder& builder, Tensor tensor) {
  if (tensor.unread.empty() && tensor.elements != 0) {
    builder.add(std::move(tensor));
  } else {
    if (!bytes::checked_product(tensor.shape)) {
      tensor.location.strides = model::row_major_strides(tensor.shape);
    }
    builder.artifact.tensors.push_back(std::move(tensor));
  }
}

class Layout {
 public:
  Layout(Input& input, std::uint32_t alignment)
      : m_input(input), m_builder(input.builder), m_size(input.builder.source().size()), m_alignment(alignment) {}

  void start(bool any_tensors);
  void place(const TensorInfo& info);
  void finish();

 private:
  void check_offset(const TensorInfo& info);
  void locate(const TensorInfo& info, Tensor& tensor);
  void cut(Tensor& tensor, std::uint64_t there);
  void fill(std::uint64_t begin, std::uint64_t end);
  [[nodiscard]] std::string oddity(ByteRange range) const;

  Input& m_input;
  model::Builder& m_builder;
  std::uint64_t m_size;
  std::uint64_t m_alignment;
  std::optional<std::uint64_t> m_data_start;  ///< nothing where the data section lies past the end of the file
  std::optional<std::uint64_t> m_expected = 0;
  std::uint64_t m_missing = 0;
  bool m_fill_missing = false;
};

void Layout::start(bool any_tensors) {
  if (m_alignment == 0) {
    return;
  }
  const auto behind = m_input.in.offset();
  const auto data = padded(behind, m_alignment);
  if (!any_tensors) {
    fill(behind, std::min(data.value_or(m_size), m_size));
    return;
  }
  m_builder.detail("data_offset", data.value_or(behind));
  if (!data || *data > m_size) {
    m_input.complain("container.truncated", Severity::error,
                     "failed to seek to the beginning of the data section: it would start at " +
                         std::to_string(data.value_or(behind)) + ", the file ends at " + std::to_string(m_size),
                     ByteRange{behind, 0});
    return;
  }
  m_data_start = data;
  fill(behind, *data);
}

void Layout::place(const TensorInfo& info) {
  check_offset(info);
  auto tensor = described(info);
  tensor.location.order = m_input.order;
  if (info.bytes) {
    locate(info, tensor);
  }
  add(m_builder, std::move(tensor));
}

void Layout::check_offset(const TensorInfo& info) {
  if (m_expected && info.offset != *m_expected) {
    const auto expected = *m_expected;
    const auto what = m_alignment != 0 && info.offset % m_alignment != 0 ? std::string("not a multiple of the alignment")
                      : info.offset > expected ? "leaving a hole of " + std::to_string(info.offset - expected) + " bytes"
                                               : std::string("inside or before the tensor that precedes it");
    m_input.complain("gguf.offset", Severity::error,
                     "tensor " + quoted(info.name) + " has offset " + std::to_string(info.offset) + ", expected " +
                         std::to_string(expected) + ": " + what,
                     info.where, info.name);
  }
  // What follows is compared with this tensor's own place, so that one shift is one finding.
  const auto size = info.bytes && m_alignment != 0 ? padded(*info.bytes, m_alignment) : std::nullopt;
  m_expected = size ? bytes::checked_add(info.offset, *size) : std::nullopt;
}

void Layout::locate(const TensorInfo& info, Tensor& tensor) {
  if (m_alignment == 0) {
    tensor.unread = "its place follows from an alignment that is unusable";
    return;
  }
  const auto data_size = m_data_start ? m_size - *m_data_start : 0;
  if (!m_data_start || info.offset > data_size) {
    cut(tensor, 0);
    return;
  }
  const auto start = *m_data_start + info.offset;
  const auto there = std::min(tensor.bytes, m_size - start);
  tensor.location.packed = ByteRange{start, there};
  tensor.location.storage_bytes = there;
  m_builder.coverage.label_tensor(tensor.location.packed, m_builder.artifact.tensors.size());
  if (there < tensor.bytes) {
    cut(tensor, there);
    return;
  }
  const auto end = padded(start + there, m_alignment).value_or(m_size);
  m_fill_missing = m_fill_missing || end > m_size;
  fill(start + there, std::min(end, m_size));
}

void Layout::cut(Tensor& tensor, std::uint64_t there) {
  m_missing = bytes::checked_add(m_missing, tensor.bytes - there).value_or(UINT64_MAX);
  if (tensor.unread.empty() && tensor.bytes > 0) {
    tensor.unread = "only " + std::to_string(there) + " of its " + std::to_string(tensor.bytes) + " bytes are in the file";
  }
}

/// Where fill is not zero and what it holds there; empty where all is as it should be.
std::string Layout::oddity(ByteRange range) const {
  std::array<std::byte, 4096> buffer{};
  for (std::uint64_t done = 0; done < range.length;) {
    const auto piece = std::span(buffer).first(static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), range.length - done)));
    m_builder.source().read_at(range.offset + done, piece);
    const auto odd = std::find_if(piece.begin(), piece.end(), [](std::byte b) { return b != std::byte{0}; });
    if (odd != piece.end()) {
      std::string text;
      std::transform(odd, piece.end(), std::back_inserter(text), [](std::byte b) { return static_cast<char>(b); });
      text.resize(text.find_last_not_of('\0') + 1);
      const auto at = range.offset + done + static_cast<std::uint64_t>(odd - piece.begin());
      return "from offset " + std::to_string(at) + " on" + (has_control(text) ? "" : ": " + quoted(text));
    }
    done += piece.size();
  }
  return {};
}

void Layout::fill(std::uint64_t begin, std::uint64_t end) {
  if (begin >= end) {
    return;
  }
  const ByteRange range{begin, end - begin};
  m_builder.coverage.label(range, RegionKind::padding, k_fill);
  // Between tensors the fill is as far apart as the data: it is looked at where all of the file is.
  const bool in_header = !m_data_start || begin < *m_data_start;
  const auto odd = m_builder.full() || (in_header && range.length <= 4096) ? oddity(range) : std::string();
  if (!odd.empty()) {
    m_input.complain("gguf.padding", Severity::warning,
                     std::to_string(range.length) + " bytes of alignment padding are not all zero, " + odd +
                         "; readers ignore them, so they can carry a message",
                     range);
  }
}

void Layout::finish() {
  if (m_missing > 0 && m_data_start) {
    m_input.complain("container.truncated", Severity::warning,
                     "the tensors need " + std::to_string(m_missing) +
                         " more bytes of data than the file has; ggml reads its metadata but fails on the data",
                     ByteRange{m_size, 0});
  } else if (m_fill_missing) {
    m_input.complain("gguf.padding", Severity::warning,
                     "the file ends before the padding of its last tensor does; ggml reads its metadata but fails on the data",
                     ByteRange{m_size, 0});
  }
}

}  // namespace

void place_tensors(Input& input, const std::vector<TensorInfo>& infos, std::uint32_t alignment) {
  Layout layout(input, alignment);
  layout.start(!infos.empty());
  for (const auto& info : infos) {
    layout.place(info);
  }
  layout.finish();
}

void list_tensors(Input& input, const std::vector<TensorInfo>& infos) {
  for (const auto& info : infos) {
    auto tensor = described(info);
    tensor.location.order = input.order;
    if (tensor.unread.empty()) {
      tensor.unread = "the file breaks off before the place of its data is known";
    }
    add(input.builder, std::move(tensor));
  }
}

}  // namespace upinspect::formats::gguf
