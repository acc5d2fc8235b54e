// SPDX-License-Identifier: Apache-2.0
#include "measure/elements.hpp"

#include "bytes/inflate.hpp"
#include "bytes/parse_error.hpp"
#include "model/builder.hpp"
#include "numeric/byte_order.hpp"
#include "numeric/dequantise.hpp"

#include <algorithm>

namespace upinspect::measure {

namespace {

constexpr std::size_t k_packed_block = std::size_t{128} << 10;

/// Bytes of what cannot be cut: an element, or a block of a packed type.
std::size_t unit_of(const Tensor& tensor) {
  if (tensor.dtype != Dtype::other) {
    return std::max<std::size_t>(info(tensor.dtype).block_bytes, 1);
  }
  return tensor.elements == 0 ? 1 : std::max<std::size_t>(static_cast<std::size_t>(tensor.bytes / tensor.elements), 1);
}

std::string counted(std::uint64_t there, std::uint64_t wanted) {
  return "only " + std::to_string(there) + " of its " + std::to_string(wanted) + " bytes are there";
}

class ElementReader {
 public:
  ElementReader(const bytes::Source& source, const Tensor& tensor, std::uint64_t memory, std::uint64_t most_unpacked)
      : m_source(source), m_tensor(tensor), m_memory(memory), m_most_unpacked(most_unpacked) {}

  void read(const ElementSink& sink);
  [[nodiscard]] bool load(std::vector<std::byte>& out);

 private:
  [[nodiscard]] ByteRange provable_span() const;
  void stored(ByteRange range, const ElementSink& sink) const;
  void deflated(ByteRange range, const ElementSink& sink) const;
  void strided(const ElementSink& sink) const;
  [[nodiscard]] bool in_source(ByteRange range) const {
    return range.offset <= m_source.size() && range.length <= m_source.size() - range.offset;
  }

  const bytes::Source& m_source;
  const Tensor& m_tensor;
  std::uint64_t m_memory;
  std::uint64_t m_most_unpacked;
};

/// The span of the elements in the storage, once nothing speaks against reading it.
ByteRange ElementReader::provable_span() const {
  const auto span = model::span_in_storage(m_tensor);
  const auto& location = m_tensor.location;
  if (!span && location.storage_offset == 0 && model::is_row_major(m_tensor)) {
    throw Unreadable(counted(location.storage_bytes, m_tensor.bytes));
  }
  if (!span) {
    throw Unreadable("its elements do not fit its storage");
  }
  if (m_tensor.bytes > k_free_work && m_tensor.bytes / k_expansion > location.storage_bytes) {
    throw Unreadable("the view repeats its storage more than " + std::to_string(k_expansion) + " times");
  }
  const auto stored = location.packing == Packing::stored;
  const auto packed = stored ? ByteRange{location.packed.offset + span->offset, span->length} : location.packed;
  if (!in_source(packed)) {
    const auto start = std::min(packed.offset, m_source.size());
    throw Unreadable(stored ? counted(m_source.size() - start, packed.length)
                            : "the compressed data of its entry are cut short");
  }
  return *span;
}

void ElementReader::stored(ByteRange range, const ElementSink& sink) const {
  const auto unit = unit_of(m_tensor);
  const auto at_once = std::max<std::uint64_t>(m_memory / unit, 1) * unit;
  std::vector<std::byte> block(static_cast<std::size_t>(std::min(at_once, range.length)));
  for (std::uint64_t done = 0; done < range.length; done += block.size()) {
    const auto length = std::min<std::uint64_t>(block.size(), range.length - done);
    const auto piece = std::span(block).first(static_cast<std::size_t>(length));
    m_source.read_at(range.offset + done, piece);
    sink(piece);
  }
}

void ElementReader::deflated(ByteRange range, const ElementSink& sink) const {
  bytes::Inflater inflater(range.end());
  std::uint64_t at = 0;
  const auto output = [&](std::span<const std::byte> block) {
    const auto skip = std::min<std::uint64_t>(range.offset - std::min(range.offset, at), block.size());
    at += block.size();
    block = block.subspan(static_cast<std::size_t>(skip));
    if (!block.empty()) {
      sink(block);
    }
  };
  const auto packed = m_tensor.location.packed;
  std::vector<std::byte> input(static_cast<std::size_t>(std::min<std::uint64_t>(k_packed_block, packed.length)));
  std::uint64_t used = 0;
  while (used < packed.length && at < range.end() && inflater.state() == bytes::InflateState::needs_more) {
    const auto length = std::min<std::uint64_t>(input.size(), packed.length - used);
    const auto piece = std::span(input).first(static_cast<std::size_t>(length));
    m_source.read_at(packed.offset + used, piece);
    used += length;
    inflater.push(piece, output);
  }
  if (at < range.end()) {
    const bool damaged = inflater.state() == bytes::InflateState::corrupt;
    throw Unreadable(damaged ? "the deflated data of its entry are damaged: " + inflater.why()
                             : counted(at - std::min(at, range.offset), range.length) + " in its deflated entry");
  }
}

void ElementReader::strided(const ElementSink& sink) const {
  const auto& location = m_tensor.location;
  if (m_tensor.elements > m_tensor.bytes) {
    throw Unreadable("a strided view of elements smaller than a byte");
  }
  if (location.packing == Packing::stored) {
    gather(m_source, location.packed.offset, m_tensor, m_memory, sink);
    return;
  }
  if (location.storage_bytes > m_most_unpacked / 2) {
    throw Unreadable("a strided view of a deflated entry larger than the memory allowed");
  }
  const bytes::MemorySource storage(bytes::unpack(m_source, location.packed, m_most_unpacked / 2).data);
  gather(storage, location.storage_start, m_tensor, m_memory, sink);
}

void ElementReader::read(const ElementSink& sink) {
  if (!m_tensor.unread.empty()) {
    throw Unreadable(m_tensor.unread);
  }
  if (m_tensor.elements == 0 || m_tensor.bytes == 0) {
    return;
  }
  const auto span = provable_span();
  WholeElements whole(m_tensor, sink);
  const ElementSink feed = [&whole](std::span<const std::byte> piece) { whole.feed(piece); };
  if (!model::is_row_major(m_tensor)) {
    strided(feed);
  } else if (m_tensor.location.packing == Packing::stored) {
    stored({m_tensor.location.packed.offset + span.offset, span.length}, feed);
  } else {
    deflated({m_tensor.location.storage_start + span.offset, span.length}, feed);
  }
}

bool ElementReader::load(std::vector<std::byte>& out) {
  const bool turns = m_tensor.location.order == ByteOrder::big && turning_unit(m_tensor.dtype) > 1;
  const bool empty = m_tensor.elements == 0 || m_tensor.bytes == 0;
  if (turns || empty || !m_tensor.unread.empty() || !model::is_row_major(m_tensor) || m_tensor.location.packing != Packing::stored) {
    return false;
  }
  const auto span = provable_span();
  out.resize(static_cast<std::size_t>(span.length));
  m_source.read_at(m_tensor.location.packed.offset + span.offset, out);
  return true;
}

/// Reads, and says what went wrong in this room's words.
template <typename Reading>
void read_or_say_why(const Reading& reading) {
  try {
    reading();
  } catch (const bytes::ParseError& error) {
    throw Unreadable(std::string("its entry cannot be unpacked: ") + error.what());
  } catch (const bytes::ReadError& error) {
    throw Unreadable(error.what());
  }
}

}  // namespace

std::size_t turning_unit(Dtype dtype) {
  return info(dtype).kind == DtypeKind::block ? info(dtype).block_bytes : info(dtype).swap_unit;
}

void turn_round(Dtype dtype, std::span<std::byte> elements) {
  if (info(dtype).kind == DtypeKind::block) {
    numeric::swap_block_fields(dtype, elements);
  } else {
    numeric::swap_bytes(elements, info(dtype).swap_unit);
  }
}

WholeElements::WholeElements(const Tensor& tensor, const ElementSink& sink)
    : m_sink(sink),
      m_dtype(tensor.dtype),
      m_unit(unit_of(tensor)),
      m_turns(tensor.location.order == ByteOrder::big && turning_unit(tensor.dtype) > 1) {}

void WholeElements::hand_on(std::span<const std::byte> whole) {
  if (whole.empty()) {
    return;
  }
  if (!m_turns) {
    m_sink(whole);
    return;
  }
  m_turned.assign(whole.begin(), whole.end());
  turn_round(m_dtype, m_turned);
  m_sink(m_turned);
}

void WholeElements::feed(std::span<const std::byte> piece) {
  if (!m_split.empty()) {
    const auto missing = piece.first(std::min(piece.size(), m_unit - m_split.size()));
    m_split.insert(m_split.end(), missing.begin(), missing.end());
    piece = piece.subspan(missing.size());
    if (m_split.size() < m_unit) {
      return;
    }
    hand_on(m_split);
    m_split.clear();
  }
  const auto whole = piece.size() / m_unit * m_unit;
  hand_on(piece.first(whole));
  m_split.assign(piece.begin() + static_cast<std::ptrdiff_t>(whole), piece.end());
}

void stream_elements(const bytes::Source& source, const Tensor& tensor, std::uint64_t memory,
                     std::uint64_t most_unpacked, const ElementSink& sink) {
  read_or_say_why([&] { ElementReader(source, tensor, memory, most_unpacked).read(sink); });
}

bool load_elements(const bytes::Source& source, const Tensor& tensor, std::vector<std::byte>& out) {
  bool loaded = false;
  read_or_say_why([&] { loaded = ElementReader(source, tensor, 0, 0).load(out); });
  return loaded;
}

}  // namespace upinspect::measure
