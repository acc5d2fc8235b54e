// SPDX-License-Identifier: Apache-2.0
// The terminals that tests of reporters draw for.
#pragma once

#include "report/text_style.hpp"

#include <string>

namespace upinspect::test {

[[nodiscard]] inline report::TextStyle columns(unsigned width) {
  report::TextStyle style;
  style.width = width;
  return style;
}

[[nodiscard]] inline report::TextStyle ascii(unsigned width = 80) {
  auto style = columns(width);
  style.unicode = false;
  return style;
}

[[nodiscard]] inline report::TextStyle verbose(report::TextStyle style) {
  style.verbosity = 1;
  return style;
}

[[nodiscard]] inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace upinspect::test
