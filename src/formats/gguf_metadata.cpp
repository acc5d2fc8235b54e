// SPDX-License-Identifier: Apache-2.0
// pair  = str key | i32 type | value            str = u64 length | bytes
// array = i32 type of the elements | u64 count | elements
#include "formats/gguf_metadata.hpp"

#include "bytes/json_reader.hpp"
#include "formats/gguf_types.hpp"
#include "model/named_code.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <tuple>
#include <vector>

namespace upinspect::formats::gguf {

namespace {

// Of the specification; ggml reads longer ones.
constexpr std::size_t k_longest_key = 65535;
// ggml reads no array with more elements.
constexpr std::uint64_t k_longest_array = std::uint64_t{1} << 30;

// A pair's place in the artifact and in the index of keys.
constexpr std::uint64_t k_pair_cost = 2 * sizeof(Value::Object::value_type) + 64;

class MetadataReader {
 public:
  explicit MetadataReader(Input& input) : m_input(input) {}

  void pair();
  /// Reports keys that stand more than once and keeps their first values only.
  void settle_duplicates();
  /// Where the reader is, for the text of an error.
  [[nodiscard]] std::string place(std::uint64_t number, std::uint64_t count) const;
  [[nodiscard]] const Settings& settings() const noexcept { return m_settings; }

 private:
  void check_key(ByteRange where);
  ValueType type();
  Value value(ValueType type);
  Value scalar(ValueType type);
  Value string();
  Value array();
  Value skipped_array(ValueType type, std::uint64_t count);
  void report_oddities(ByteRange where);
  void check_template(const Value& value, ByteRange where);
  void alignment(ValueType type, const Value& value, ByteRange where);

  Input& m_input;
  Settings m_settings;
  std::vector<ByteRange> m_places;  ///< of the pairs' keys, in the order of the metadata
  std::string m_key;
  std::uint64_t m_odd_bools = 0;
  std::uint64_t m_bad_texts = 0;
  bool m_incomplete = false;
};

std::string MetadataReader::place(std::uint64_t number, std::uint64_t count) const {
  return "key-value pair " + std::to_string(number + 1) + " of " + std::to_string(count) +
         (m_key.empty() ? std::string() : ", key " + quoted(m_key));
}

void MetadataReader::pair() {
  m_key.clear();
  m_odd_bools = m_bad_texts = 0;
  m_incomplete = false;
  const auto start = m_input.in.offset();
  auto key = m_input.text("key");
  m_key = key.value_or("(a key that is not kept)");
  if (!m_input.afford(k_pair_cost + m_key.size())) {
    throw LimitReached{start, "the metadata need more memory than is allowed: what follows was not read"};
  }
  const ByteRange where{start, m_input.in.offset() - start};
  check_key(where);
  const auto kind = type();
  auto read = value(kind);
  report_oddities(ByteRange{start, m_input.in.offset() - start});
  check_template(read, where);
  if (m_key == "general.alignment") {
    alignment(kind, read, where);
  }
  // The key's place stands in a list beside this one: paid for above, and never left out.
  std::get<Value::Object>(m_input.builder.artifact.metadata.data).emplace_back(m_key, std::move(read));
  m_places.push_back(where);
}

void MetadataReader::check_key(ByteRange where) {
  if (m_key.empty()) {
    m_input.complain("gguf.empty-key", Severity::error, "a metadata key is empty; ggml refuses the file", where);
  } else if (has_control(m_key)) {
    m_input.complain("name.control-character", Severity::warning,
                     "the metadata key " + quoted(m_key) + " holds control characters, which can deceive a terminal or a log",
                     where);
  } else if (std::any_of(m_key.begin(), m_key.end(), [](char c) { return static_cast<unsigned char>(c) > 0x7f; })) {
    m_input.complain("gguf.key-spelling", Severity::warning,
                     "the metadata key " + quoted(m_key) + " is not ASCII, as the specification asks; ggml takes it", where);
  } else if (m_key.size() > k_longest_key) {
    m_input.complain("gguf.key-spelling", Severity::warning,
                     "a metadata key is " + std::to_string(m_key.size()) + " bytes long; the specification allows " +
                         std::to_string(k_longest_key) + ", ggml takes it",
                     where);
  }
}

// Sorted, because keys can be made to collide in a hash table.
void MetadataReader::settle_duplicates() {
  auto& pairs = std::get<Value::Object>(m_input.builder.artifact.metadata.data);
  std::vector<std::size_t> order(m_places.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tie(pairs[a].first, a) < std::tie(pairs[b].first, b);
  });
  std::vector<std::size_t> doubles;
  for (std::size_t i = 1; i < order.size(); ++i) {
    const auto& key = pairs[order[i]].first;
    if (pairs[order[i - 1]].first == key) {
      doubles.push_back(order[i]);
      m_input.complain("gguf.duplicate-key", Severity::error,
                       "duplicate key " + quoted(key) + " for key-value pairs " + std::to_string(order[i - 1]) + " and " +
                           std::to_string(order[i]) + "; ggml refuses the file, and the first value is shown",
                       m_places[order[i]]);
    }
  }
  std::sort(doubles.begin(), doubles.end());
  std::size_t number = 0;
  std::erase_if(pairs, [&](const auto&) { return std::binary_search(doubles.begin(), doubles.end(), number++); });
}

ValueType MetadataReader::type() {
  const auto at = m_input.in.offset();
  const auto number = m_input.number<std::int32_t>("value type");
  if (number < 0 || number >= k_value_types) {
    m_input.in.fail_at(at, "value type", "invalid GGUF type " + std::to_string(number) + "; types are 0 to 12");
  }
  return static_cast<ValueType>(number);
}

Value MetadataReader::value(ValueType type) {
  switch (type) {
    case ValueType::string: return string();
    case ValueType::array: return array();
    default: return scalar(type);
  }
}

Value MetadataReader::scalar(ValueType type) {
  constexpr std::string_view k_field = "value";
  switch (type) {
    case ValueType::u8: return std::uint64_t{m_input.number<std::uint8_t>(k_field)};
    case ValueType::i8: return std::int64_t{m_input.number<std::int8_t>(k_field)};
    case ValueType::u16: return std::uint64_t{m_input.number<std::uint16_t>(k_field)};
    case ValueType::i16: return std::int64_t{m_input.number<std::int16_t>(k_field)};
    case ValueType::u32: return std::uint64_t{m_input.number<std::uint32_t>(k_field)};
    case ValueType::i32: return std::int64_t{m_input.number<std::int32_t>(k_field)};
    case ValueType::u64: return m_input.number<std::uint64_t>(k_field);
    case ValueType::i64: return m_input.number<std::int64_t>(k_field);
    case ValueType::f32: return double{std::bit_cast<float>(m_input.number<std::uint32_t>(k_field))};
    case ValueType::f64: return std::bit_cast<double>(m_input.number<std::uint64_t>(k_field));
    case ValueType::boolean: {
      const auto byte = m_input.number<std::uint8_t>(k_field);
      m_odd_bools += byte > 1 ? 1U : 0U;
      return byte != 0;
    }
    case ValueType::string:
    case ValueType::array: break;
  }
  return nullptr;
}

Value MetadataReader::string() {
  auto text = m_input.text("string");
  if (!text) {
    m_incomplete = true;
    return nullptr;
  }
  if (bytes::find_invalid_utf8(*text) != std::string_view::npos) {
    ++m_bad_texts;
  }
  return std::move(*text);
}

Value MetadataReader::array() {
  auto& in = m_input.in;
  const auto start = in.offset();
  const auto element = type();
  if (element == ValueType::array) {
    in.fail_at(start, "array element type", "invalid GGUF type 9: an array of arrays, which ggml refuses");
  }
  const auto at = in.offset();
  const auto count = m_input.number<std::uint64_t>("array length");
  if (count > k_longest_array) {
    in.fail_at(at, "array length", std::to_string(count) + " elements exceed the maximum " + std::to_string(k_longest_array));
  }
  const std::uint64_t wanted = count * info(element).fewest_bytes;
  if (wanted > in.remaining()) {
    bytes::ParseError error(at, "array length",
                            std::to_string(count) + " elements of " + std::string(info(element).name) + " need at least " +
                                std::to_string(wanted) + " bytes, " + std::to_string(in.remaining()) + " are left");
    error.truncated = true;
    throw error;
  }
  if (!m_input.afford(count * sizeof(Value))) {
    return skipped_array(element, count);
  }
  Value::Array values;
  values.reserve(static_cast<std::size_t>(count));
  for (std::uint64_t i = 0; i < count; ++i) {
    values.push_back(value(element));
  }
  return values;
}

Value MetadataReader::skipped_array(ValueType type, std::uint64_t count) {
  m_incomplete = true;
  if (type == ValueType::string) {
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto length = m_input.number<std::uint64_t>("string length");
      m_input.in.skip(length, "string");
    }
  } else {
    m_input.in.skip(count * info(type).fewest_bytes, "array");
  }
  return nullptr;
}

void MetadataReader::report_oddities(ByteRange where) {
  if (m_odd_bools > 0) {
    m_input.complain("gguf.bool-value", Severity::warning,
                     "the metadata key " + quoted(m_key) + " holds " + std::to_string(m_odd_bools) +
                         " bool that is neither 0 nor 1; ggml takes it for true",
                     where);
  }
  if (m_bad_texts > 0) {
    m_input.complain("gguf.not-utf8", Severity::warning,
                     "the metadata key " + quoted(m_key) + " holds " + std::to_string(m_bad_texts) + " text that is not UTF-8",
                     where);
  }
  if (m_incomplete) {
    m_input.complain("limit.reached", Severity::warning,
                     "the value of the metadata key " + quoted(m_key) + " needs more memory than is allowed and is not shown",
                     where);
  }
}

// Templates are Jinja, which some programs render unguarded: names like these lead out of it (CVE-2024-34359).
void MetadataReader::check_template(const Value& value, ByteRange where) {
  const auto* text = value.if_string();
  if (text == nullptr || m_key.find("chat_template") == std::string::npos) {
    return;
  }
  if (const auto name = model::way_out_of_template(*text); !name.empty()) {
    m_input.complain("gguf.template-code", Severity::error,
                     "the template " + quoted(m_key) + " uses " + std::string(name) +
                         ", which no chat template needs: a program that renders it unguarded can be made to run code",
                     where);
  }
}

void MetadataReader::alignment(ValueType type, const Value& value, ByteRange where) {
  m_settings.alignment = 0;
  if (type != ValueType::u32) {
    m_input.complain("gguf.alignment", Severity::error,
                     "key 'general.alignment' must be of type u32 but is " + std::string(info(type).name), where);
    return;
  }
  const auto wanted = static_cast<std::uint32_t>(std::get<std::uint64_t>(value.data));
  if (!std::has_single_bit(wanted)) {
    m_input.complain("gguf.alignment", Severity::error, "alignment " + std::to_string(wanted) + " is not a power of 2", where);
    return;
  }
  m_settings.alignment = wanted;
  if (wanted % 8 != 0) {
    m_input.complain("gguf.alignment", Severity::warning,
                     "alignment " + std::to_string(wanted) + " is not a multiple of 8, as the specification asks; ggml takes it",
                     where);
  }
}

}  // namespace

Settings read_metadata(Input& input, std::uint64_t count) {
  const bytes::Cursor::Structure structure(input.in, "metadata", RegionKind::metadata);
  MetadataReader reader(input);
  try {
    for (std::uint64_t i = 0; i < count; ++i) {
      in_context([&] { return reader.place(i, count); }, [&] { reader.pair(); });
    }
  } catch (...) {
    reader.settle_duplicates();
    throw;
  }
  reader.settle_duplicates();
  return reader.settings();
}

}  // namespace upinspect::formats::gguf
