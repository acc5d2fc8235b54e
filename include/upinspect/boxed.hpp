// SPDX-License-Identifier: Apache-2.0
// An optional of eight bytes: what few of a long list have lies elsewhere.
#pragma once

#include <memory>
#include <utility>

namespace upinspect {

/// Copies are deep, and two are equal where both are absent or their values are.
template <class T>
class Boxed {
 public:
  Boxed() noexcept = default;
  Boxed(T value) : m_value(std::make_unique<T>(std::move(value))) {}
  Boxed(const Boxed& other) : m_value(other.m_value ? std::make_unique<T>(*other.m_value) : nullptr) {}
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(Boxed other) noexcept {
    m_value = std::move(other.m_value);
    return *this;
  }
  ~Boxed() = default;

  [[nodiscard]] bool has_value() const noexcept { return m_value != nullptr; }
  explicit operator bool() const noexcept { return has_value(); }
  [[nodiscard]] const T& operator*() const noexcept { return *m_value; }
  [[nodiscard]] T& operator*() noexcept { return *m_value; }
  [[nodiscard]] const T* operator->() const noexcept { return m_value.get(); }

  friend bool operator==(const Boxed& a, const Boxed& b) { return a.has_value() == b.has_value() && (!a.has_value() || *a == *b); }

 private:
  std::unique_ptr<T> m_value;
};

}  // namespace upinspect
