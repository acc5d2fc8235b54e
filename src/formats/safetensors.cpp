// SPDX-License-Identifier: Apache-2.0
// safetensors: u64le N | N bytes of JSON, UTF-8 | tensor data. Offsets in the JSON count from 8 + N.
//
//   header = { "__metadata__"? : null | { string : string },
//              name : { "dtype": DTYPE, "shape": [uint...], "data_offsets": [begin, end] } ... }
//
// What is refused and in which order follows the reference reader (Rust crate safetensors): DTYPE may stand as
// {"F32": null} and an entry as an array of its three fields, because serde allows both.
#include "bytes/checked.hpp"
#include "bytes/json_reader.hpp"
#include "formats/format.hpp"
#include "formats/safetensors_header.hpp"

#include <algorithm>
#include <optional>

namespace upinspect::formats::safetensors {

namespace {

using bytes::ParseError;

/// Reads the 8 bytes of the header's length and passes over the header, which must fit the file and the format's limit.
ByteRange find_header(model::Builder& builder) {
  auto in = builder.cursor();
  if (in.remaining() < k_length_bytes) {
    ParseError error(0, "header length", "header too small: the file has " + std::to_string(in.remaining()) +
                                             " bytes, the length alone takes 8");
    error.truncated = true;
    throw error;
  }
  const auto length = in.le<std::uint64_t>("header length");
  builder.detail("header_bytes", length);
  if (length > builder.options().limits.json_header) {
    throw ParseError(0, "header length", "header too large: " + std::to_string(length) + " bytes; the format allows " +
                                             std::to_string(builder.options().limits.json_header));
  }
  if (length > in.remaining()) {
    ParseError error(0, "header length", "invalid header length: the header would be " + std::to_string(length) +
                                             " bytes, " + std::to_string(in.remaining()) + " are left");
    error.truncated = true;
    throw error;
  }
  const bytes::Cursor::Structure structure(in, "header JSON", RegionKind::metadata);
  const ByteRange header{in.offset(), length};
  in.skip(length, "header JSON");
  return header;
}

/// The order and fit of the data ranges, as the reference checks them. Returns the first thing wrong; goes on after
/// it, so that the other tensors are described too.
class LayoutCheck {
 public:
  LayoutCheck(model::Builder& builder, std::uint64_t data_start)
      : m_builder(builder), m_data_start(data_start), m_data_size(builder.source().size() - data_start) {}

  void check(const std::vector<Entry>& entries);

 private:
  void check_one(const Entry& entry);
  void check_size(const Entry& entry);
  void check_end();
  void report_misaligned();
  void error(const char* id, const Entry& entry, const std::string& message);

  model::Builder& m_builder;
  std::uint64_t m_data_start;
  std::uint64_t m_data_size;
  std::uint64_t m_previous_end = 0;
  std::uint64_t m_misaligned = 0;
  const Entry* m_first_misaligned = nullptr;
};

void LayoutCheck::error(const char* id, const Entry& entry, const std::string& message) {
  m_builder.find(id, Severity::error, message, ByteRange{entry.json_offset, 0}, entry.name);
}

void LayoutCheck::check(const std::vector<Entry>& entries) {
  std::vector<const Entry*> order;
  order.reserve(entries.size());
  for (const auto& entry : entries) {
    order.push_back(&entry);
  }
  const auto earlier = [](const Entry* a, const Entry* b) { return std::pair(a->begin, a->end) < std::pair(b->begin, b->end); };
  if (!std::is_sorted(order.begin(), order.end(), earlier)) {
    std::stable_sort(order.begin(), order.end(), earlier);
  }
  for (const auto* entry : order) {
    check_one(*entry);
  }
  check_end();
  report_misaligned();
}

/// The reference takes such files; what maps a file and looks at its elements in place does not.
void LayoutCheck::report_misaligned() {
  if (m_first_misaligned != nullptr) {
    m_builder.find("safetensors.misaligned-data", Severity::note,
                   std::to_string(m_misaligned) + (m_misaligned == 1 ? " tensor lies" : " tensors lie") +
                       " at no multiple of the element size; this is the first: readers that map the file copy such data or "
                       "refuse them", ByteRange{m_data_start + m_first_misaligned->begin, 0}, m_first_misaligned->name);
  }
}

void LayoutCheck::check_one(const Entry& entry) {
  if (entry.end < entry.begin) {
    error("safetensors.invalid-offset", entry,
          "invalid offset: data_offsets end at " + std::to_string(entry.end) + ", before they begin at " +
              std::to_string(entry.begin));
    return;
  }
  if (entry.begin > m_previous_end) {
    error("safetensors.invalid-offset", entry,
          "invalid offset: data begins at " + std::to_string(entry.begin) + ", " +
              std::to_string(entry.begin - m_previous_end) + " bytes after the previous tensor ends (a hole)");
  } else if (entry.begin < m_previous_end) {
    error("safetensors.invalid-offset", entry,
          "invalid offset: data begins at " + std::to_string(entry.begin) + ", inside the previous tensor, which ends at " +
              std::to_string(m_previous_end) + " (an overlap)");
  }
  m_previous_end = std::max(m_previous_end, entry.end);
  const auto element_bytes = std::max<std::uint64_t>(entry.dtype->bits / 8, 1);
  const bool has_data = entry.begin < entry.end && entry.begin < m_data_size;
  if (has_data && (m_data_start + entry.begin) % element_bytes != 0) {
    m_first_misaligned = m_first_misaligned == nullptr ? &entry : m_first_misaligned;
    ++m_misaligned;
  }
  check_size(entry);
}

void LayoutCheck::check_size(const Entry& entry) {
  const auto elements = bytes::checked_product(entry.shape);
  const auto bits = elements ? bytes::checked_mul(*elements, entry.dtype->bits) : std::nullopt;
  if (!bits) {
    error("safetensors.overflow", entry, "validation overflow: the size computed from shape and dtype exceeds 2^64 bits");
  } else if (*bits % 8 != 0) {
    error("safetensors.misaligned-slice", entry, "misaligned slice: " + std::to_string(*bits) +
                                                     " bits do not end at a byte boundary");
  } else if (*bits / 8 != entry.end - entry.begin) {
    error("safetensors.size-mismatch", entry,
          "invalid tensor info: shape and dtype call for " + std::to_string(*bits / 8) + " bytes, data_offsets hold " +
              std::to_string(entry.end - entry.begin));
  }
}

void LayoutCheck::check_end() {
  if (m_previous_end > m_data_size) {
    m_builder.find("container.truncated", Severity::error,
                   "incomplete: the tensors need " + std::to_string(m_previous_end) + " bytes of data, the file has " +
                       std::to_string(m_data_size) + " (" + std::to_string(m_previous_end - m_data_size) + " missing)",
                   ByteRange{m_builder.source().size(), 0});
  } else if (m_previous_end < m_data_size) {
    m_builder.find("container.trailing-data", Severity::error,
                   "incomplete metadata, the file is not fully covered: " +
                       std::to_string(m_data_size - m_previous_end) + " trailing bytes follow the last tensor",
                   ByteRange{m_data_start + m_previous_end, m_data_size - m_previous_end});
  }
}

void add_tensor(model::Builder& builder, Entry& entry, std::uint64_t data_start) {
  const auto data_size = builder.source().size() - data_start;
  Tensor tensor;
  tensor.name = std::move(entry.name);
  tensor.dtype = entry.dtype->dtype;
  tensor.shape = std::move(entry.shape);
  const bool sane = entry.begin <= entry.end && entry.begin <= data_size;
  if (sane) {
    const auto there = std::min(entry.end, data_size) - entry.begin;
    tensor.location.packed = ByteRange{data_start + entry.begin, there};
    tensor.location.storage_bytes = there;
    builder.coverage.label_tensor(tensor.location.packed, builder.artifact.tensors.size());
  } else {
    tensor.unread = "its data_offsets lie outside of the file";
  }
  builder.add(std::move(tensor));
}

bool is_odd(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

void note_names(model::Builder& builder, const std::vector<Entry>& entries) {
  for (const auto& entry : entries) {
    unsigned odd = 0;  // looked for without a break: most names have none
    for (const char c : entry.name) {
      odd |= is_odd(c) ? 1U : 0U;
    }
    if (odd != 0) {
      builder.find("name.control-character", Severity::warning,
                   "the tensor's name holds control characters, which can deceive a terminal or a log",
                   ByteRange{entry.json_offset, 0}, entry.name);
    }
  }
}

/// White space before and after the object, all that is there beside it.
void note_padding(model::Builder& builder, ByteRange text, const Header& header) {
  if (header.begins != text.offset) {
    builder.find("safetensors.leading-space", Severity::warning,
                 "white space stands before the header's {; the specification forbids it, readers let it pass",
                 ByteRange{text.offset, header.begins - text.offset});
  }
  const ByteRange tail{header.ends, text.end() - header.ends};
  constexpr std::uint64_t k_at_once = 65536;
  bool only_spaces = true;
  bytes::Cursor in(builder.source(), tail);
  while (!in.at_end() && only_spaces) {
    only_spaces = in.text(std::min(in.remaining(), k_at_once), "header padding").find_first_not_of(' ') == std::string::npos;
  }
  if (!only_spaces || tail.length > 64) {
    builder.find("safetensors.header-whitespace", Severity::warning,
                 "the header is padded with " + std::to_string(tail.length) +
                     " bytes of white space; writers pad with at most 7 spaces, so these bytes can carry a message", tail);
  }
}

}  // namespace

Claim sniff(const Probe& probe) noexcept {
  const auto length = probe.le64(0);
  if (probe.size() < k_length_bytes + 1 || length > 100'000'000) {
    return Claim::none;
  }
  const auto text = probe.head().substr(k_length_bytes);
  const auto first = text.find_first_not_of(" \t\r\n");
  // A header can be all white space as far as the head shows it (a hostile file can pad it so): try it then.
  if (first == std::string_view::npos) {
    return length > text.size() && !text.empty() ? Claim::likely : Claim::none;
  }
  return text[first] == '{' && first < length ? Claim::certain : Claim::none;
}

void read(const Probe&, model::Builder& builder) {
  const auto text = find_header(builder);
  bytes::require_utf8(builder.source(), text, "header");
  auto header = parse_header(text, builder);
  const auto data_start = text.end();
  note_names(builder, header.entries);
  if (header.limit.empty()) {
    note_padding(builder, text, header);
    LayoutCheck(builder, data_start).check(header.entries);
  } else {
    // The tensors that are missing would look like holes in the data.
    builder.find("limit.reached", Severity::error,
                 "the header was read up to tensor " + std::to_string(header.entries.size()) + ": " + header.limit +
                     model::memory_allowed(builder.options().limits.memory));
  }
  builder.artifact.tensors.reserve(header.entries.size());  // which have been paid for
  for (auto& entry : header.entries) {
    add_tensor(builder, entry, data_start);
  }
}

}  // namespace upinspect::formats::safetensors
