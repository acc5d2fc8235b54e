// SPDX-License-Identifier: Apache-2.0
#include "diff/match.hpp"

#include "bytes/digest.hpp"

#include <algorithm>
#include <fnmatch.h>
#include <functional>
#include <map>
#include <optional>

namespace upinspect::diff {
namespace {

/// Tensors beyond this size are matched by content only where they are the same size as one that is left.
using KeyOf = std::function<std::optional<std::string>(const Side&, std::size_t)>;

class Matcher {
 public:
  Matcher(const Side& before, const Side& after, const std::string& glob) : m_before(before), m_after(after) {
    const auto fill = [&glob](const Side& side, std::vector<std::size_t>& left) {
      for (std::size_t i = 0; i < side.artifact().tensors.size(); ++i) {
        if (glob.empty() || fnmatch(glob.c_str(), side.tensor(i).name.c_str(), 0) == 0) {
          left.push_back(i);
        }
      }
    };
    fill(before, m_old);
    fill(after, m_new);
  }

  /// Pairs what is left of both sides and has the same key; of several with one key in their order.
  void by(const KeyOf& key_of) {
    std::map<std::string, std::vector<std::size_t>> waiting;
    for (auto i = m_old.rbegin(); i != m_old.rend(); ++i) {
      if (const auto key = key_of(m_before, *i)) {
        waiting[*key].push_back(*i);
      }
    }
    std::vector<std::size_t> left;
    for (const auto index : m_new) {
      const auto key = key_of(m_after, index);
      const auto found = key ? waiting.find(*key) : waiting.end();
      if (found == waiting.end() || found->second.empty()) {
        left.push_back(index);
        continue;
      }
      m_match.pairs.emplace_back(found->second.back(), index);
      m_old.erase(std::find(m_old.begin(), m_old.end(), found->second.back()));
      found->second.pop_back();
    }
    m_new = std::move(left);
  }

  /// A tensor each: headerless numbers have no name, and their shape is a guess.
  void by_being_alone() {
    if (m_old.size() == 1 && m_new.size() == 1 && m_match.pairs.empty() && m_before.tensor(m_old[0]).dtype == m_after.tensor(m_new[0]).dtype &&
        m_before.tensor(m_old[0]).elements == m_after.tensor(m_new[0]).elements) {
      m_match.pairs.emplace_back(m_old[0], m_new[0]);
      m_old.clear();
      m_new.clear();
    }
  }

  [[nodiscard]] bool done() const { return m_old.empty() || m_new.empty(); }

  [[nodiscard]] Match finish() {
    std::sort(m_match.pairs.begin(), m_match.pairs.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    m_match.removed = std::move(m_old);
    m_match.added = std::move(m_new);
    return std::move(m_match);
  }

 private:
  const Side& m_before;
  const Side& m_after;
  std::vector<std::size_t> m_old;
  std::vector<std::size_t> m_new;
  Match m_match;
};

std::string form_of(const Tensor& tensor) {
  auto form = tensor.dtype_name.str();
  for (const auto length : tensor.shape) {
    form += " " + std::to_string(length);
  }
  return form;
}

/// Nothing for a tensor that no module names.
std::optional<std::string> canonical_key(const Side& side, std::size_t index) {
  if (!side.artifact().adapter) {
    return std::nullopt;
  }
  const auto& name = side.tensor(index).name;
  for (const auto& module : side.artifact().adapter->modules) {
    for (const auto& part : module.parts) {
      if (part.tensor == name) {
        return module.canonical + "\n" + part.role + "\n" + form_of(side.tensor(index));
      }
    }
  }
  return std::nullopt;
}

std::optional<std::string> content_key(const Side& side, std::size_t index) {
  try {
    bytes::Xxh3_128 digest;
    side.stream(index, [&digest](std::span<const std::byte> piece) { digest.add(piece); });
    return form_of(side.tensor(index)) + " " + digest.hex();
  } catch (const InputError&) {
    return std::nullopt;
  }
}

}  // namespace

Match match_tensors(const Side& before, const Side& after, const std::string& glob) {
  Matcher matcher(before, after, glob);
  matcher.by([](const Side& side, std::size_t index) -> std::optional<std::string> { return side.tensor(index).name; });
  matcher.by_being_alone();
  if (!matcher.done()) {
    matcher.by(canonical_key);
  }
  if (!matcher.done()) {
    matcher.by(content_key);
  }
  return matcher.finish();
}

}  // namespace upinspect::diff
