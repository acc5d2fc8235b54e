// SPDX-License-Identifier: Apache-2.0
#include "report/text.hpp"

#include "report/base_fit_text.hpp"
#include "report/file_facts.hpp"
#include "report/findings_text.hpp"
#include "report/heading.hpp"
#include "report/module_table.hpp"
#include "report/regions_text.hpp"
#include "report/tensor_table.hpp"
#include "report/training_text.hpp"
#include "report/units.hpp"
#include "report/width.hpp"
#include "report/wrap.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace upinspect::report {
namespace {

/// The path is not broken, so that it can be copied; what follows wraps under it.
[[nodiscard]] std::string heading(const std::string& shown, const Artifact& artifact, const TextStyle& style) {
  const auto path = style.safe(shown) + ":";
  const auto used = display_width(path) + 1;
  const auto columns = style.columns();
  const auto lines = wrap(description(artifact, style), columns - 2, used < columns ? columns - used : 0);
  auto text = paint(style, Tone::strong, path) + (lines.front().empty() ? "" : " ") + lines.front() + "\n";
  for (std::size_t i = 1; i < lines.size(); ++i) {
    text += "  " + lines[i] + "\n";
  }
  return text;
}

[[nodiscard]] std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// The folder's path ends as one does that a user types.
[[nodiscard]] std::string shown_path(const Artifact& artifact, const AdapterFolder& folder) {
  return folder.config == nullptr ? artifact.path : folder.path + (folder.path.ends_with('/') ? "" : "/");
}

/// Those of the configuration say whose they are.
[[nodiscard]] std::vector<Finding> findings_of(const Artifact& artifact, const AdapterFolder& folder) {
  auto all = artifact.findings;
  for (auto finding : folder.config == nullptr ? std::vector<Finding>() : folder.config->findings) {
    finding.message = file_name(folder.config->path) + ": " + finding.message;
    all.push_back(std::move(finding));
  }
  return all;
}

/// Which file is which.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> files_of(const Artifact& artifact, const AdapterFolder& folder, const TextStyle& style) {
  if (folder.config == nullptr) {
    return {};
  }
  return {{"weights", style.safe(file_name(artifact.path))},
          {"config", style.safe(file_name(folder.config->path)) + ", " + byte_count(folder.config->size)}};
}

}  // namespace

std::string file_text(const Artifact& artifact, const TextStyle& style, const AdapterFolder& folder) {
  const bool joined = folder.config != nullptr;
  auto text = heading(shown_path(artifact, folder), artifact, style) + "\n" + file_facts(artifact, style, files_of(artifact, folder, style));
  if (joined && style.verbose()) {
    text += "\n" + heading(folder.config->path, *folder.config, style) + "\n" + file_facts(*folder.config, style);
  }
  for (const auto& block : {training_text(artifact, style), module_table(artifact, style), base_fit_text(artifact, style), tensor_table(artifact.tensors, style), regions_text(artifact.coverage, style),
                            findings_text(findings_of(artifact, folder), style)}) {
    text += block.empty() ? "" : "\n" + block;
  }
  return text;
}

std::string file_line(const Artifact& artifact, const TextStyle& style, const AdapterFolder& folder) {
  const auto size = artifact.size + (folder.config == nullptr ? 0 : folder.config->size);
  auto line = paint(style, Tone::strong, style.safe(shown_path(artifact, folder)) + ":") + " " + description(artifact, style) + ", " +
              binary_size(size);
  const auto findings = findings_of(artifact, folder);
  if (!findings.empty()) {
    const auto worst = std::max_element(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) { return a.severity < b.severity; });
    line += "; " + paint(style, tone_of(worst->severity), count_findings(findings) + ": " + style.safe(worst->message));
  }
  return line + "\n";
}

void FileText::draw(const Artifact& artifact, const AdapterFolder& folder) {
  if (m_style.verbosity < 0) {
    m_sink(file_line(artifact, m_style, folder));
    return;
  }
  if (!m_first) {
    m_sink("\n");
  }
  m_first = false;
  m_sink(file_text(artifact, m_style, folder));
}

void FileText::artifact(const Artifact& artifact) {
  const bool waits = !m_weights.empty() && artifact.format.id == "adapter-config" && file_name(artifact.path) == "adapter_config.json";
  if (waits && !m_config) {
    m_config = artifact;
  } else if (m_config && artifact.path == m_weights && artifact.adapter) {
    draw(artifact, {m_folder, &*m_config});
    m_config.reset();
  } else {
    draw(artifact, {});
  }
}

void FileText::enter(std::string folder, std::string weights) {
  m_folder = std::move(folder);
  m_weights = std::move(weights);
}

void FileText::leave() {
  if (m_config) {
    draw(*m_config, {});
    m_config.reset();
  }
  m_weights.clear();
}

}  // namespace upinspect::report
