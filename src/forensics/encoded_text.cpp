// SPDX-License-Identifier: Apache-2.0
#include "forensics/encoded_text.hpp"
#include "forensics/little.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace upinspect::forensics {
namespace {

constexpr std::uint8_t k_none = 0xff;
constexpr std::size_t k_shortest_base64 = 24;
constexpr std::size_t k_shortest_hex = 32;

using Values = std::array<std::uint8_t, 256>;

constexpr Values k_base64 = [] {
  Values values{};
  values.fill(k_none);
  constexpr std::string_view k_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < k_letters.size(); ++i) {
    values[static_cast<unsigned char>(k_letters[i])] = static_cast<std::uint8_t>(i);
  }
  values['-'] = 62;
  values['_'] = 63;
  return values;
}();

constexpr Values k_hex = [] {
  Values values{};
  values.fill(k_none);
  for (unsigned digit = 0; digit < 16; ++digit) {
    constexpr std::string_view k_lower = "0123456789abcdef";
    constexpr std::string_view k_upper = "0123456789ABCDEF";
    values[static_cast<unsigned char>(k_lower[digit])] = static_cast<std::uint8_t>(digit);
    values[static_cast<unsigned char>(k_upper[digit])] = static_cast<std::uint8_t>(digit);
  }
  return values;
}();

unsigned char letter(std::byte byte) { return std::to_integer<unsigned char>(byte); }

bool breaks_line(std::byte byte) { return byte == std::byte{'\n'} || byte == std::byte{'\r'}; }

const Values& values_of(Encoding encoding) { return encoding == Encoding::hex ? k_hex : k_base64; }

/// Names are of small letters, or of capitals, or of digits.
bool is_mixed(Bytes run) {
  const auto any = [&run](char first, char last) {
    return std::any_of(run.begin(), run.end(), [&](std::byte byte) { return letter(byte) >= first && letter(byte) <= last; });
  };
  return any('A', 'Z') && any('a', 'z');
}

bool follows_a_picture(Bytes text, std::size_t offset) {
  constexpr std::string_view k_uri = "data:image/";
  const auto begin = offset - std::min<std::size_t>(offset, 64);
  const auto before = text.subspan(begin, offset - begin);
  return std::search(before.begin(), before.end(), k_uri.begin(), k_uri.end(),
                     [](std::byte byte, char wanted) { return letter(byte) == static_cast<unsigned char>(wanted); }) != before.end();
}

/// One past the run of letters at `at`. Line breaks belong to it where letters follow.
std::size_t end_of_run(Bytes text, std::size_t at, const Values& values) {
  auto end = at;
  for (; at < text.size() && (values[letter(text[at])] != k_none || breaks_line(text[at])); ++at) {
    end = breaks_line(text[at]) ? end : at + 1;
  }
  return end;
}

std::vector<EncodedRun> runs_of(Bytes text, Encoding encoding) {
  const auto& values = values_of(encoding);
  const bool hex = encoding == Encoding::hex;
  std::vector<EncodedRun> runs;
  for (std::size_t at = 0; at < text.size();) {
    if (values[letter(text[at])] == k_none) {
      ++at;
      continue;
    }
    auto end = end_of_run(text, at, values);
    const auto part = text.subspan(at, end - at);
    if (part.size() >= (hex ? k_shortest_hex : k_shortest_base64) && (hex || is_mixed(part))) {
      for (unsigned fill = 0; !hex && fill < 2 && end < text.size() && text[end] == std::byte{'='}; ++fill) {
        ++end;
      }
      runs.push_back({encoding, at, end - at, follows_a_picture(text, at)});
    }
    at = end;
  }
  return runs;
}

}  // namespace

std::string_view title_of(Encoding encoding) noexcept { return encoding == Encoding::hex ? "hexadecimal digits" : "base64"; }

std::vector<EncodedRun> encoded_runs(Bytes text) {
  auto runs = runs_of(text, Encoding::base64);
  const auto digits = runs_of(text, Encoding::hex);
  runs.insert(runs.end(), digits.begin(), digits.end());
  std::stable_sort(runs.begin(), runs.end(), [](const EncodedRun& a, const EncodedRun& b) { return a.offset < b.offset; });
  return runs;
}

std::vector<std::byte> decoded(Bytes text, const EncodedRun& run, std::size_t skipped) {
  const auto& values = values_of(run.encoding);
  const unsigned width = run.encoding == Encoding::hex ? 4 : 6;
  std::vector<std::byte> bytes;
  std::uint32_t held = 0;
  unsigned count = 0;
  for (const auto byte : text.subspan(run.offset + skipped, run.length - skipped)) {
    const auto value = values[letter(byte)];
    if (value == k_none) {
      continue;  // a line break or the filling at the end
    }
    held = held << width | value;
    count += width;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<std::byte>(held >> count & 0xffU));
    }
  }
  return bytes;
}

}  // namespace upinspect::forensics
