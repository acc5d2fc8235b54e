// SPDX-License-Identifier: Apache-2.0
#include "formats/safetensors_header.hpp"

#include "bytes/json_reader.hpp"
#include "bytes/limit_reached.hpp"
#include "formats/name_index.hpp"
#include "formats/safetensors_entry.hpp"

#include <array>
#include <unordered_map>
#include <utility>

namespace upinspect::formats::safetensors {

namespace {

using bytes::JsonKind;
using bytes::JsonReader;
using bytes::ParseError;

/// The header's JSON, turned into entries and metadata; what is legal but surprising becomes a warning.
class HeaderParser {
 public:
  HeaderParser(ByteRange range, model::Builder& builder)
      : m_json(builder.source(), range, "header JSON"), m_builder(builder) {
    m_json.limit_strings(builder.options().limits.memory / 8);
  }

  Header parse();

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
  void read(Header& out);
  void afford(const Entry& entry);

  JsonReader m_json;
  model::Builder& m_builder;
  bool m_had_metadata = false;
  std::vector<Entry> m_entries;
  std::uint64_t m_owed = 0;  ///< what the tensors will take that these entries become
  NameIndex m_index;         ///< of the entries
};

Header HeaderParser::parse() {
  Header out;
  try {
    read(out);
  } catch (const bytes::LimitReached& limit) {
    out.limit = limit.what();
  }
  out.entries = std::move(m_entries);
  return out;
}

void HeaderParser::read(Header& out) {
  if (m_json.peek() != JsonKind::object) {
    m_json.fail("invalid type: the header must be a JSON object");
  }
  out.begins = m_json.offset();
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
      entry(std::move(key), before);
    }
  }
  out.ends = m_json.offset();
  m_json.expect_end();
}

/// An entry lives beside the tensor that it becomes. The tensor is paid for when it is added; here it must fit.
void HeaderParser::afford(const Entry& entry) {
  constexpr std::uint64_t k_label = 200;
  constexpr std::uint64_t k_index = 64;
  m_builder.afford(2 * sizeof(Entry) + k_index + 2 * entry.name.size(), "the list of tensors");
  m_owed += model::Builder::heap_of(entry.name.size(), entry.shape.size()) + k_label;
  if (m_owed > m_builder.budget.left()) {
    m_builder.afford(m_owed, "the list of tensors");
  }
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
  const auto memory = m_builder.options().limits.memory;
  std::string key;
  std::unordered_map<std::string, std::size_t> index;
  auto& object = std::get<Value::Object>(m_builder.artifact.metadata.data);
  while (m_json.next_key(key)) {
    const auto at = m_json.offset();
    if (m_json.peek() != JsonKind::string) {
      m_json.fail("invalid type in __metadata__: expected a string");
    }
    std::string text;
    const bool whole = m_json.string_up_to(text, memory / 8);
    const auto [where, fresh] = index.emplace(key, object.size());
    if (fresh) {
      if (!m_builder.affords_metadata(whole ? 2 * (key.size() + text.size()) + 128 : memory)) {
        index.erase(where);
        continue;
      }
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
  made.dtype = m_entries.empty() ? nullptr : m_entries.back().dtype;
  if (const auto taken = read_plain_entry(m_json.held(), made); taken != 0) {
    m_json.pass(taken);
    keep(std::move(made));
    return;
  }
  made.shape.clear();
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
  if (const auto* row = find_dtype(name)) {
    return row;
  }
  throw ParseError(at, "header JSON", "unknown dtype (unknown variant) `" + name + "`");
}

std::vector<std::uint64_t> HeaderParser::shape() {
  if (m_json.peek() != JsonKind::array) {
    m_json.fail("invalid type for shape: expected an array of integers");
  }
  std::vector<std::uint64_t> dimensions;
  m_json.enter_array();
  constexpr std::size_t k_at_once = 4096;
  while (m_json.next_element()) {
    if (dimensions.size() % k_at_once == 0 && !dimensions.empty()) {
      m_builder.afford(k_at_once * 6 * sizeof(std::uint64_t), "a shape of more than " + std::to_string(dimensions.size()) + " dimensions");
    }
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
  const auto hash = NameIndex::hash_of(entry.name);
  const auto earlier = m_index.find(entry.name, hash, [this](std::uint32_t number) { return std::string_view(m_entries[number].name); });
  if (!earlier) {
    afford(entry);
    m_index.add(hash, static_cast<std::uint32_t>(m_entries.size()));
    m_entries.push_back(std::move(entry));
    return;
  }
  m_builder.find("safetensors.duplicate-key", Severity::warning,
                 "the name stands twice, at offsets " + std::to_string(m_entries[*earlier].json_offset) + " and " +
                     std::to_string(entry.json_offset) + "; most readers keep the last, some the first",
                 ByteRange{entry.json_offset, 0}, entry.name);
  m_entries[*earlier] = std::move(entry);
}

}  // namespace

Header parse_header(ByteRange range, model::Builder& builder) { return HeaderParser(range, builder).parse(); }

}  // namespace upinspect::formats::safetensors
