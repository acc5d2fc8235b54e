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

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

namespace upinspect::formats::safetensors {

namespace {

using bytes::JsonKind;
using bytes::JsonReader;
using bytes::ParseError;

constexpr std::uint64_t k_length_bytes = 8;

struct DtypeName {
  std::string_view name;
  Dtype dtype;
  std::uint16_t bits;
};

constexpr std::array k_dtypes{
    DtypeName{"BOOL", Dtype::boolean, 8},        DtypeName{"F4", Dtype::f4, 4},
    DtypeName{"F6_E2M3", Dtype::f6_e2m3, 6},     DtypeName{"F6_E3M2", Dtype::f6_e3m2, 6},
    DtypeName{"U8", Dtype::u8, 8},               DtypeName{"I8", Dtype::i8, 8},
    DtypeName{"F8_E5M2", Dtype::f8_e5m2, 8},     DtypeName{"F8_E4M3", Dtype::f8_e4m3, 8},
    DtypeName{"F8_E8M0", Dtype::f8_e8m0, 8},     DtypeName{"F8_E4M3FNUZ", Dtype::f8_e4m3fnuz, 8},
    DtypeName{"F8_E5M2FNUZ", Dtype::f8_e5m2fnuz, 8}, DtypeName{"I16", Dtype::i16, 16},
    DtypeName{"U16", Dtype::u16, 16},            DtypeName{"F16", Dtype::f16, 16},
    DtypeName{"BF16", Dtype::bf16, 16},          DtypeName{"I32", Dtype::i32, 32},
    DtypeName{"U32", Dtype::u32, 32},            DtypeName{"F32", Dtype::f32, 32},
    DtypeName{"C64", Dtype::c64, 64},            DtypeName{"I64", Dtype::i64, 64},
    DtypeName{"U64", Dtype::u64, 64},            DtypeName{"F64", Dtype::f64, 64},
};

struct Entry {
  std::string name;
  const DtypeName* dtype = nullptr;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t json_offset = 0;
};

/// The header's JSON, turned into entries and metadata; what is legal but surprising becomes a warning.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, model::Builder& builder)
      : m_json(text, k_length_bytes, "header JSON"), m_builder(builder) {}

  std::vector<Entry> parse();

 private:
  void metadata();
  void entry(std::string name, std::uint64_t offset);
  void entry_object(Entry& entry);
  void entry_array(Entry& entry);
  void field(Entry& entry, const std::string& key, std::array<bool, 3>& seen);
  const DtypeName* dtype();
  std::vector<std::uint64_t> shape();
  void offsets(Entry& entry);
  void keep(Entry entry);

  JsonReader m_json;
  model::Builder& m_builder;
  bool m_had_metadata = false;
  std::vector<Entry> m_entries;
  std::unordered_map<std::string, std::size_t> m_index;
};

std::vector<Entry> HeaderParser::parse() {
  if (m_json.peek() != JsonKind::object) {
    m_json.fail("invalid type: the header must be a JSON object");
  }
  m_json.enter_object();
  std::string key;
  while (true) {
    const auto before = m_json.offset();
    if (!m_json.next_key(key)) {
      break;
    }
    if (key == "__metadata__") {
      metadata();
    } else {
      entry(key, before);
    }
  }
  m_json.expect_end();
  return std::move(m_entries);
}

void HeaderParser::metadata() {
  if (m_had_metadata) {
    m_json.fail("duplicate field `__metadata__`");
  }
  m_had_metadata = true;
  if (m_json.peek() == JsonKind::null) {
    m_json.null();
    m_builder.detail("metadata", nullptr);
    return;
  }
  if (m_json.peek() != JsonKind::object) {
    m_json.fail("invalid type for __metadata__: expected an object of strings (a map)");
  }
  m_json.enter_object();
  std::string key;
  std::unordered_map<std::string, std::size_t> index;
  auto& object = std::get<Value::Object>(m_builder.artifact.metadata.data);
  while (m_json.next_key(key)) {
    const auto at = m_json.offset();
    if (m_json.peek() != JsonKind::string) {
      m_json.fail("invalid type in __metadata__: expected a string");
    }
    auto text = m_json.string();
    const auto [where, fresh] = index.emplace(key, object.size());
    if (fresh) {
      object.emplace_back(key, std::move(text));
      continue;
    }
    m_builder.find("safetensors.duplicate-key", Severity::warning,
                   "the metadata key \"" + key + "\" stands twice; readers keep the last value", ByteRange{at, 0});
    object[where->second].second = std::move(text);
  }
}

void HeaderParser::entry(std::string name, std::uint64_t offset) {
  Entry made;
  made.name = std::move(name);
  made.json_offset = offset;
  switch (m_json.peek()) {
    case JsonKind::object: entry_object(made); break;
    case JsonKind::array: entry_array(made); break;
    default:
      m_json.fail("invalid type for tensor \"" + made.name + "\": expected an object with dtype, shape and data_offsets");
  }
  keep(std::move(made));
}

void HeaderParser::entry_object(Entry& entry) {
  static constexpr std::array<const char*, 3> k_names{"dtype", "shape", "data_offsets"};
  std::array<bool, 3> seen{};
  m_json.enter_object();
  std::string key;
  while (m_json.next_key(key)) {
    field(entry, key, seen);
  }
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (!seen[i]) {
      m_json.fail("missing field `" + std::string(k_names[i]) + "` in tensor \"" + entry.name + "\"");
    }
  }
}

void HeaderParser::field(Entry& entry, const std::string& key, std::array<bool, 3>& seen) {
  const auto once = [&](std::size_t which) {
    if (seen[which]) {
      m_json.fail("duplicate field `" + key + "` in tensor \"" + entry.name + "\"");
    }
    seen[which] = true;
  };
  if (key == "dtype") {
    once(0);
    entry.dtype = dtype();
  } else if (key == "shape") {
    once(1);
    entry.shape = shape();
  } else if (key == "data_offsets") {
    once(2);
    offsets(entry);
  } else {
    m_builder.find("safetensors.unknown-field", Severity::warning,
                   "the entry has a field \"" + key + "\" that the format does not define; readers ignore it",
                   ByteRange{m_json.offset(), 0}, entry.name);
    m_json.skip();
  }
}

void HeaderParser::entry_array(Entry& entry) {
  const auto next = [this](const char* what) {
    if (!m_json.next_element()) {
      m_json.fail(std::string("invalid length: the entry's array ends before ") + what);
    }
  };
  const auto at = m_json.offset();
  m_json.enter_array();
  next("dtype");
  entry.dtype = dtype();
  next("shape");
  entry.shape = shape();
  next("data_offsets");
  offsets(entry);
  if (m_json.next_element()) {
    m_json.fail("invalid length: the entry's array has more than three elements");
  }
  m_builder.find("safetensors.unusual-entry", Severity::warning,
                 "the entry is an array, which only some readers accept", ByteRange{at, 0}, entry.name);
}

const DtypeName* HeaderParser::dtype() {
  const auto at = m_json.offset();
  std::string name;
  const bool wrapped = m_json.peek() == JsonKind::object;
  if (wrapped) {
    m_json.enter_object();
    if (!m_json.next_key(name)) {
      m_json.fail("dtype: expected a name");
    }
    m_json.null();
    std::string more;
    if (m_json.next_key(more)) {
      m_json.fail("dtype: expected one name");
    }
    m_builder.find("safetensors.unusual-entry", Severity::warning,
                   "the dtype is an object, which only some readers accept", ByteRange{at, 0});
  } else {
    if (m_json.peek() != JsonKind::string) {
      m_json.fail("invalid type for dtype: expected a string");
    }
    name = m_json.string();
  }
  for (const auto& row : k_dtypes) {
    if (row.name == name) {
      return &row;
    }
  }
  throw ParseError(at, "header JSON", "unknown dtype (unknown variant) `" + name + "`");
}

std::vector<std::uint64_t> HeaderParser::shape() {
  if (m_json.peek() != JsonKind::array) {
    m_json.fail("invalid type for shape: expected an array of integers");
  }
  std::vector<std::uint64_t> dimensions;
  m_json.enter_array();
  while (m_json.next_element()) {
    dimensions.push_back(m_json.unsigned_integer());
  }
  return dimensions;
}

void HeaderParser::offsets(Entry& entry) {
  if (m_json.peek() != JsonKind::array) {
    m_json.fail("invalid type for data_offsets: expected an array of two integers");
  }
  m_json.enter_array();
  for (auto* bound : {&entry.begin, &entry.end}) {
    if (!m_json.next_element()) {
      m_json.fail("invalid length of data_offsets: expected 2 integers");
    }
    *bound = m_json.unsigned_integer();
  }
  if (m_json.next_element()) {
    m_json.fail("invalid length of data_offsets: expected 2 integers, found more");
  }
}

void HeaderParser::keep(Entry entry) {
  const auto [where, fresh] = m_index.emplace(entry.name, m_entries.size());
  if (fresh) {
    m_entries.push_back(std::move(entry));
    return;
  }
  auto& earlier = m_entries[where->second];
  m_builder.find("safetensors.duplicate-key", Severity::warning,
                 "the name stands twice, at offsets " + std::to_string(earlier.json_offset) + " and " +
                     std::to_string(entry.json_offset) + "; most readers keep the last, some the first",
                 ByteRange{entry.json_offset, 0}, entry.name);
  earlier = std::move(entry);
}

/// Reads the 8 bytes of the header's length and the header, which must fit the file and the format's limit.
std::string read_header(model::Builder& builder) {
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
  return in.text(length, "header JSON", builder.options().limits.json_header);
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
  void error(const char* id, const Entry& entry, const std::string& message);

  model::Builder& m_builder;
  std::uint64_t m_data_start;
  std::uint64_t m_data_size;
  std::uint64_t m_previous_end = 0;
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
  std::stable_sort(order.begin(), order.end(), [](const Entry* a, const Entry* b) {
    return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
  });
  for (const auto* entry : order) {
    check_one(*entry);
  }
  check_end();
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
                       std::to_string(m_data_size - m_previous_end) + " bytes follow the last tensor",
                   ByteRange{m_data_start + m_previous_end, m_data_size - m_previous_end});
  }
}

void add_tensor(model::Builder& builder, const Entry& entry, std::uint64_t data_start) {
  const auto data_size = builder.source().size() - data_start;
  Tensor tensor;
  tensor.name = entry.name;
  tensor.dtype = entry.dtype->dtype;
  tensor.shape = entry.shape;
  const bool sane = entry.begin <= entry.end && entry.begin <= data_size;
  if (sane) {
    const auto there = std::min(entry.end, data_size) - entry.begin;
    tensor.location.packed = ByteRange{data_start + entry.begin, there};
    tensor.location.storage_bytes = there;
    builder.coverage.label(tensor.location.packed, RegionKind::tensor, "tensor " + entry.name);
  } else {
    tensor.unread = "its data_offsets lie outside of the file";
  }
  builder.add(std::move(tensor));
}

bool is_odd(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

void note_names(model::Builder& builder, const std::vector<Entry>& entries) {
  for (const auto& entry : entries) {
    if (std::any_of(entry.name.begin(), entry.name.end(), is_odd)) {
      builder.find("name.control-character", Severity::warning,
                   "the tensor's name holds control characters, which can deceive a terminal or a log",
                   ByteRange{entry.json_offset, 0}, entry.name);
    }
  }
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

void note_padding(model::Builder& builder, std::string_view header) {
  const auto begin = std::find_if_not(header.begin(), header.end(), is_space);
  const auto end = std::find_if_not(header.rbegin(), header.rend(), is_space).base();
  if (begin != header.begin()) {
    builder.find("safetensors.leading-space", Severity::warning,
                 "white space stands before the header's {; the specification forbids it, readers let it pass",
                 ByteRange{k_length_bytes, static_cast<std::uint64_t>(begin - header.begin())});
  }
  const auto tail = std::string_view(header).substr(static_cast<std::size_t>(end - header.begin()));
  if (tail.find_first_not_of(' ') != std::string_view::npos || tail.size() > 64) {
    builder.find("safetensors.header-whitespace", Severity::warning,
                 "the header is padded with " + std::to_string(tail.size()) +
                     " bytes of white space; writers pad with at most 7 spaces, so these bytes can carry a message",
                 ByteRange{k_length_bytes + header.size() - tail.size(), tail.size()});
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
  const auto header = read_header(builder);
  bytes::require_utf8(header, k_length_bytes, "header");
  const auto entries = HeaderParser(header, builder).parse();
  const auto data_start = k_length_bytes + header.size();
  note_padding(builder, header);
  note_names(builder, entries);
  LayoutCheck(builder, data_start).check(entries);
  for (const auto& entry : entries) {
    add_tensor(builder, entry, data_start);
  }
}

}  // namespace upinspect::formats::safetensors
