// SPDX-License-Identifier: Apache-2.0
//   entry = "{" field "," field "," field "}"       white space anywhere between
//   field = "dtype" ":" string | "shape" ":" "[" uint,* "]" | "data_offsets" ":" "[" uint "," uint "]"
#include "formats/safetensors_entry.hpp"

#include <algorithm>
#include <array>

namespace upinspect::formats::safetensors {

namespace {

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

constexpr std::size_t k_most_dimensions = 16;
constexpr std::ptrdiff_t k_most_digits = 18;  // which always fit

/// What is read is passed over; each step is false where something else stands there. The text ends with a closing brace, which
/// nothing but `end` passes over: nowhere else need the end of the text be looked for.
class Plain {
 public:
  explicit Plain(std::string_view text) : m_at(text.data()) {}

  [[nodiscard]] bool take(char wanted) noexcept {
    space();
    return take_next(wanted);
  }
  /// The brace, and where it stands.
  [[nodiscard]] const char* end() noexcept {
    space();
    return *m_at == '}' ? m_at : nullptr;
  }
  /// A string without escapes; short, for no name that is looked for is long.
  [[nodiscard]] bool word(std::string_view& out) noexcept {
    constexpr std::size_t k_longest = 16;
    if (!take('"')) {
      return false;
    }
    const auto* const start = m_at;
    while (*m_at == '_' || is_alphanumeric(*m_at)) {
      ++m_at;
    }
    out = {start, static_cast<std::size_t>(m_at - start)};
    return out.size() <= k_longest && take_next('"');
  }
  [[nodiscard]] bool number(std::uint64_t& out) noexcept {
    space();
    const auto* const start = m_at;
    out = 0;
    while (is_digit(*m_at) && m_at - start <= k_most_digits) {
      out = 10 * out + static_cast<std::uint64_t>(*m_at - '0');
      ++m_at;
    }
    const auto digits = m_at - start;
    return digits != 0 && digits <= k_most_digits && (digits == 1 || *start != '0');
  }

 private:
  static bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
  static bool is_alphanumeric(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
  [[nodiscard]] bool take_next(char wanted) noexcept {
    const bool there = *m_at == wanted;
    m_at += there ? 1 : 0;
    return there;
  }
  void space() noexcept {
    while (*m_at == ' ' || *m_at == '\n' || *m_at == '\r' || *m_at == '\t') {
      ++m_at;
    }
  }

  const char* m_at;
};

bool read_dtype(Plain& in, Entry& entry) {
  std::string_view name;
  const bool read = in.word(name);
  if (read && (entry.dtype == nullptr || entry.dtype->name != name)) {
    entry.dtype = find_dtype(name);
  }
  return read && entry.dtype != nullptr;
}

bool read_shape(Plain& in, Entry& entry) {
  if (!in.take('[')) {
    return false;
  }
  std::array<std::uint64_t, k_most_dimensions> dimensions{};
  std::size_t count = 0;
  if (!in.take(']')) {
    do {
      if (count == k_most_dimensions || !in.number(dimensions[count])) {
        return false;
      }
      ++count;
    } while (in.take(','));
    if (!in.take(']')) {
      return false;
    }
  }
  entry.shape.assign(dimensions.begin(), dimensions.begin() + static_cast<std::ptrdiff_t>(count));
  return true;
}

bool read_offsets(Plain& in, Entry& entry) {
  return in.take('[') && in.number(entry.begin) && in.take(',') && in.number(entry.end) && in.take(']');
}

/// Which field it was, a bit each; 0 where it was none.
unsigned read_field(Plain& in, Entry& entry) {
  std::string_view key;
  if (!in.word(key) || !in.take(':')) {
    return 0;
  }
  if (key == "dtype") {
    return read_dtype(in, entry) ? 1 : 0;
  }
  if (key == "shape") {
    return read_shape(in, entry) ? 2 : 0;
  }
  return key == "data_offsets" && read_offsets(in, entry) ? 4 : 0;
}

}  // namespace

const DtypeName* find_dtype(std::string_view name) noexcept {
  const auto* found = std::find_if(k_dtypes.begin(), k_dtypes.end(), [name](const DtypeName& row) {
    return row.name.size() == name.size() && row.name.back() == name.back() && row.name == name;  // most differ at their ends
  });
  return found == k_dtypes.end() ? nullptr : found;
}

std::size_t read_plain_entry(std::string_view text, Entry& entry) {
  constexpr unsigned k_all = 7;
  const auto opening = text.find_first_not_of(" \n\r\t");
  const auto closing = opening == std::string_view::npos || text[opening] != '{' ? std::string_view::npos : text.find('}', opening);
  if (closing == std::string_view::npos) {
    return 0;
  }
  Plain in(text.substr(opening + 1, closing - opening));
  unsigned seen = 0;
  for (unsigned i = 0; i < 3; ++i) {
    const auto field = (i == 0 || in.take(',')) ? read_field(in, entry) : 0U;
    if (field == 0) {
      return 0;
    }
    seen |= field;
  }
  const auto* const end = in.end();
  return seen == k_all && end != nullptr ? static_cast<std::size_t>(end + 1 - text.data()) : 0;
}

}  // namespace upinspect::formats::safetensors
