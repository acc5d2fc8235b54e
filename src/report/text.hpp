// SPDX-License-Identifier: Apache-2.0
// The answer of `upinspect file` for people.
#pragma once

#include "report/sink.hpp"
#include "report/text_style.hpp"
#include "upinspect/artifact.hpp"

#include <optional>
#include <string>

namespace upinspect::report {

/// The folder of an adapter, and the configuration that lies in it beside the weights: both are told as the folder.
struct AdapterFolder {
  std::string path;
  const Artifact* config = nullptr;
};

/// Heading, facts, table of tensors and findings, in whole lines.
[[nodiscard]] std::string file_text(const Artifact& artifact, const TextStyle& style, const AdapterFolder& folder = {});

/// One line, like file(1): path, what it is, its size and how many findings it has with the worst one's words. It is as
/// long as it needs to be.
[[nodiscard]] std::string file_line(const Artifact& artifact, const TextStyle& style, const AdapterFolder& folder = {});

/// Writes artifacts one after another: a line each where the style is quiet, else whole reports with an empty line between.
class FileText {
 public:
  FileText(Sink sink, const TextStyle& style) : m_sink(std::move(sink)), m_style(style) {}

  void artifact(const Artifact& artifact);

  /// From here to `leave` come the files of `folder`. adapter_config.json waits for `weights`, to be told with them where
  /// they are an adapter.
  void enter(std::string folder, std::string weights);
  void leave();

 private:
  void draw(const Artifact& artifact, const AdapterFolder& folder);

  Sink m_sink;
  TextStyle m_style;
  bool m_first = true;
  std::string m_folder;
  std::string m_weights;
  std::optional<Artifact> m_config;
};

}  // namespace upinspect::report
