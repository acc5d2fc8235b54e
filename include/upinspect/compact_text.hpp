// SPDX-License-Identifier: Apache-2.0
// A text in 16 bytes that does not change: for what a hundred thousand tensors have each, mostly empty or all alike.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace upinspect {

/// Owns its bytes, or points at some that live as long as the program. Reads as a string_view, and copies to a string.
class CompactText {
 public:
  CompactText() noexcept = default;
  CompactText(std::string_view text);
  CompactText(const std::string& text) : CompactText(std::string_view(text)) {}
  CompactText(const char* text) : CompactText(std::string_view(text)) {}
  /// Copies nothing: `text` is a literal, or a row of a table.
  [[nodiscard]] static CompactText fixed(std::string_view text) noexcept;

  CompactText(const CompactText& other);
  CompactText(CompactText&& other) noexcept : m_data(std::exchange(other.m_data, nullptr)), m_size(std::exchange(other.m_size, 0)) {}
  CompactText& operator=(CompactText other) noexcept {
    std::swap(m_data, other.m_data);
    std::swap(m_size, other.m_size);
    return *this;
  }
  ~CompactText() {
    if (is_owner()) {
      release();
    }
  }

  [[nodiscard]] bool empty() const noexcept { return size() == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return m_size / 2; }
  [[nodiscard]] std::string_view view() const noexcept { return {m_data, size()}; }
  [[nodiscard]] std::string str() const { return std::string(view()); }
  operator std::string_view() const noexcept { return view(); }
  operator std::string() const { return str(); }

  friend bool operator==(const CompactText& a, const CompactText& b) noexcept { return a.view() == b.view(); }
  friend bool operator==(const CompactText& a, std::string_view b) noexcept { return a.view() == b; }
  friend bool operator==(const CompactText& a, const std::string& b) noexcept { return a.view() == b; }
  friend bool operator==(const CompactText& a, const char* b) noexcept { return a.view() == b; }
  friend std::string operator+(std::string before, const CompactText& text) { return before.append(text.view()); }
  friend std::string operator+(const CompactText& text, std::string_view after) { return text.str().append(after); }
  template <class Stream>
  friend auto operator<<(Stream& out, const CompactText& text) -> decltype(out << std::string_view()) {
    return out << text.view();
  }

 private:
  [[nodiscard]] bool is_owner() const noexcept { return m_size % 2 != 0; }
  void release() noexcept;

  const char* m_data = nullptr;
  std::size_t m_size = 0;  ///< twice the length, and one more where the bytes are its own
};

}  // namespace upinspect
