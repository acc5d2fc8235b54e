// SPDX-License-Identifier: Apache-2.0
// The answer of `upinspect file` for people.
#pragma once

#include "report/sink.hpp"
#include "report/text_style.hpp"
#include "upinspect/artifact.hpp"

#include <string>

namespace upinspect::report {

/// Heading, facts, table of tensors and findings, in whole lines.
[[nodiscard]] std::string file_text(const Artifact& artifact, const TextStyle& style);

/// One line, like file(1): path, what it is, its size and how many findings it has with the worst one's words. It is as
/// long as it needs to be.
[[nodiscard]] std::string file_line(const Artifact& artifact, const TextStyle& style);

/// Writes artifacts one after another: a line each where the style is quiet, else whole reports with an empty line between.
class FileText {
 public:
  FileText(Sink sink, const TextStyle& style) : m_sink(std::move(sink)), m_style(style) {}

  void artifact(const Artifact& artifact);

 private:
  Sink m_sink;
  TextStyle m_style;
  bool m_first = true;
};

}  // namespace upinspect::report
