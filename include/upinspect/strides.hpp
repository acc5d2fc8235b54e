// SPDX-License-Identifier: Apache-2.0
// The strides of a view, in the eight bytes that most tensors have no use for.
#pragma once

#include "upinspect/boxed.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

namespace upinspect {

/// A list that is not changed once it is made.
class Strides {
 public:
  Strides() noexcept = default;
  Strides(std::vector<std::int64_t> strides) {
    if (!strides.empty()) {
      m_list = std::move(strides);
    }
  }
  Strides(std::initializer_list<std::int64_t> strides) : Strides(std::vector<std::int64_t>(strides)) {}

  [[nodiscard]] bool empty() const noexcept { return !m_list; }
  [[nodiscard]] std::size_t size() const noexcept { return m_list ? m_list->size() : 0; }
  [[nodiscard]] std::int64_t operator[](std::size_t index) const { return (*m_list)[index]; }
  [[nodiscard]] const std::int64_t* begin() const noexcept { return m_list ? m_list->data() : nullptr; }
  [[nodiscard]] const std::int64_t* end() const noexcept { return m_list ? m_list->data() + m_list->size() : nullptr; }
  [[nodiscard]] std::vector<std::int64_t> list() const { return m_list ? *m_list : std::vector<std::int64_t>(); }

  friend bool operator==(const Strides&, const Strides&) = default;

 private:
  Boxed<std::vector<std::int64_t>> m_list;
};

}  // namespace upinspect
