// SPDX-License-Identifier: Apache-2.0
// What is measured of a tensor's elements, and the few bytes in which a tensor keeps it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

namespace upinspect {

/// A smallest or largest value: integers stay integers.
using Number = std::variant<std::monostate, std::int64_t, std::uint64_t, double>;

/// Over the finite elements; NaN and infinities are counted apart. `std` is the population's (divisor n).
/// Nothing is set where there is no finite element. `zeros` counts both signs of zero.
struct Stats {
  Number min;
  Number max;
  std::optional<double> mean;
  std::optional<double> std;
  std::optional<double> l2;
  std::uint64_t zeros = 0;
  std::uint64_t nans = 0;
  std::uint64_t infs = 0;
  std::uint64_t subnormals = 0;

  friend bool operator==(const Stats&, const Stats&) = default;
};

/// Shannon entropy in bits per byte (0 to 8): of all bytes, and of each byte position of an element, least
/// significant first. `bit_ones[b]` counts the elements whose bit b is set, bit 0 least significant.
struct Entropy {
  double byte = 0;
  std::vector<double> byte_planes;
  std::vector<std::uint64_t> bit_ones;
  std::uint64_t elements = 0;

  friend bool operator==(const Entropy&, const Entropy&) = default;
};

/// Stats or Entropy in the fewest bytes that hold its counts. Reads like an optional: `*kept` and `kept->` give it unpacked,
/// as a value; to change it, assign another.
template <class Measure>
class Kept {
 public:
  Kept() noexcept = default;
  Kept(std::nullopt_t) noexcept {}
  Kept(const Measure& measure);
  Kept(const std::optional<Measure>& measure) {
    if (measure) {
      *this = Kept(*measure);
    }
  }
  Kept(const Kept& other);
  Kept(Kept&&) noexcept = default;
  Kept& operator=(Kept other) noexcept {
    m_packed = std::move(other.m_packed);
    return *this;
  }
  ~Kept() = default;

  [[nodiscard]] bool has_value() const noexcept { return m_packed != nullptr; }
  explicit operator bool() const noexcept { return has_value(); }
  [[nodiscard]] Measure operator*() const;
  [[nodiscard]] auto operator->() const { return Arrow{**this}; }

  friend bool operator==(const Kept& a, const Kept& b) { return a.has_value() == b.has_value() && (!a.has_value() || *a == *b); }
  friend bool operator==(const Kept& a, std::nullopt_t) noexcept { return !a.has_value(); }

 private:
  struct Arrow {
    Measure value;
    const Measure* operator->() const noexcept { return &value; }
  };

  std::unique_ptr<unsigned char[]> m_packed;
};

extern template class Kept<Stats>;
extern template class Kept<Entropy>;

}  // namespace upinspect
