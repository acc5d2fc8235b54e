// SPDX-License-Identifier: Apache-2.0
// Tells which names of a growing list have come before, in eight bytes for each: the names stay in their list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace upinspect::formats {

class NameIndex {
 public:
  /// Names are looked for, and added, by name and hash.
  [[nodiscard]] static std::uint32_t hash_of(std::string_view name) noexcept {
    return static_cast<std::uint32_t>(std::hash<std::string_view>()(name));
  }

  /// The number of `name` in the list, nothing where it is new. `name_of` gives the name of a number.
  template <class NameOf>
  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view name, std::uint32_t hash, const NameOf& name_of) const {
    for (auto at = first_slot(hash); !m_slots.empty() && m_slots[at].number != k_free; at = next_slot(at)) {
      if (m_slots[at].hash == hash && name_of(m_slots[at].number) == name) {
        return m_slots[at].number;
      }
    }
    return std::nullopt;
  }

  /// One that is not there yet.
  void add(std::uint32_t hash, std::uint32_t number) {
    if (2 * (m_used + 1) > m_slots.size()) {
      grow();
    }
    ++m_used;
    place({hash, number});
  }

 private:
  static constexpr std::uint32_t k_free = UINT32_MAX;
  struct Slot {
    std::uint32_t hash = 0;
    std::uint32_t number = k_free;
  };

  [[nodiscard]] std::size_t first_slot(std::uint32_t hash) const noexcept { return hash & (m_slots.size() - 1); }
  [[nodiscard]] std::size_t next_slot(std::size_t at) const noexcept { return (at + 1) & (m_slots.size() - 1); }

  void place(Slot slot) {
    auto at = first_slot(slot.hash);
    while (m_slots[at].number != k_free) {
      at = next_slot(at);
    }
    m_slots[at] = slot;
  }
  void grow() {
    constexpr std::size_t k_least = 64;
    const auto old = std::exchange(m_slots, std::vector<Slot>(m_slots.empty() ? k_least : 2 * m_slots.size()));
    for (const auto& slot : old) {
      if (slot.number != k_free) {
        place(slot);
      }
    }
  }

  std::vector<Slot> m_slots;  ///< as many as a power of two, at most half of them used
  std::size_t m_used = 0;
};

}  // namespace upinspect::formats
