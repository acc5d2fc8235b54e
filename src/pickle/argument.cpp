// SPDX-License-Identifier: Apache-2.0
#include "pickle/argument.hpp"

#include "pickle/escapes.hpp"

#include <algorithm>
#include <bit>
#include <fmt/format.h>

namespace upinspect::pickle {

namespace {

constexpr std::uint64_t k_block = std::uint64_t{64} << 10;
constexpr std::uint64_t k_longest_line = std::uint64_t{64} << 20;

/// A line without its newline.
std::string take_line(bytes::Cursor& in, std::string_view field) {
  const auto start = in.offset();
  std::string line;
  while (!in.at_end()) {
    const char c = in.le<char>(field);
    if (c == '\n') {
      return line;
    }
    if (line.size() >= k_longest_line) {
      bytes::Cursor::fail_at(start, field, fmt::format("is longer than {} bytes", k_longest_line));
    }
    line += c;
  }
  bytes::ParseError error(start, std::string(field), "has no newline to end it");
  error.truncated = true;
  throw error;
}

std::string take_named_line(bytes::Cursor& in, std::string_view field) {
  const auto start = in.offset();
  auto line = take_line(in, field);
  Utf8Checker checker(Surrogates::refused);
  checker.feed(line);
  if (line.empty()) {
    bytes::Cursor::fail_at(start, field, "is empty");
  }
  if (!checker.finished()) {
    bytes::Cursor::fail_at(start, field, fmt::format("is not UTF-8 at its byte {}", checker.bad_at()));
  }
  return line;
}

void keep(StoredText& text, std::uint64_t most) {
  text.whole = text.value.size() <= most;
  if (!text.whole) {
    text.value = {};
  }
}

void take_bytes(bytes::Cursor& in, std::uint64_t length, std::uint64_t kept, StoredText& out) {
  out.range = {in.offset(), length};
  out.whole = length <= kept;
  if (out.whole) {
    out.value = in.text(length, "content");
  } else {
    in.skip(length, "content");
  }
}

void take_unicode(bytes::Cursor& in, std::uint64_t length, std::uint64_t kept, StoredText& out) {
  if (length > in.remaining()) {
    in.skip(length, "text");  // says what is missing before anything is checked
  }
  out.range = {in.offset(), length};
  out.whole = length <= kept;
  Utf8Checker checker(Surrogates::passed);
  for (auto left = length; left > 0;) {
    const auto piece = in.text(std::min(left, k_block), "text");
    left -= piece.size();
    if (!checker.feed(piece)) {
      break;
    }
    if (out.whole) {
      out.value += piece;
    }
  }
  if (!checker.finished()) {
    bytes::Cursor::fail_at(out.range.offset, "text", fmt::format("is not UTF-8 at its byte {}", checker.bad_at()));
  }
}

/// Brings a str of Python 2 to what the options make of it.
void decode_legacy(StoredText& text, LegacyStrings encoding) {
  const auto is_high = [](char c) { return static_cast<unsigned char>(c) >= 0x80; };
  const auto high = std::find_if(text.value.begin(), text.value.end(), is_high);
  if (high == text.value.end() || encoding == LegacyStrings::bytes) {
    return;
  }
  if (encoding == LegacyStrings::latin1) {
    text.value = utf8_from_latin1(text.value);
    return;
  }
  Utf8Checker checker(Surrogates::refused);
  checker.feed(text.value);
  if (encoding == LegacyStrings::ascii || !checker.finished()) {
    bytes::Cursor::fail_at(
        text.range.offset, "text",
        fmt::format("is not {} at its byte {}", encoding == LegacyStrings::ascii ? "ASCII" : "UTF-8",
                    encoding == LegacyStrings::ascii ? high - text.value.begin()
                                                     : static_cast<std::ptrdiff_t>(checker.bad_at())));
  }
}

void take_legacy(bytes::Cursor& in, std::uint64_t length, const ArgumentOptions& options, StoredText& out) {
  take_bytes(in, length, options.legacy_strings == LegacyStrings::bytes ? options.kept_bytes : k_longest_line, out);
  decode_legacy(out, options.legacy_strings);
  keep(out, options.legacy_strings == LegacyStrings::bytes ? options.kept_bytes : options.kept_text);
}

void take_escaped_line(bytes::Cursor& in, Encoding encoding, const ArgumentOptions& options, StoredText& out) {
  const auto start = in.offset();
  const auto line = take_line(in, "text");
  out.range = {start, line.size()};
  out.encoding = encoding;
  std::string why;
  auto decoded = encoding == Encoding::quoted ? decode_quoted(line, why) : decode_raw_unicode(line, why);
  if (!decoded) {
    bytes::Cursor::fail_at(start, "text", why);
  }
  out.value = std::move(*decoded);
  if (encoding == Encoding::quoted) {
    decode_legacy(out, options.legacy_strings);
  }
  keep(out, options.kept_text);
}

void take_integer_line(bytes::Cursor& in, const OpcodeInfo& opcode, Integer& out) {
  const auto start = in.offset();
  const auto line = take_line(in, "number");
  const bool is_index = opcode.code == Opcode::get || opcode.code == Opcode::put;
  const auto value = is_index ? python_integer(line.substr(0, line.find('\0')), 10)
                     : opcode.argument == ArgumentKind::long_line ? long_line(line)
                                                                   : int_line(line);
  constexpr std::size_t k_long = 4300;  // see numerals.cpp
  if (line.empty() || !value) {
    bytes::Cursor::fail_at(start, "number",
                           line.empty() ? "is empty"
                           : line.size() > k_long ? "is not an integer as Python reads it: 4300 digits are the most"
                                                  : "is not an integer as Python writes it");
  }
  out = *value;
}

void take_float_line(bytes::Cursor& in, double& out) {
  const auto start = in.offset();
  const auto error = float_line(take_line(in, "number"), out);
  if (error != FloatError::none) {
    bytes::Cursor::fail_at(start, "number",
                           error == FloatError::too_large ? "is too large for a float" : "is not a float");
  }
}

void take_long(bytes::Cursor& in, std::int64_t length, const ArgumentOptions& options, Integer& out) {
  if (length < 0) {
    in.fail("length", fmt::format("is negative: {}", length));
  }
  const auto size = static_cast<std::uint64_t>(length);
  if (size <= options.kept_bytes) {
    out = twos_complement(in.bytes(size, "integer"));
    return;
  }
  in.skip(size, "integer");
  out.fits = false;
  out.text = fmt::format("an integer of {} bytes", size);
}

void take_pair(bytes::Cursor& in, Argument& out) {
  const auto start = in.offset();
  out.text.value = take_named_line(in, "module");
  out.name = take_named_line(in, "name");
  out.text.range = {start, in.offset() - start};
}

void take_identifier(bytes::Cursor& in, StoredText& out) {
  const auto start = in.offset();
  out.value = take_line(in, "identifier");
  out.range = {start, out.value.size()};
  decode_legacy(out, LegacyStrings::ascii);
}

/// The arguments without a length of their own.
bool read_number(bytes::Cursor& in, const OpcodeInfo& opcode, Argument& out) {
  switch (opcode.argument) {
    case ArgumentKind::none: return true;
    case ArgumentKind::uint1: out.number = in.le<std::uint8_t>("argument"); return true;
    case ArgumentKind::uint2: out.number = in.le<std::uint16_t>("argument"); return true;
    case ArgumentKind::uint4: out.number = in.le<std::uint32_t>("argument"); return true;
    case ArgumentKind::uint8: out.number = in.le<std::uint64_t>("argument"); return true;
    case ArgumentKind::int4: out.integer.value = in.le<std::int32_t>("argument"); return true;
    case ArgumentKind::float8: out.real = std::bit_cast<double>(in.be<std::uint64_t>("argument")); return true;
    case ArgumentKind::integer_line:
    case ArgumentKind::long_line: take_integer_line(in, opcode, out.integer); return true;
    case ArgumentKind::float_line: take_float_line(in, out.real); return true;
    case ArgumentKind::line_pair: take_pair(in, out); return true;
    case ArgumentKind::line: take_identifier(in, out.text); return true;
    default: return false;
  }
}

}  // namespace

void read_argument(bytes::Cursor& in, const OpcodeInfo& opcode, const ArgumentOptions& options, Argument& out) {
  out = Argument{};
  if (read_number(in, opcode, out)) {
    return;
  }
  switch (opcode.argument) {
    case ArgumentKind::long1: return take_long(in, in.le<std::uint8_t>("length"), options, out.integer);
    case ArgumentKind::long4: return take_long(in, in.le<std::int32_t>("length"), options, out.integer);
    case ArgumentKind::string1: return take_legacy(in, in.le<std::uint8_t>("length"), options, out.text);
    // _pickle reads this length without its sign: -1 is four gigabytes that are not there.
    case ArgumentKind::string4: return take_legacy(in, in.le<std::uint32_t>("length"), options, out.text);
    case ArgumentKind::bytes1: return take_bytes(in, in.le<std::uint8_t>("length"), options.kept_bytes, out.text);
    case ArgumentKind::bytes4: return take_bytes(in, in.le<std::uint32_t>("length"), options.kept_bytes, out.text);
    case ArgumentKind::bytes8:
    case ArgumentKind::bytearray8:
      return take_bytes(in, in.le<std::uint64_t>("length"), options.kept_bytes, out.text);
    case ArgumentKind::unicode1: return take_unicode(in, in.le<std::uint8_t>("length"), options.kept_text, out.text);
    case ArgumentKind::unicode4: return take_unicode(in, in.le<std::uint32_t>("length"), options.kept_text, out.text);
    case ArgumentKind::unicode8: return take_unicode(in, in.le<std::uint64_t>("length"), options.kept_text, out.text);
    case ArgumentKind::unicode_line: return take_escaped_line(in, Encoding::raw_unicode, options, out.text);
    case ArgumentKind::quoted_line: return take_escaped_line(in, Encoding::quoted, options, out.text);
    default: return;
  }
}

std::string describe(const OpcodeInfo& opcode, const Argument& argument, std::size_t cap) {
  const auto kind = opcode.argument;
  std::string text;
  if (kind == ArgumentKind::none) {
    return text;
  }
  if (kind <= ArgumentKind::uint8) {
    text = std::to_string(argument.number);
  } else if (kind == ArgumentKind::float8 || kind == ArgumentKind::float_line) {
    text = fmt::format("{}", argument.real);
  } else if (kind <= ArgumentKind::long4 || kind == ArgumentKind::integer_line || kind == ArgumentKind::long_line) {
    text = argument.integer.boolean ? (argument.integer.value != 0 ? "True" : "False") : argument.integer.to_text();
  } else if (!argument.text.whole) {
    return fmt::format("{} bytes at {}", argument.text.range.length, argument.text.range.offset);
  } else {
    text = kind == ArgumentKind::line_pair ? argument.text.value + ' ' + argument.name : argument.text.value;
  }
  return text.size() > cap ? text.substr(0, cap) + "..." : text;
}

}  // namespace upinspect::pickle
