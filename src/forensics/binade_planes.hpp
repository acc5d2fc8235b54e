// SPDX-License-Identifier: Apache-2.0
// Planes of the fraction binade by binade. Weights lean to zero by how fast their density falls: in large numbers more, in small ones hardly, so that
// binades say two to three times as much of random low bits as their sum does.
#pragma once

#include "forensics/bit_stream.hpp"

#include <array>
#include <cstdint>
#include <optional>

namespace upinspect::forensics {

/// Random bits from plane `top` of the fraction on, 1 being the highest.
struct EvenPlanes {
  unsigned top = 0;
  double ratio = 0;   ///< ln of how much likelier even planes are than honest ones
};

/// f32 numbers of many tensors, by their size against the tensor's own.
class BinadePlanes {
 public:
  /// All of a tensor, or of a piece of it.
  void add(const ElementRun& run);

  void merge(const BinadePlanes& other);

  /// What is likeliest, for planes 4 to 12: in each binade the lean of the planes above tells that of those below, which is half as great from plane to
  /// plane. Binades whose planes above are not so say nothing. Nothing where planes from `top` on are not even in every binade, either.
  [[nodiscard]] std::optional<EvenPlanes> even() const;

 private:
  static constexpr unsigned k_sizes = 16;
  static constexpr unsigned k_tops = 12;

  struct Binade {
    std::uint64_t count = 0;
    std::array<std::uint64_t, k_tops> ones{};

    [[nodiscard]] double lean(unsigned top) const { return 0.5 - static_cast<double>(ones[top - 1]) / static_cast<double>(count); }
  };

  [[nodiscard]] static std::optional<double> slope(const Binade& binade, unsigned top);
  [[nodiscard]] double ratio_from(unsigned top) const;
  [[nodiscard]] bool is_even_from(unsigned top) const;

  std::array<Binade, k_sizes> m_binades{};
};

}  // namespace upinspect::forensics
