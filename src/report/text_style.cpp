// SPDX-License-Identifier: Apache-2.0
#include "report/text_style.hpp"

namespace upinspect::report {
namespace {

/// Select Graphic Rendition parameters of ECMA-48; the eight old colours follow the reader's own theme.
[[nodiscard]] std::string_view sgr(Tone tone) noexcept {
  switch (tone) {
    case Tone::plain: return "";
    case Tone::dim: return "2";
    case Tone::strong: return "1";
    case Tone::accent: return "36";
    case Tone::warning: return "33";
    case Tone::error: return "31";
  }
  return "";
}

}  // namespace

std::string paint(const TextStyle& style, Tone tone, std::string_view text) {
  if (!style.colour || tone == Tone::plain || text.empty()) {
    return std::string(text);
  }
  std::string out = "\x1b[";
  out += sgr(tone);
  out += 'm';
  out += text;
  out += "\x1b[0m";
  return out;
}

}  // namespace upinspect::report
