// SPDX-License-Identifier: Apache-2.0
// The order of things: bytes, tensors, what changed in them and why, metadata, messages, a verdict.
#include "diff/change.hpp"
#include "diff/match.hpp"
#include "diff/measure.hpp"
#include "diff/messages.hpp"
#include "diff/metadata.hpp"
#include "diff/on_the_way.hpp"
#include "diff/raw_bytes.hpp"
#include "diff/same_update.hpp"
#include "diff/side.hpp"
#include "diff/verdict.hpp"

#include <algorithm>

namespace upinspect {
namespace {

using diff::Pair;
using diff::Side;

/// Says which of the two it was.
Side open_side(const std::string& path, const InspectOptions& options) {
  try {
    return Side(path, options);
  } catch (const InputError& error) {
    throw InputError(path + ": " + error.what());
  }
}

class Comparison {
 public:
  Comparison(const std::string& before, const std::string& after, const DiffOptions& options)
      : m_options(options), m_before(open_side(before, headers(options))), m_after(open_side(after, headers(options))) {}

  Difference run();

 private:
  static InspectOptions headers(const DiffOptions& options) {
    auto inspect = options.inspect;
    inspect.depth = Depth::headers;
    inspect.progress = nullptr;
    return inspect;
  }

  void compare_files();
  void compare_tensors();
  void compare_pair(const Pair& pair);
  void compare_values(const Pair& pair);
  void search_messages();
  void compare_adapters();
  void advance(std::uint64_t done, std::uint64_t total) const;
  void unread(const Pair& pair, const std::string& why);
  void note_change(const Side& side);

  const DiffOptions& m_options;
  Side m_before;
  Side m_after;
  Difference m_difference;
  diff::Match m_match;
  std::optional<diff::OnTheWay> m_on_the_way;
  std::optional<diff::RawComparison> m_raw;
  std::vector<diff::ChangedTensor> m_changed;
};

bool is_stopped(const InspectOptions& options) { return options.stop != nullptr && *options.stop; }

void Comparison::advance(std::uint64_t done, std::uint64_t total) const {
  if (is_stopped(m_options.inspect)) {
    throw Stopped();
  }
  if (m_options.inspect.progress) {
    m_options.inspect.progress(done, total);
  }
}

void Comparison::compare_files() {
  if (m_before.file() == nullptr || m_after.file() == nullptr) {
    return;
  }
  std::vector<Pair> pairs;
  for (const auto& [old_index, new_index] : m_match.pairs) {
    pairs.push_back({m_before, old_index, m_after, new_index});
  }
  m_on_the_way.emplace(pairs, std::min(m_before.file()->size(), m_after.file()->size()));
  m_raw = diff::compare_bytes(
      *m_before.file(), *m_after.file(), m_options.inspect.jobs, [this](std::uint64_t done, std::uint64_t total) { advance(done, total); },
      [this](std::size_t group, std::uint64_t offset, std::span<const std::byte> before, std::span<const std::byte> after) {
        m_on_the_way->add(group, offset, before, after);
      });
  m_difference.bytes = m_raw->bytes;
}

void Comparison::unread(const Pair& pair, const std::string& why) {
  Finding finding;
  finding.id = "diff.unread-tensor";
  finding.severity = Severity::error;
  finding.message = "cannot be compared: " + why;
  finding.tensor = pair.new_tensor().name;
  m_difference.findings.push_back(std::move(finding));
}

void Comparison::note_change(const Side& side) {
  if (side.changed_since_opened()) {
    Finding finding;
    finding.id = "container.changed-while-read";
    finding.severity = Severity::error;
    finding.message = side.artifact().path + " was changed while it was read; figures may mix two states of it";
    m_difference.findings.push_back(std::move(finding));
  }
}

void Comparison::compare_values(const Pair& pair) {
  const auto* raw = m_raw ? &*m_raw : nullptr;
  if (diff::known_same(pair, raw)) {
    ++m_difference.tensors_same;
    return;
  }
  auto on_the_way = m_on_the_way ? m_on_the_way->take(pair) : std::nullopt;
  const auto measured = on_the_way ? *std::move(on_the_way) : diff::measure_pair(pair, raw, m_options.inspect.jobs);
  if (measured.changed == 0) {
    ++m_difference.tensors_same;
    return;
  }
  auto change = diff::describe_change(pair, measured);
  m_changed.push_back(diff::changed_tensor(pair, measured, change));
  m_difference.changes.push_back(std::move(change));
}

void Comparison::compare_pair(const Pair& pair) {
  if (is_stopped(m_options.inspect)) {
    throw Stopped();
  }
  const auto& before = pair.old_tensor();
  const auto& after = pair.new_tensor();
  if (before.name != after.name) {
    m_difference.renamed.push_back({after.name, before.name, diff::form_words(after)});
  }
  try {
    if (diff::same_form(before, after)) {
      compare_values(pair);
      return;
    }
    if (auto change = diff::describe_conversion(pair)) {
      m_difference.changes.push_back(std::move(*change));
      return;
    }
    m_difference.reshaped.push_back({after.name, before.name == after.name ? "" : before.name,
                                     diff::form_words(before) + " to " + diff::form_words(after)});
  } catch (const InputError& error) {
    unread(pair, error.what());
  }
}

void Comparison::compare_tensors() {
  for (const auto& [old_index, new_index] : m_match.pairs) {
    compare_pair({m_before, old_index, m_after, new_index});
  }
  for (const auto index : m_match.added) {
    m_difference.added.push_back({m_after.tensor(index).name, "", diff::form_words(m_after.tensor(index))});
  }
  for (const auto index : m_match.removed) {
    m_difference.removed.push_back({m_before.tensor(index).name, "", diff::form_words(m_before.tensor(index))});
  }
}

void Comparison::search_messages() {
  if (!m_options.payloads || m_changed.empty()) {
    return;
  }
  auto messages = diff::find_messages(m_changed, m_options.inspect);
  m_difference.payloads = std::move(messages.payloads);
  m_difference.candidates_tried = messages.candidates_tried;
  if (messages.cut_short) {
    Finding finding;
    finding.id = "diff.search-cut-short";
    finding.message = "more elements changed than are searched at once: the first eight million were read in every way, of what follows, where nothing was found in them, a proven field alone, eight bits to a character";
    m_difference.findings.push_back(std::move(finding));
  }
}

/// A change of everything that the adapter is made of may be no change of what it does. Tensors beside its modules are
/// not part of that.
void Comparison::compare_adapters() {
  const auto verdict = diff::judge(m_difference);
  if (!m_options.inspect.tensor_glob.empty() || (verdict != DiffVerdict::values && verdict != DiffVerdict::structure)) {
    return;
  }
  m_difference.update = diff::compare_updates(m_before, m_after, m_options.inspect);
}

Difference Comparison::run() {
  m_difference.old_side = m_before.artifact();
  m_difference.new_side = m_after.artifact();
  m_match = diff::match_tensors(m_before, m_after, m_options.inspect.tensor_glob);
  compare_files();
  const bool same_bytes = m_raw && m_raw->bytes.differing == 0 && m_before.file()->size() == m_after.file()->size();
  if (same_bytes) {
    m_difference.tensors_same = m_after.artifact().tensors.size();
    return std::move(m_difference);
  }
  compare_tensors();
  diff::compare_metadata(m_before.artifact().metadata, m_after.artifact().metadata, m_difference);
  search_messages();
  compare_adapters();
  diff::add_findings(m_difference);
  note_change(m_before);
  note_change(m_after);
  m_difference.verdict = diff::judge(m_difference);
  return std::move(m_difference);
}

}  // namespace

Difference compare_files(const std::string& before, const std::string& after, const DiffOptions& options) {
  return Comparison(before, after, options).run();
}

}  // namespace upinspect
