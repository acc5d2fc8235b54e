// SPDX-License-Identifier: Apache-2.0
//
//   descr  = text | (descr, shape) | [field...]
//   field  = (name, descr) | (name, descr, shape)          name = text | (title, text); '' with void is padding
//   text   = type | [order] [repeats] [order] type, comma separated
//   order  = "<" | ">" | "=" | "|"
//
// What is taken and refused follows numpy 1.24; numpy 2 refuses a few spellings more.
#include "containers/numpy_dtype.hpp"

#include "bytes/checked.hpp"
#include "containers/numpy_type_name.hpp"

#include <algorithm>
#include <set>

namespace upinspect::containers {

namespace {

using bytes::PythonKind;
using bytes::PythonValue;

constexpr std::size_t k_most_dimensions = 64;

// --- Sub-arrays -------------------------------------------------------------------------------------------------

std::uint64_t dimension(const PythonValue& value) {
  if (!value.is(PythonKind::integer)) {
    refuse_descr(value.offset, "a sub-array's dimension must be an integer, not " + compact_python(value));
  }
  if (value.wide || (value.negative && value.magnitude != 0) || value.magnitude > k_most_element_bytes) {
    refuse_descr(value.offset, "a sub-array of " + compact_python(value) + " elements");
  }
  return value.magnitude;
}

NumpyDtype of_width(NumpyDtype type, std::uint64_t width, std::uint64_t where) {
  type.base_bytes = width * type.character_bytes;
  if (type.base_bytes > k_most_element_bytes) {
    refuse_descr(where, "an element of " + std::to_string(type.base_bytes) + " bytes; numpy has at most 2147483647");
  }
  type.name = (type.character_bytes == 4 ? "<U" : type.plain_void ? "|V" : "|S") + std::to_string(width);
  return type;
}

NumpyDtype of_shape(NumpyDtype type, const std::vector<std::uint64_t>& shape, std::uint64_t where) {
  if (shape.empty()) {
    return type;
  }
  const auto elements = bytes::checked_product(shape);
  const auto size = elements ? bytes::checked_mul(*elements, type.bytes()) : std::nullopt;
  if (!size || *size > k_most_element_bytes || shape.size() + type.inner.size() > k_most_dimensions) {
    refuse_descr(where, "a sub-array type of more than 2147483647 bytes or 64 dimensions");
  }
  type.inner.insert(type.inner.begin(), shape.begin(), shape.end());
  type.character_bytes = 0;
  type.plain_void = false;
  return type;
}

/// What np.dtype((type, shape)) makes.
NumpyDtype sub_array(NumpyDtype type, const PythonValue& shape) {
  const bool unsized = type.character_bytes != 0 && type.base_bytes == 0;
  if (type.bytes() == 0 && !type.inner.empty()) {
    refuse_descr(shape.offset, "a sub-array of a sub-array of no bytes");
  }
  if (shape.is(PythonKind::integer)) {
    const auto count = dimension(shape);
    if (unsized) {
      return of_width(std::move(type), count, shape.offset);
    }
    return count == 1 ? type : of_shape(std::move(type), {count}, shape.offset);
  }
  const bool listed = shape.is(PythonKind::tuple) || (shape.is(PythonKind::list) && !shape.items.empty());
  if (!listed || unsized) {
    refuse_descr(shape.offset, "expected the shape of a sub-array, found " + compact_python(shape).substr(0, 200));
  }
  std::vector<std::uint64_t> dimensions;
  for (const auto& item : shape.items) {
    dimensions.push_back(dimension(item));
  }
  return of_shape(std::move(type), dimensions, shape.offset);
}

// --- Structured types -------------------------------------------------------------------------------------------

/// Lays fields out one after another, as np.lib.format.descr_to_dtype does.
class Structure {
 public:
  Structure() { m_type.structured = true; }

  void add(NumpyField field, const NumpyDtype& type, std::uint64_t where);
  void pad(std::uint64_t bytes, std::uint64_t where);
  NumpyDtype finish(std::string name) {
    m_type.name = std::move(name);
    return std::move(m_type);
  }

 private:
  NumpyDtype m_type;
  std::set<std::string> m_names;
};

void Structure::pad(std::uint64_t bytes, std::uint64_t where) {
  m_type.base_bytes += bytes;
  if (m_type.base_bytes > k_most_element_bytes) {
    refuse_descr(where, "an element of more than 2147483647 bytes");
  }
}

void Structure::add(NumpyField field, const NumpyDtype& type, std::uint64_t where) {
  for (const auto* name : {&field.name, &field.title}) {
    const bool given = name == &field.name || !name->empty();
    if (given && !m_names.insert(*name).second) {
      refuse_descr(where, "two fields are called '" + *name + "'");
    }
  }
  field.shape = type.inner;
  field.bytes = type.bytes();
  field.offset = m_type.base_bytes;
  pad(field.bytes, where);
  m_type.objects = m_type.objects || type.objects;
  m_type.own_order = m_type.own_order || type.own_order;
  m_type.own_width = m_type.own_width || type.own_width;
  m_type.fields.push_back(std::move(field));
}

std::vector<PythonValue> letters_of(const PythonValue& text) {
  std::vector<PythonValue> letters;
  for (const char c : text.text) {
    if (letters.empty() || (static_cast<unsigned char>(c) & 0xc0U) != 0x80) {
      letters.emplace_back();
      letters.back().kind = PythonKind::string;
      letters.back().offset = text.offset;
    }
    letters.back().text.push_back(c);
  }
  return letters;
}

std::vector<PythonValue> keys_of(const PythonValue& dict) {
  std::vector<PythonValue> keys;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < dict.items.size(); i += 2) {
    if (seen.insert(compact_python(dict.items[i])).second) {
      keys.push_back(dict.items[i]);
    }
  }
  return keys;
}

/// What Python's loops take from a value: numpy loops over anything in place of lists and tuples, so that 'ab' is a
/// field a of type b. Sets have no order that could be known.
std::vector<PythonValue> elements_of(const PythonValue& value) {
  const bool nothing_in_it = value.items.empty() && value.text.empty();
  switch (value.kind) {
    case PythonKind::tuple:
    case PythonKind::list: return value.items;
    case PythonKind::string: return letters_of(value);
    case PythonKind::dict: return keys_of(value);
    case PythonKind::set:
    case PythonKind::bytes:
      if (nothing_in_it) {
        return {};
      }
      break;
    default: break;
  }
  refuse_descr(value.offset, compact_python(value).substr(0, 200) + " describes no element type");
}

NumpyField named_field(const PythonValue& name, const PythonValue& descr) {
  NumpyField field;
  field.dtype = descr.is(PythonKind::string) ? descr.text : compact_python(descr);
  const auto* text = &name;
  if (name.is(PythonKind::tuple)) {
    if (name.items.size() != 2) {
      refuse_descr(name.offset, "a field's name must be text or (title, text)");
    }
    // A title can be any object; only a text can collide with a name.
    const auto& title = name.items[0];
    if (!title.hashable) {
      refuse_descr(title.offset, "a field's title cannot be a " + std::string(python_type_name(title.kind)));
    }
    field.title = title.is(PythonKind::string) ? title.text : std::string();
    text = &name.items[1];
  }
  if (!text->is(PythonKind::string)) {
    refuse_descr(text->offset, "a field's name must be text, not " + compact_python(*text).substr(0, 200));
  }
  field.name = text->text;
  return field;
}

NumpyDtype from_fields(const PythonValue& descr) {
  Structure structure;
  for (const auto& item : elements_of(descr)) {
    const auto parts = elements_of(item);
    if (parts.size() != 2 && parts.size() != 3) {
      refuse_descr(item.offset,
             "a field must have a name, a type and perhaps a shape, not " + std::to_string(parts.size()) + " parts");
    }
    auto type = read_npy_descr(parts[1]);
    if (parts.size() == 3) {
      type = sub_array(std::move(type), parts[2]);
    }
    const bool nameless = parts[0].is(PythonKind::string) && parts[0].text.empty();
    if (nameless && (type.plain_void || !type.inner.empty())) {
      structure.pad(type.bytes(), item.offset);
    } else {
      structure.add(named_field(parts[0], parts[1]), type, item.offset);
    }
  }
  return structure.finish(compact_python(descr));
}

// --- Comma strings ----------------------------------------------------------------------------------------------

bool is_comma_text(std::string_view text) {
  const auto body = !text.empty() && is_order(text[0]) ? text.substr(1) : text;
  if ((!body.empty() && is_digit(body[0])) || (body.starts_with("()") && (body == text || text.size() > 3))) {
    return true;
  }
  int brackets = 0;
  for (std::size_t i = 1; i < text.size(); ++i) {
    brackets += text[i] == '[' ? 1 : text[i] == ']' ? -1 : 0;
    if (text[i] == ',' && brackets == 0) {
      return true;
    }
  }
  return false;
}

/// Reads "2f4, (2,)<i2" part by part, as the regular expressions of numpy.core._internal._commastring match.
class CommaText {
 public:
  CommaText(std::string_view text, std::uint64_t where) : m_whole(text), m_rest(text), m_where(where) {}

  NumpyDtype read();

 private:
  NumpyDtype part(std::string& text);
  void separator();
  std::string_view take_while(bool (*wanted)(char));
  std::string_view take_one(std::string_view of);
  std::string_view repeats();
  std::string_view type();
  char order(std::string_view first, std::string_view second) const;

  std::string_view m_whole;
  std::string_view m_rest;
  std::uint64_t m_where;
};

std::string_view CommaText::take_while(bool (*wanted)(char)) {
  const auto end = std::find_if_not(m_rest.begin(), m_rest.end(), wanted);
  const auto taken = m_rest.substr(0, static_cast<std::size_t>(end - m_rest.begin()));
  m_rest.remove_prefix(taken.size());
  return taken;
}

std::string_view CommaText::take_one(std::string_view of) {
  const auto taken = m_rest.substr(0, !m_rest.empty() && of.find(m_rest[0]) != std::string_view::npos ? 1 : 0);
  m_rest.remove_prefix(taken.size());
  return taken;
}

std::string_view CommaText::repeats() {
  const auto start = m_rest;
  take_while([](char c) { return c == ' '; });
  take_one("(");
  take_while([](char c) { return c == ' ' || c == ',' || is_digit(c); });
  take_one(")");
  take_while([](char c) { return c == ' '; });
  return start.substr(0, start.size() - m_rest.size());
}

std::string_view CommaText::type() {
  const auto start = m_rest;
  const auto is_letter = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto count = [&](std::string_view text, auto&& wanted) {
    return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), wanted) - text.begin());
  };
  auto length = count(start, [&](char c) { return is_letter(c) || c == '.' || c == '?'; });
  if (length < start.size() && start[length] == '[') {
    const auto inside = count(start.substr(length + 1), [&](char c) { return is_letter(c) || c == ',' || c == '.'; });
    const auto close = length + 1 + inside;
    length = close < start.size() && start[close] == ']' ? close + 1 : length;
  }
  m_rest.remove_prefix(length);
  return start.substr(0, length);
}

void CommaText::separator() {
  if (m_rest.empty()) {
    return;
  }
  take_while(is_space);
  if (m_rest.empty()) {
    return;
  }
  if (take_one(",").empty()) {
    refuse_type_name(m_where, m_whole);
  }
  take_while(is_space);
}

char CommaText::order(std::string_view first, std::string_view second) const {
  const auto meant = [](std::string_view text) { return text == "=" ? '<' : text[0]; };
  if (first.empty() && second.empty()) {
    return '\0';
  }
  if (!first.empty() && !second.empty() && meant(first) != meant(second)) {
    refuse_descr(m_where, "'" + std::string(m_whole.substr(0, 200)) + "' gives two byte orders");
  }
  return first.empty() ? second[0] : first[0];
}

NumpyDtype CommaText::part(std::string& text) {
  const auto first = take_one("<>|=");
  const auto count = repeats();
  const auto second = take_one("<>|=");
  const auto name = type();
  separator();
  const auto order_letter = order(first, second);
  text = (order_letter == '\0' ? std::string() : std::string(1, order_letter)) + std::string(name);
  auto made = read_numpy_dtype(text, m_where);
  if (count.empty()) {
    return made;
  }
  auto shape = bytes::parse_python_literal(count, m_where, "descr");
  shape.offset = m_where;
  for (auto& item : shape.items) {
    item.offset = m_where;
  }
  return sub_array(std::move(made), shape);
}

NumpyDtype CommaText::read() {
  std::vector<NumpyDtype> parts;
  std::vector<std::string> texts;
  while (!m_rest.empty()) {
    texts.emplace_back();
    parts.push_back(part(texts.back()));
  }
  if (parts.size() == 1) {
    return std::move(parts[0]);
  }
  Structure structure;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    NumpyField field;
    field.name = "f" + std::to_string(i);
    field.dtype = std::move(texts[i]);
    structure.add(std::move(field), parts[i], m_where);
  }
  return structure.finish(std::string(m_whole));
}

}  // namespace

std::uint64_t NumpyDtype::inner_elements() const noexcept { return bytes::checked_product(inner).value_or(0); }

/// A comma text's parts hold no comma, and every digit less makes it shorter: the depth is two.
NumpyDtype read_numpy_dtype(std::string_view text, std::uint64_t where) {
  return is_comma_text(text) ? CommaText(text, where).read() : read_type_name(text, where);
}

/// As deep as the brackets of the literal, of which there are at most 200.
NumpyDtype read_npy_descr(const PythonValue& descr) {
  if (descr.is(PythonKind::string)) {
    return read_numpy_dtype(descr.text, descr.offset);
  }
  if (descr.is(PythonKind::tuple)) {
    if (descr.items.size() < 2) {
      refuse_descr(descr.offset, "a tuple of a type and a shape has two parts, not " + std::to_string(descr.items.size()));
    }
    return sub_array(read_npy_descr(descr.items[0]), descr.items[1]);
  }
  return from_fields(descr);
}

}  // namespace upinspect::containers
