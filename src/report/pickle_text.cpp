// SPDX-License-Identifier: Apache-2.0
#include "report/pickle_text.hpp"

#include "report/heading.hpp"
#include "report/units.hpp"
#include "report/words.hpp"

#include <algorithm>

namespace upinspect::report {
namespace {

/// Of the globals with the verdict that counts.
constexpr std::size_t k_shown_globals = 3;

}  // namespace

Tone tone_of(PickleVerdict verdict) noexcept {
  switch (verdict) {
    case PickleVerdict::inert: return Tone::plain;
    case PickleVerdict::unknown: return Tone::warning;
    case PickleVerdict::dangerous: return Tone::error;
  }
  return Tone::error;
}

namespace {

[[nodiscard]] std::string global_text(const PickleGlobal& global, const TextStyle& style) {
  return style.safe(global.module) + "." + style.safe(global.name) + (global.called ? " is called" : " is named") +
         (global.entry.empty() ? " at offset " + thousands(global.offset) : " in " + style.safe(global.entry));
}

}  // namespace

std::string pickle_culprits(const PickleReport& pickle, const TextStyle& style) {
  std::string text;
  std::size_t count = 0;
  for (const auto& global : pickle.globals) {
    if (global.verdict == pickle.verdict && ++count <= k_shown_globals) {
      text += (text.empty() ? "" : ", ") + global_text(global, style);
    }
  }
  return count <= k_shown_globals ? text : text + " and " + thousands(count - k_shown_globals) + " more";
}

namespace {

[[nodiscard]] std::string verdict_text(const PickleReport& pickle, const TextStyle& style) {
  const auto who = pickle_culprits(pickle, style);
  switch (pickle.verdict) {
    case PickleVerdict::inert: return "inert: it names only what weights are made of";
    case PickleVerdict::unknown: return "unknown" + (who.empty() ? "" : ": " + who + ", not known to be harmless");
    case PickleVerdict::dangerous: return "dangerous" + (who.empty() ? "" : ": " + who);
  }
  return "dangerous";
}

}  // namespace

std::string weights_only_sentence(const PickleReport& pickle, const TextStyle& style) {
  if (pickle.weights_only_loads) {
    return "torch.load(weights_only=True) takes it";
  }
  std::string text = "torch.load(weights_only=True) refuses it";
  if (pickle.weights_only_offset) {
    text += " at offset " + thousands(*pickle.weights_only_offset);
  }
  if (!pickle.weights_only_reason.empty()) {
    text += ": " + style.safe(pickle.weights_only_reason);
  }
  return text;
}

void add_pickle(Facts& facts, const Artifact& artifact) {
  if (!artifact.pickle) {
    if (holds_tensors(artifact.format.id)) {
      facts.add("pickle", "none");
    }
    return;
  }
  const auto& pickle = *artifact.pickle;
  const auto& style = facts.style();
  facts.add("pickle", verdict_text(pickle, style), tone_of(pickle.verdict));
  facts.add("", weights_only_sentence(pickle, style));
  if (style.verbose()) {
    for (const auto& global : pickle.globals) {
      facts.add("", global_text(global, style) + " (" + std::string(word(global.verdict)) + ")", Tone::dim);
    }
  }
}

}  // namespace upinspect::report
