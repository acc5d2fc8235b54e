// SPDX-License-Identifier: Apache-2.0
// Why nothing was written: everything that stands in the way, said at once.
#pragma once

#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace upinspect::convert {

/// Thrown before the output is in its place. Reasons can hold text from files: escape them where they are printed.
class Refusal : public std::exception {
 public:
  explicit Refusal(std::string reason) : m_reasons{std::move(reason)} {}
  explicit Refusal(std::vector<std::string> reasons) : m_reasons(std::move(reasons)) {}

  [[nodiscard]] const std::vector<std::string>& reasons() const noexcept { return m_reasons; }
  [[nodiscard]] const char* what() const noexcept override { return m_reasons.empty() ? "" : m_reasons.front().c_str(); }

 private:
  std::vector<std::string> m_reasons;
};

/// Collects reasons; `settle` throws where there are any.
class Reasons {
 public:
  void add(std::string reason) { m_reasons.push_back(std::move(reason)); }
  [[nodiscard]] bool empty() const noexcept { return m_reasons.empty(); }
  void settle() const {
    if (!m_reasons.empty()) {
      throw Refusal(m_reasons);
    }
  }

 private:
  std::vector<std::string> m_reasons;
};

}  // namespace upinspect::convert
