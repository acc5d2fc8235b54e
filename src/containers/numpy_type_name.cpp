// SPDX-License-Identifier: Apache-2.0
//
//   text = [order] type                                    order = "<" | ">" | "=" | "|"
//   type = one letter | kind width | name | ("M8" | "m8" | "datetime64" | "timedelta64") ["[" unit "]"]
#include "containers/numpy_type_name.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace upinspect::containers {

namespace {

/// A type by its one letter. Types of a machine's own width are given that of 64-bit Linux.
struct Letter {
  char letter;
  Dtype dtype;
  std::uint8_t bytes;
  bool ordered;    ///< the byte order matters
  bool own_width;
};

constexpr std::array k_letters{
    Letter{'?', Dtype::boolean, 1, false, false}, Letter{'b', Dtype::i8, 1, false, false},
    Letter{'B', Dtype::u8, 1, false, false},      Letter{'h', Dtype::i16, 2, true, false},
    Letter{'H', Dtype::u16, 2, true, false},      Letter{'i', Dtype::i32, 4, true, false},
    Letter{'I', Dtype::u32, 4, true, false},      Letter{'l', Dtype::i64, 8, true, true},
    Letter{'L', Dtype::u64, 8, true, true},       Letter{'q', Dtype::i64, 8, true, false},
    Letter{'Q', Dtype::u64, 8, true, false},      Letter{'f', Dtype::f32, 4, true, false},
    Letter{'d', Dtype::f64, 8, true, false},      Letter{'g', Dtype::other, 16, true, true},
    Letter{'F', Dtype::c64, 8, true, false},      Letter{'D', Dtype::c128, 16, true, false},
    Letter{'G', Dtype::other, 32, true, true},    Letter{'O', Dtype::other, 8, false, false},
    Letter{'S', Dtype::other, 0, false, false},   Letter{'U', Dtype::other, 0, true, false},
    Letter{'V', Dtype::other, 0, false, false},   Letter{'M', Dtype::other, 8, true, false},
    Letter{'m', Dtype::other, 8, true, false},    Letter{'e', Dtype::f16, 2, true, false},
    // The order up to here is that of numpy's type numbers, which stand for a letter too.
    Letter{'p', Dtype::i64, 8, true, true},       Letter{'P', Dtype::u64, 8, true, true},
    Letter{'a', Dtype::other, 0, false, false},   Letter{'c', Dtype::other, 1, false, false},
};
constexpr std::size_t k_type_numbers = 24;

struct Sized {
  char kind;
  int width;
  char letter;
};
constexpr std::array k_sized{
    Sized{'b', 1, '?'}, Sized{'i', 1, 'b'}, Sized{'i', 2, 'h'}, Sized{'i', 4, 'i'},  Sized{'i', 8, 'q'},
    Sized{'u', 1, 'B'}, Sized{'u', 2, 'H'}, Sized{'u', 4, 'I'}, Sized{'u', 8, 'Q'},  Sized{'f', 2, 'e'},
    Sized{'f', 4, 'f'}, Sized{'f', 8, 'd'}, Sized{'f', 16, 'g'}, Sized{'c', 8, 'F'}, Sized{'c', 16, 'D'},
    Sized{'c', 32, 'G'}, Sized{'O', 4, 'O'}, Sized{'O', 8, 'O'},
};

struct Named {
  std::string_view name;
  char letter;
};
constexpr std::array k_named{
    Named{"bool", '?'},        Named{"bool8", '?'},        Named{"bool_", '?'},      Named{"byte", 'b'},
    Named{"int8", 'b'},        Named{"ubyte", 'B'},        Named{"uint8", 'B'},      Named{"short", 'h'},
    Named{"int16", 'h'},       Named{"ushort", 'H'},       Named{"uint16", 'H'},     Named{"intc", 'i'},
    Named{"int32", 'i'},       Named{"uintc", 'I'},        Named{"uint32", 'I'},     Named{"int", 'l'},
    Named{"int_", 'l'},        Named{"int0", 'p'},         Named{"intp", 'p'},       Named{"long", 'l'},
    Named{"longlong", 'q'},    Named{"int64", 'q'},        Named{"uint", 'L'},       Named{"uint0", 'P'},
    Named{"uintp", 'P'},       Named{"ulong", 'L'},        Named{"ulonglong", 'Q'},  Named{"uint64", 'Q'},
    Named{"half", 'e'},        Named{"float16", 'e'},      Named{"single", 'f'},     Named{"float32", 'f'},
    Named{"double", 'd'},      Named{"float", 'd'},        Named{"float_", 'd'},     Named{"float64", 'd'},
    Named{"longdouble", 'g'},  Named{"longfloat", 'g'},    Named{"float128", 'g'},   Named{"csingle", 'F'},
    Named{"singlecomplex", 'F'}, Named{"complex64", 'F'},  Named{"cdouble", 'D'},    Named{"cfloat", 'D'},
    Named{"complex", 'D'},     Named{"complex_", 'D'},     Named{"complex128", 'D'}, Named{"clongdouble", 'G'},
    Named{"clongfloat", 'G'},  Named{"longcomplex", 'G'},  Named{"complex256", 'G'}, Named{"object", 'O'},
    Named{"object0", 'O'},     Named{"object_", 'O'},      Named{"bytes", 'S'},      Named{"bytes0", 'S'},
    Named{"bytes_", 'S'},      Named{"string_", 'S'},      Named{"str", 'U'},        Named{"str0", 'U'},
    Named{"str_", 'U'},        Named{"unicode", 'U'},      Named{"unicode_", 'U'},   Named{"void", 'V'},
    Named{"void0", 'V'},
};

/// A type, its order apart, before it is known how wide it is.
struct TypeText {
  std::string_view whole;
  char order = '\0';
  std::string_view body;
  std::uint64_t where = 0;
};

NumpyDtype from_letter(const TypeText& text, const Letter& row, std::uint64_t width) {
  NumpyDtype type;
  type.dtype = row.dtype;
  type.objects = row.letter == 'O';
  type.plain_void = row.letter == 'V';
  type.character_bytes = row.letter == 'U' ? 4 : row.bytes == 0 ? 1 : 0;
  type.base_bytes = row.bytes == 0 ? width * type.character_bytes : row.bytes;
  type.name = type.objects ? "object" : row.dtype == Dtype::other ? text.whole : info(row.dtype).name;
  type.order = row.ordered && text.order == '>' ? ByteOrder::big : ByteOrder::little;
  type.own_order = row.ordered && text.order != '<' && text.order != '>';
  if (type.base_bytes > k_most_element_bytes) {
    refuse_descr(text.where, "an element of " + std::to_string(type.base_bytes) + " bytes; numpy has at most 2147483647");
  }
  return type;
}

const Letter& letter_row(char letter) {
  return *std::find_if(k_letters.begin(), k_letters.end(), [letter](const Letter& row) { return row.letter == letter; });
}

std::optional<NumpyDtype> single_letter(const TypeText& text) {
  const auto code = text.body[0];
  const auto number = static_cast<unsigned char>(code);
  const auto found = number < k_type_numbers
                         ? k_letters.begin() + number
                         : std::find_if(k_letters.begin(), k_letters.end(),
                                        [code](const Letter& row) { return row.letter == code; });
  if (found == k_letters.end()) {
    return std::nullopt;
  }
  auto type = from_letter(text, *found, 0);
  type.own_width = found->own_width;
  return type;
}

/// The number behind a type's kind, read as C's strtol does; nothing where that is not all of the rest.
std::optional<std::int64_t> width_of(const TypeText& text) {
  auto digits = text.body.substr(1);
  while (!digits.empty() && is_space(digits.front())) {
    digits.remove_prefix(1);
  }
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) {
    digits.remove_prefix(1);
  }
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) {
    return std::nullopt;
  }
  std::int64_t width = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), width);
  if (error != std::errc{} || (negative && width != 0) || width > static_cast<std::int64_t>(k_most_element_bytes)) {
    refuse_descr(text.where, "an element of " + std::string(text.body.substr(1)) + " characters");
  }
  return width;
}

std::optional<NumpyDtype> kind_and_width(const TypeText& text) {
  const auto width = width_of(text);
  if (!width) {
    return std::nullopt;
  }
  const auto kind = text.body[0];
  if (kind == 'S' || kind == 'a' || kind == 'U' || kind == 'V') {
    return from_letter(text, letter_row(kind), static_cast<std::uint64_t>(*width));
  }
  const auto found = std::find_if(k_sized.begin(), k_sized.end(),
                                  [&](const Sized& row) { return row.kind == kind && row.width == *width; });
  return found == k_sized.end() ? std::nullopt : std::optional(from_letter(text, letter_row(found->letter), 0));
}

bool is_unit(std::string_view unit) {
  constexpr std::array<std::string_view, 14> k_units{"Y",  "M",  "W",           "D",  "h",  "m",  "s",
                                                     "ms", "us", "\xce\xbcs", "ns", "ps", "fs", "as"};
  return std::find(k_units.begin(), k_units.end(), unit) != k_units.end();
}

/// "[ns]", "[25s]", "[25s/4]", or nothing.
bool is_time_unit(std::string_view text) {
  if (text.empty() || text == "[generic]") {
    return true;
  }
  if (text.size() < 3 || text.front() != '[' || text.back() != ']') {
    return false;
  }
  text = text.substr(1, text.size() - 2);
  text.remove_prefix(std::min(text.find_first_not_of("0123456789"), text.size()));
  const auto slash = text.find('/');
  const auto divisor = slash == std::string_view::npos ? "1" : text.substr(slash + 1);
  return is_unit(text.substr(0, slash)) && !divisor.empty() && std::all_of(divisor.begin(), divisor.end(), is_digit);
}

std::optional<NumpyDtype> time_type(const TypeText& text) {
  for (const std::string_view start : {"M8", "m8", "datetime64", "timedelta64"}) {
    if (text.body.starts_with(start)) {
      if (!is_time_unit(text.body.substr(start.size()))) {
        refuse_type_name(text.where, text.whole);
      }
      return from_letter(text, letter_row('M'), 0);
    }
  }
  return std::nullopt;
}

std::optional<NumpyDtype> named_type(const TypeText& text) {
  const auto found = std::find_if(k_named.begin(), k_named.end(), [&](const Named& row) { return row.name == text.whole; });
  if (found == k_named.end()) {
    return std::nullopt;
  }
  const auto& row = letter_row(found->letter);
  auto type = from_letter(text, row, 0);
  type.own_width = row.own_width && found->letter != 'q' && found->letter != 'Q';
  return type;
}

}  // namespace

void refuse_type_name(std::uint64_t where, std::string_view text) {
  refuse_descr(where, "'" + std::string(text.substr(0, 200)) + "' is no element type of numpy");
}

NumpyDtype read_type_name(std::string_view whole, std::uint64_t where) {
  TypeText text{whole, '\0', whole, where};
  if (!whole.empty() && is_order(whole[0])) {
    text.order = whole[0];
    text.body.remove_prefix(1);
  }
  if (text.body.empty()) {
    refuse_type_name(where, whole);
  }
  auto type = text.body.size() == 1 ? single_letter(text) : time_type(text);
  if (!type && text.body.size() > 1) {
    type = kind_and_width(text);
  }
  if (!type) {
    type = named_type(text);
  }
  if (!type) {
    refuse_type_name(where, whole);
  }
  return std::move(*type);
}

}  // namespace upinspect::containers
