// SPDX-License-Identifier: Apache-2.0
#include "integrity/drift.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

namespace upinspect::integrity {

namespace {

constexpr std::size_t k_named_tensors = 3;

using Identity = std::tuple<std::string, std::string, std::vector<std::uint64_t>>;

Identity identity_of(const LockedTensor& tensor) { return {tensor.sha256, tensor.dtype, tensor.shape}; }

TensorFate fate_of(const LockedTensor& was, const LockedTensor& is) {
  if (was.dtype != is.dtype || was.shape != is.shape) {
    return TensorFate::reshaped;
  }
  return is.sha256.empty() ? TensorFate::unreadable : TensorFate::changed;
}

/// Walks two sorted lists side by side.
class Comparison {
 public:
  Comparison(const std::vector<LockedTensor>& locked, const std::vector<LockedTensor>& found) {
    auto was = locked.begin();
    auto is = found.begin();
    while (was != locked.end() || is != found.end()) {
      if (is == found.end() || (was != locked.end() && was->name < is->name)) {
        m_gone.push_back(&*was++);
      } else if (was == locked.end() || is->name < was->name) {
        m_come.push_back(&*is++);
      } else {
        if (identity_of(*was) != identity_of(*is)) {
          m_drift.push_back({is->name, fate_of(*was, *is), ""});
        }
        ++was;
        ++is;
      }
    }
  }

  [[nodiscard]] std::vector<TensorDrift> take() {
    std::multimap<Identity, const LockedTensor*> gone;
    for (const auto* tensor : m_gone) {
      gone.emplace(identity_of(*tensor), tensor);
    }
    for (const auto* tensor : m_come) {
      const auto same = tensor->sha256.empty() ? gone.end() : gone.find(identity_of(*tensor));
      if (same == gone.end()) {
        m_drift.push_back({tensor->name, TensorFate::added, ""});
      } else {
        m_drift.push_back({tensor->name, TensorFate::renamed, same->second->name});
        gone.erase(same);
      }
    }
    for (const auto& [identity, tensor] : gone) {
      m_drift.push_back({tensor->name, TensorFate::removed, ""});
    }
    std::sort(m_drift.begin(), m_drift.end(), [](const TensorDrift& a, const TensorDrift& b) { return a.name < b.name; });
    return std::move(m_drift);
  }

 private:
  std::vector<const LockedTensor*> m_gone;
  std::vector<const LockedTensor*> m_come;
  std::vector<TensorDrift> m_drift;
};

struct FateWord {
  TensorFate fate;
  const char* word;
};

constexpr std::array k_fate_words{
    FateWord{TensorFate::changed, "changed"},   FateWord{TensorFate::reshaped, "with another dtype or shape"},
    FateWord{TensorFate::unreadable, "unreadable"}, FateWord{TensorFate::removed, "gone"},
    FateWord{TensorFate::added, "added"},       FateWord{TensorFate::renamed, "renamed"},
};

std::string names_of(const std::vector<TensorDrift>& drift, TensorFate fate, std::size_t count) {
  std::string names;
  std::size_t named = 0;
  for (const auto& tensor : drift) {
    if (tensor.fate == fate && named++ < k_named_tensors) {
      names += (names.empty() ? "" : ", ") + (fate == TensorFate::renamed ? tensor.was + " to " + tensor.name : tensor.name);
    }
  }
  return " (" + names + (count > k_named_tensors ? " and " + std::to_string(count - k_named_tensors) + " more" : "") + ")";
}

}  // namespace

std::vector<TensorDrift> drift_of(const std::vector<LockedTensor>& locked, const std::vector<LockedTensor>& found) {
  return Comparison(locked, found).take();
}

std::string drift_in_words(const std::vector<TensorDrift>& drift, std::size_t locked) {
  std::string text;
  for (const auto& [fate, word] : k_fate_words) {
    const auto kind = fate;
    const auto count = static_cast<std::size_t>(std::count_if(drift.begin(), drift.end(), [kind](const TensorDrift& one) { return one.fate == kind; }));
    if (count == 0) {
      continue;
    }
    text += text.empty() ? std::to_string(count) + " of " + std::to_string(locked) + " tensor" + (locked == 1 ? "" : "s") + " " + word
                         : ", " + std::to_string(count) + " " + word;
    text += names_of(drift, fate, count);
  }
  return text;
}

}  // namespace upinspect::integrity
