// SPDX-License-Identifier: Apache-2.0
#include "report/training_text.hpp"

#include "report/units.hpp"
#include "report/width.hpp"
#include "report/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace upinspect::report {
namespace {

constexpr std::size_t k_training_labels = 8;
constexpr std::size_t k_shown_settings = 6;
constexpr std::size_t k_shown_names = 6;
constexpr std::size_t k_widest_name = 60;

/// Parts of a line, with commas between those that are there.
class Line {
 public:
  void add(const std::string& part) { m_text += part.empty() ? "" : (m_text.empty() ? "" : ", ") + part; }
  [[nodiscard]] const std::string& text() const { return m_text; }

 private:
  std::string m_text;
};

class TrainingText {
 public:
  TrainingText(const TrainingSummary& training, const TextStyle& style)
      : m_training(training), m_style(style), m_facts(style, k_training_labels) {}

  [[nodiscard]] std::string text() {
    fact("trained", trained());
    fact("base", base());
    fact("network", network());
    fact("settings", settings());
    fact("trigger", words(m_training.trigger_words, [](const std::string& word) { return word; }, m_training.trigger_words.size()));
    fact("images", images());
    fact("tags", tags());
    fact("title", named());
    fact("comment", cut(m_training.description, 3 * m_facts.value_columns()));
    if (!m_training.unreadable.empty()) {
      m_facts.add("", "not readable as JSON: " + fmt::format("{}", fmt::join(m_training.unreadable, ", ")), Tone::warning);
    }
    return m_facts.text();
  }

 private:
  void fact(std::string_view label, const std::string& text) {
    if (!text.empty()) {
      m_facts.add(label, text);
    }
  }

  [[nodiscard]] std::string cut(const std::string& raw, std::size_t columns) const {
    const auto safe = m_style.safe(raw);
    return m_style.verbose() ? safe : elide_end(safe, columns, m_style.ellipsis());
  }

  [[nodiscard]] std::string name(const std::string& raw) const { return "\"" + cut(raw, k_widest_name) + "\""; }

  /// The first of a list, each quoted, and how many there are beyond them.
  template <typename List, typename Name>
  [[nodiscard]] std::string words(const List& list, Name text_of, std::uint64_t all) const {
    Line line;
    const auto shown = m_style.verbose() ? list.size() : std::min(list.size(), k_shown_names);
    for (std::size_t i = 0; i < shown; ++i) {
      line.add(name(text_of(list[i])));
    }
    if (all > shown) {
      line.add(fmt::format("{} {} more", m_style.ellipsis(), thousands(all - shown)));
    }
    return line.text();
  }

  [[nodiscard]] std::string amount() const {
    Line line;
    if (m_training.steps) {
      const bool all = !m_training.planned_steps || m_training.planned_steps == m_training.steps;
      line.add(all ? counted(*m_training.steps, "step") : thousands(*m_training.steps) + " of " + counted(*m_training.planned_steps, "step"));
    } else if (m_training.planned_steps) {
      line.add(counted(*m_training.planned_steps, "step") + " planned");
    }
    if (m_training.epoch) {
      const bool all = !m_training.planned_epochs || m_training.planned_epochs == m_training.epoch;
      line.add("epoch " + thousands(*m_training.epoch) + (all ? "" : " of " + thousands(*m_training.planned_epochs)));
    } else if (m_training.planned_epochs) {
      line.add(counted(*m_training.planned_epochs, "epoch") + " planned");
    }
    return line.text();
  }

  [[nodiscard]] std::string trained() const {
    Line line;
    line.add(amount());
    line.add(m_training.trainer.empty() ? "" : "by " + cut(m_training.trainer, k_widest_name));
    if (!m_training.started.empty() && !m_training.finished.empty()) {
      line.add(m_style.safe(m_training.started) + " to " + m_style.safe(m_training.finished));
    } else {
      line.add(m_training.started.empty() ? "" : "begun " + m_style.safe(m_training.started));
      line.add(m_training.finished.empty() ? "" : "finished " + m_style.safe(m_training.finished));
    }
    return line.text();
  }

  [[nodiscard]] std::string base() const {
    Line line;
    line.add(cut(m_training.base_model, m_facts.value_columns()));
    line.add(cut(m_training.base_version, k_widest_name));
    line.add(m_training.base_autov1.empty() ? "" : "AutoV1 " + cut(m_training.base_autov1, 12));
    line.add(m_training.base_sha256.empty() ? "" : "SHA-256 " + cut(m_training.base_sha256, 16));
    return line.text();
  }

  [[nodiscard]] std::string network() const {
    Line line;
    line.add(cut(m_training.network, k_widest_name));
    line.add(m_training.rank.empty() ? "" : "rank " + cut(m_training.rank, k_widest_name));
    line.add(m_training.alpha.empty() ? "" : "alpha " + cut(m_training.alpha, k_widest_name));
    return line.text();
  }

  [[nodiscard]] std::string settings() const {
    Line line;
    const auto& all = m_training.settings;
    const auto shown = m_style.verbose() ? all.size() : std::min(all.size(), k_shown_settings);
    for (std::size_t i = 0; i < shown; ++i) {
      line.add(all[i].name + " " + cut(all[i].value, k_widest_name));
    }
    if (all.size() > shown) {
      line.add(fmt::format("{} {} more", m_style.ellipsis(), all.size() - shown));
    }
    return line.text();
  }

  [[nodiscard]] static std::string dataset_text(const TrainingDataset& dataset) {
    return dataset.name + (dataset.regularisation ? " (regularisation)" : "");
  }

  [[nodiscard]] std::string images() const {
    Line line;
    line.add(m_training.images ? counted(*m_training.images, "image") + ", repeats counted" : "");
    if (m_training.dataset_count != 0) {
      line.add(counted(m_training.dataset_count, "folder") + ": " + words(m_training.datasets, dataset_text, m_training.dataset_count));
    }
    return line.text();
  }

  [[nodiscard]] std::string tags() const {
    return words(m_training.tags, [](const TagCount& tag) { return tag.tag; }, m_training.tag_count);
  }

  [[nodiscard]] std::string named() const {
    Line line;
    line.add(m_training.title.empty() ? "" : name(m_training.title));
    line.add(m_training.author.empty() ? "" : "by " + cut(m_training.author, k_widest_name));
    line.add(m_training.license.empty() ? "" : "license " + cut(m_training.license, k_widest_name));
    return line.text();
  }

  const TrainingSummary& m_training;
  const TextStyle& m_style;
  Facts m_facts;
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> k_sites{
    {{"autov1", "AutoV1"}, {"autov2", "AutoV2"}, {"autov3", "AutoV3"}, {"addnet", "addnet"}}};

[[nodiscard]] std::string_view spoken_kind(std::string_view kind) {
  const auto* found = std::find_if(k_sites.begin(), k_sites.end(), [kind](const auto& row) { return row.first == kind; });
  return found == k_sites.end() ? kind : found->second;
}

}  // namespace

std::string training_text(const Artifact& artifact, const TextStyle& style) {
  return artifact.training ? TrainingText(*artifact.training, style).text() : std::string();
}

void add_hashes(Facts& facts, const Artifact& artifact) {
  constexpr std::size_t k_addnet_shown = 12;
  Line sites;
  for (const auto& hash : artifact.site_hashes) {
    const auto whole = facts.style().verbose() || hash.kind != "addnet";
    sites.add(std::string(spoken_kind(hash.kind)) + " " + (whole ? hash.value : hash.value.substr(0, k_addnet_shown)));
  }
  if (!sites.text().empty()) {
    facts.add("sites", sites.text());
  }
  std::string_view label = "stated";
  for (const auto& hash : artifact.stated_hashes) {
    const bool good = hash.verdict == HashVerdict::matched || hash.verdict == HashVerdict::unchecked;
    facts.add(label, hash.key + (hash.verdict == HashVerdict::matched ? " is right: it is of " : ": ") + hash.definition, good ? Tone::plain : Tone::warning);
    label = "";
  }
}

}  // namespace upinspect::report
