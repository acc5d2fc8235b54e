// SPDX-License-Identifier: Apache-2.0
// How a text report may look on the terminal it goes to, and the few tones it uses.
#pragma once

#include "report/escape.hpp"

#include <string>
#include <string_view>

namespace upinspect::report {

/// The caller decides: it knows the terminal, the locale, NO_COLOR and the options.
struct TextStyle {
  bool colour = false;
  bool unicode = true;    ///< false: ASCII only, everything else is spelled
  unsigned width = 80;    ///< columns; fewer than 40 are taken as 40
  int verbosity = 0;      ///< -1 quiet, 0, 1 verbose

  [[nodiscard]] unsigned columns() const noexcept { return width < 40 ? 40 : width; }
  [[nodiscard]] bool verbose() const noexcept { return verbosity > 0; }
  [[nodiscard]] std::string_view ellipsis() const noexcept { return unicode ? "\xe2\x80\xa6" : "..."; }

  /// Text from a file, fit to be shown.
  [[nodiscard]] std::string safe(std::string_view raw) const {
    return escape_terminal(raw, unicode ? Charset::utf8 : Charset::ascii);
  }
};

enum class Tone : std::uint8_t { plain, dim, strong, accent, warning, error };

/// `text` in the colour of `tone`, or as it is where the style has no colour.
[[nodiscard]] std::string paint(const TextStyle& style, Tone tone, std::string_view text);

}  // namespace upinspect::report
