// SPDX-License-Identifier: Apache-2.0
//
//   npy    = "\x93NUMPY" | major u8 | minor u8 | length | header | data
//   length = u16le (version 1.0) | u32le (2.0, 3.0)        header = Python dict, latin-1 (1.0, 2.0) or UTF-8 (3.0)
//
// The dict has exactly the keys descr, fortran_order and shape; spaces and a line end pad it to a multiple of 64 bytes.
// Nothing marks the end of the data: numpy does not look at what follows them.
#include "containers/npy_header.hpp"

#include "bytes/json_reader.hpp"
#include "bytes/python_literal.hpp"

#include <algorithm>

namespace upinspect::containers {

namespace {

using bytes::Cursor;
using bytes::PythonKind;
using bytes::PythonValue;

// Writers pad to 64 bytes, and since numpy 1.25 leave room for a first dimension of up to 21 digits.
constexpr std::size_t k_usual_padding = 64 + 21;

void find(std::vector<Finding>& findings, std::string id, Severity severity, std::string message, ByteRange where) {
  Finding finding;
  finding.id = std::move(id);
  finding.severity = severity;
  finding.message = std::move(message);
  finding.offset = where.offset;
  if (where.length > 0) {
    finding.length = where.length;
  }
  findings.push_back(std::move(finding));
}

class HeaderReader {
 public:
  HeaderReader(Cursor& in, std::vector<Finding>& findings) : m_in(in), m_findings(findings) {}

  NpyHeader read();

 private:
  void magic_and_version();
  void text();
  void check_length();
  void check_rest(const PythonValue& dict);
  void keys(const PythonValue& dict);
  void shape(const PythonValue& value);
  void order(const PythonValue& value);
  void note_dtype(const PythonValue& descr);
  void note(std::string id, Severity severity, std::string message, ByteRange where) {
    find(m_findings, std::move(id), severity, std::move(message), where);
  }
  [[noreturn]] static void fail(std::uint64_t offset, const char* field, std::string why) {
    Cursor::fail_at(offset, field, std::move(why));
  }

  Cursor& m_in;
  std::vector<Finding>& m_findings;
  NpyHeader m_header;
  std::string m_text;
  std::uint64_t m_text_offset = 0;
};

NpyHeader HeaderReader::read() {
  magic_and_version();
  text();
  check_length();
  const bool latin1 = m_header.major < 3;
  const bytes::PythonRules rules{latin1 ? bytes::PythonText::latin1 : bytes::PythonText::utf8, latin1};
  const auto dict = bytes::parse_python_literal(m_text, m_text_offset, "header", rules);
  if (!dict.is(PythonKind::dict)) {
    fail(dict.offset, "header", "expected a dict, found a " + std::string(python_type_name(dict.kind)));
  }
  keys(dict);
  check_rest(dict);
  return std::move(m_header);
}

void HeaderReader::magic_and_version() {
  const auto start = m_in.offset();
  if (m_in.text(k_npy_magic.size(), "magic") != k_npy_magic) {
    fail(start, "magic", "expected \\x93NUMPY");
  }
  const auto at = m_in.offset();
  const auto version = m_in.le<std::uint16_t>("version");
  m_header.major = version & 0xffU;
  m_header.minor = version >> 8U;
  if (m_header.major < 1 || m_header.major > 3 || m_header.minor != 0) {
    fail(at, "version", "numpy reads 1.0, 2.0 and 3.0, not " + std::to_string(m_header.major) + "." +
                            std::to_string(m_header.minor));
  }
}

void HeaderReader::text() {
  const std::uint64_t length =
      m_header.major == 1 ? m_in.le<std::uint16_t>("header length") : m_in.le<std::uint32_t>("header length");
  m_text_offset = m_in.offset();
  m_text = m_in.text(length, "header", k_npy_header_bytes);
  m_header.data_start = m_in.offset();
  if (m_header.major == 3) {
    bytes::require_utf8(m_text, m_text_offset, "header");
  }
}

void HeaderReader::check_length() {
  const auto is_start = [this](char c) { return m_header.major < 3 || (static_cast<unsigned char>(c) & 0xc0U) != 0x80; };
  const auto characters = static_cast<std::uint64_t>(std::count_if(m_text.begin(), m_text.end(), is_start));
  if (characters > k_npy_header_characters) {
    note("npy.header-length", Severity::error,
         "the header has " + std::to_string(characters) +
             " characters; numpy refuses more than 10000 unless max_header_size is raised or pickles are allowed",
         ByteRange{m_text_offset, m_text.size()});
  }
}

/// True where the dict is longer than its content and numpy's way to print it account for.
bool has_hidden_text(const PythonValue& dict) {
  constexpr std::size_t k_slack = 8;
  const auto text = compact_python(dict);
  const auto separators = std::count_if(text.begin(), text.end(), [](char c) { return c == ',' || c == ':'; });
  return dict.end - dict.offset > text.size() + static_cast<std::size_t>(separators) + k_slack;
}

/// Only blanks stand around the dict in what numpy writes, and single spaces in it.
void HeaderReader::check_rest(const PythonValue& dict) {
  const auto used = static_cast<std::size_t>(dict.end - m_text_offset);
  const auto tail = std::string_view(m_text).substr(used);
  const ByteRange where{dict.end, tail.size()};
  const auto line_end = std::min(tail.find('\n'), tail.size());
  const bool other = tail.find_first_not_of(" \n") != std::string_view::npos || line_end + 1 < tail.size();
  if (other || dict.offset != m_text_offset || has_hidden_text(dict)) {
    note("npy.header-text", Severity::warning,
         "the header holds more than its dict and padding (comments, other white space); numpy ignores it, so it can "
         "carry a message",
         other ? where : ByteRange{m_text_offset, dict.end - m_text_offset});
  } else if (tail.size() > k_usual_padding) {
    note("npy.header-padding", Severity::warning,
         "the header is padded with " + std::to_string(tail.size()) + " bytes; numpy pads with at most " +
             std::to_string(k_usual_padding),
         where);
  }
}

void HeaderReader::keys(const PythonValue& dict) {
  const PythonValue* descr = nullptr;
  const PythonValue* fortran_order = nullptr;
  const PythonValue* dimensions = nullptr;
  for (std::size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const auto& key = dict.items[i];
    const auto** slot = key.text == "descr" ? &descr : key.text == "fortran_order" ? &fortran_order : &dimensions;
    if (!key.is(PythonKind::string) || (slot == &dimensions && key.text != "shape")) {
      fail(key.offset, "header", "the key " + compact_python(key).substr(0, 200) +
                                     " is none of descr, fortran_order, shape; numpy takes exactly these");
    }
    if (*slot != nullptr) {
      note("npy.duplicate-key", Severity::warning, "the key " + key.text + " stands twice; readers keep the last value",
           ByteRange{key.offset, key.end - key.offset});
    }
    *slot = &dict.items[i + 1];
  }
  for (const auto& [value, name] : {std::pair(descr, "descr"), std::pair(fortran_order, "fortran_order"),
                                    std::pair(dimensions, "shape")}) {
    if (value == nullptr) {
      fail(dict.offset, "header", std::string("the key ") + name + " is missing");
    }
  }
  shape(*dimensions);
  order(*fortran_order);
  m_header.dtype = read_npy_descr(*descr);
  note_dtype(*descr);
}

void HeaderReader::shape(const PythonValue& value) {
  if (!value.is(PythonKind::tuple)) {
    fail(value.offset, "shape", "expected a tuple, found " + compact_python(value).substr(0, 200));
  }
  m_header.shape_offset = value.offset;
  for (const auto& item : value.items) {
    if (!item.is(PythonKind::integer)) {
      fail(item.offset, "shape", "expected an integer, found " + compact_python(item).substr(0, 200));
    }
    if (item.wide || item.magnitude > static_cast<std::uint64_t>(INT64_MAX)) {
      fail(item.offset, "shape", "the dimension " + compact_python(item).substr(0, 200) + " does not fit 63 bits");
    }
    const auto size = static_cast<std::int64_t>(item.magnitude);
    m_header.shape.push_back(item.negative ? -size : size);
  }
}

void HeaderReader::order(const PythonValue& value) {
  if (!value.is(PythonKind::boolean)) {
    fail(value.offset, "fortran_order", "expected True or False, found " + compact_python(value).substr(0, 200));
  }
  m_header.fortran_order = value.truth;
}

void HeaderReader::note_dtype(const PythonValue& descr) {
  const auto& type = m_header.dtype;
  const ByteRange where{descr.offset, descr.end - descr.offset};
  if (type.own_order) {
    note("npy.native-byte-order", Severity::note,
         "the byte order is left to the machine that reads; taken as little-endian (numpy always writes it down)", where);
  }
  if (type.own_width) {
    note("npy.platform-width", Severity::note,
         "the type's width depends on the machine that reads; taken as on 64-bit Linux (numpy always writes it down)",
         where);
  }
  if (type.plain_void && type.base_bytes > 0) {
    const auto guess = type.base_bytes == 2   ? "; ml_dtypes writes bfloat16 so"
                       : type.base_bytes == 1 ? "; ml_dtypes writes its 8-bit and 4-bit types so"
                                              : "";
    note("npy.void-type", Severity::note,
         "the elements are " + std::to_string(type.base_bytes) + " bytes without a type" + guess, where);
  }
}

// --- Layout -----------------------------------------------------------------------------------------------------

class Layout {
 public:
  Layout(const NpyHeader& header, std::uint64_t available, NpyStream stream)
      : m_header(header), m_type(header.dtype), m_available(available), m_stream(stream) {}

  NpyArray lay_out();

 private:
  void check_size();
  void resolve();
  void resolve_negative(std::int64_t count);
  void append_inner();
  [[nodiscard]] bool fits_by_chance() const;
  void column_major();
  void measure();
  void name_type();
  [[noreturn]] void refuse(std::string why) const { Cursor::fail_at(m_header.shape_offset, "shape", std::move(why)); }
  void note(std::string id, Severity severity, std::string message) {
    find(m_array.findings, std::move(id), severity, std::move(message), ByteRange{m_header.shape_offset, 0});
  }

  const NpyHeader& m_header;
  const NumpyDtype& m_type;
  std::uint64_t m_available;
  NpyStream m_stream;
  NpyArray m_array;
};

NpyArray Layout::lay_out() {
  name_type();
  check_size();
  resolve();
  append_inner();
  measure();
  if (m_header.fortran_order && m_array.wanted > 0) {
    column_major();
  }
  return std::move(m_array);
}

void Layout::name_type() {
  auto& tensor = m_array.tensor;
  tensor.dtype = m_type.dtype;
  tensor.dtype_name = m_type.name;
  tensor.location.order = m_type.order;
  m_array.objects = m_type.objects;
  if (m_type.objects) {
    tensor.unread = "its elements are Python objects in a pickle, which is not run";
  }
}

/// numpy counts elements and bytes in 63 bits, and leaves zeros out where it counts bytes.
void Layout::check_size() {
  constexpr std::size_t k_most = 64;
  constexpr std::size_t k_most_before_2 = 32;
  const auto dimensions = m_header.shape.size();
  if (dimensions > k_most) {
    refuse("numpy has arrays of at most 64 dimensions, this one has " + std::to_string(dimensions));
  }
  if (dimensions > k_most_before_2) {
    note("npy.dimensions", Severity::warning, "numpy before 2.0 refuses arrays of more than 32 dimensions, this one has " +
                                                  std::to_string(dimensions));
  }
  auto shape = m_header.shape;
  if (m_header.fortran_order) {
    std::reverse(shape.begin(), shape.end());
  }
  std::int64_t elements = 1;
  auto bytes = static_cast<std::int64_t>(m_type.base_bytes);
  bool fits = true;
  const auto count_bytes = [&](std::int64_t size) {
    fits = fits && !__builtin_mul_overflow(bytes, std::max(size, std::int64_t{1}), &bytes);
  };
  for (const auto size : shape) {
    count_bytes(size);
    fits = fits && (size < 0 || !__builtin_mul_overflow(elements, size, &elements));
  }
  for (const auto size : m_type.inner) {
    count_bytes(static_cast<std::int64_t>(size));
  }
  if (!fits) {
    refuse("the product of the dimensions exceeds 2^63");
  }
}

void Layout::resolve() {
  std::uint64_t count = 1;
  bool negative = false;
  for (const auto size : m_header.shape) {
    count *= static_cast<std::uint64_t>(size);
    negative = negative || size < 0;
  }
  if (negative) {
    resolve_negative(static_cast<std::int64_t>(count));
    return;
  }
  m_array.tensor.shape.assign(m_header.shape.begin(), m_header.shape.end());
}

/// np.fromfile reads to the end of the file where the count is negative, and reshape fits one unknown dimension.
void Layout::resolve_negative(std::int64_t count) {
  const auto item = m_type.bytes();
  const auto unknown = std::count_if(m_header.shape.begin(), m_header.shape.end(), [](auto size) { return size < 0; });
  if (m_stream == NpyStream::member || m_type.objects || item == 0) {
    refuse("negative dimensions are not allowed");
  }
  if (unknown > 1) {
    refuse("only one dimension can be left unknown");
  }
  const auto items = count < 0 ? m_available / item : std::min(static_cast<std::uint64_t>(count), m_available / item);
  const auto elements = items * m_type.inner_elements();
  std::uint64_t known = 1;
  for (const auto size : m_header.shape) {
    known *= size < 0 ? 1 : static_cast<std::uint64_t>(size);
  }
  if (known == 0 || elements % known != 0) {
    refuse(std::to_string(elements) + " elements cannot fill an array of which one dimension is left unknown");
  }
  for (const auto size : m_header.shape) {
    m_array.tensor.shape.push_back(size < 0 ? elements / known : static_cast<std::uint64_t>(size));
  }
  note("npy.negative-dimension", Severity::warning,
       "a dimension is negative: np.load takes it from a file, where the size then depends on the file's length (" +
           std::to_string(elements) + " elements here), and refuses it from an archive or a memory map");
}

/// np.load counts the elements of a sub-array type wrongly and gives up; a memory map appends its dimensions.
void Layout::append_inner() {
  auto& shape = m_array.tensor.shape;
  const bool empty = std::find(shape.begin(), shape.end(), 0U) != shape.end();
  const bool negative = std::any_of(m_header.shape.begin(), m_header.shape.end(), [](auto size) { return size < 0; });
  if (m_type.inner_elements() == 1 || empty || negative || m_type.objects) {
    return;
  }
  if (m_stream == NpyStream::file && fits_by_chance()) {
    note("npy.subarray-type", Severity::warning,
         "the element type is a sub-array: np.load reads the array only because its data are cut short");
    return;
  }
  shape.insert(shape.end(), m_type.inner.begin(), m_type.inner.end());
  note("npy.subarray-type", Severity::error,
       "the element type is a sub-array: np.load cannot reshape the array, only a memory map reads it");
}

/// np.fromfile is content with fewer elements than it was asked for.
bool Layout::fits_by_chance() const {
  std::uint64_t count = 1;
  for (const auto size : m_array.tensor.shape) {
    count *= size;
  }
  const auto item = m_type.bytes();
  return item > 0 && count % m_type.inner_elements() == 0 && m_available / item == count / m_type.inner_elements();
}

void Layout::measure() {
  auto& tensor = m_array.tensor;
  if (m_type.objects) {
    m_array.wanted = m_available;
    m_array.there = m_available;
    return;
  }
  tensor.elements = 1;
  for (const auto size : tensor.shape) {
    tensor.elements *= size;
  }
  m_array.wanted = tensor.elements * m_type.base_bytes;
  m_array.there = std::min(m_array.wanted, m_available);
  tensor.bytes = m_array.wanted;
  if (m_array.there < m_array.wanted) {
    find(m_array.findings, "container.truncated", Severity::error,
         "the array needs " + std::to_string(m_array.wanted) + " bytes of data, " + std::to_string(m_array.there) +
             " are there (" + std::to_string(m_array.wanted - m_array.there) + " missing)",
         ByteRange{m_header.data_start + m_array.there, 0});
  }
}

/// The first dimension runs fastest; those of a sub-array type lie inside the element, in row-major order.
void Layout::column_major() {
  const auto& shape = m_array.tensor.shape;
  std::vector<std::int64_t> strides(shape.size(), 1);
  const auto outer = std::min(shape.size(), m_header.shape.size());
  std::int64_t step = 1;
  for (std::size_t i = shape.size(); i-- > outer;) {
    strides[i] = step;
    step *= static_cast<std::int64_t>(shape[i]);
  }
  for (std::size_t i = 0; i < outer; ++i) {
    strides[i] = step;
    step *= static_cast<std::int64_t>(shape[i]);
  }
  m_array.tensor.location.strides = std::move(strides);
}

}  // namespace

NpyHeader read_npy_header(Cursor& in, std::vector<Finding>& findings) { return HeaderReader(in, findings).read(); }

NpyArray lay_out_npy(const NpyHeader& header, std::uint64_t available, NpyStream stream) {
  return Layout(header, available, stream).lay_out();
}

}  // namespace upinspect::containers
