// SPDX-License-Identifier: Apache-2.0
// Looks for messages in one carrier, with nothing to compare it with: every reading is scanned, what looks like text or a
// file is read again in every order of the tensors, and only what chance does not explain is kept.
#pragma once

#include "forensics/blind_layouts.hpp"
#include "forensics/carrier.hpp"
#include "forensics/stream_rating.hpp"
#include "forensics/stream_scan.hpp"
#include "upinspect/payload.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace upinspect::forensics {

class BlindSearch {
 public:
  /// The carrier must outlive this.
  explicit BlindSearch(const Carrier& carrier);

  [[nodiscard]] std::size_t layouts() const noexcept { return m_layouts.size(); }

  /// Scans one layout; different ones may be scanned by different threads.
  void scan(std::size_t layout);

  [[nodiscard]] bool cut_short() const noexcept;

  /// What stands where `readings` were tried in all. To be called after all layouts were scanned. The strongest first;
  /// no two of them share an element.
  [[nodiscard]] std::vector<Payload> read_out(const Readings& readings) const;

 private:
  struct Candidate {
    std::size_t layout = 0;
    Seed seed;
  };

  struct Find {
    Payload payload;
    double log_p = 0;
    std::size_t first = 0;  ///< elements of the carrier
    std::size_t last = 0;
    bool front = false;     ///< of a file, alone
  };

  /// Characters that are read with a candidate.
  struct Window {
    std::uint64_t bit = 0;     ///< of the stream
    std::uint64_t before = 0;  ///< characters before the candidate
    bool from_start = false;   ///< it begins with a tensor
  };

  [[nodiscard]] std::vector<Candidate> candidates() const;
  [[nodiscard]] Prior prior_of(const Candidate& candidate) const;
  [[nodiscard]] Window window_of(const Candidate& candidate, const Walk& walk, std::uint64_t bit) const;
  [[nodiscard]] std::vector<Found> rate_window(const BlindLayout& layout, const Window& window, std::span<const std::byte> bytes) const;
  [[nodiscard]] std::optional<Find> judged(const Candidate& candidate, const Walk& walk, const Window& window, Found found,
                                           std::span<const std::byte> bytes) const;
  [[nodiscard]] std::optional<Find> read_file(const Candidate& candidate) const;
  [[nodiscard]] std::optional<Find> read_text(const Candidate& candidate) const;
  [[nodiscard]] std::optional<Find> read_text_along(const Candidate& candidate, const Walk& walk) const;
  [[nodiscard]] Find find_of(const BlindLayout& layout, const Walk& walk, std::uint64_t window, const Found& found,
                             std::span<const std::byte> bytes) const;
  [[nodiscard]] bool needs_own_frequencies(const Field& field) const;
  [[nodiscard]] unsigned distinct_of(const Field& field) const;
  [[nodiscard]] std::array<double, 256> frequencies_of(const BlindLayout& layout) const;
  [[nodiscard]] double usual(const BlindLayout& layout, std::span<const std::byte> bytes) const;
  [[nodiscard]] double discount(const BlindLayout& layout, std::span<const std::byte> text) const;
  [[nodiscard]] bool is_no_accident(const BlindLayout& layout, const Found& found, std::span<const std::byte> bytes) const;
  void take(std::vector<Find>& finds, Find find, const Readings& readings, double counted) const;
  [[nodiscard]] std::optional<std::uint64_t> moved(const Candidate& candidate, const Walk& walk) const;
  [[nodiscard]] std::size_t element_of(const BlindLayout& layout, const Walk& walk, std::uint64_t bit) const;

  const Carrier& m_carrier;
  std::uint64_t m_varying = 0;   ///< bits that are one in some elements and zero in others
  std::vector<std::vector<std::byte>> m_planes;   ///< the lowest bytes of all elements, then the next ones, …
  std::vector<Walk> m_walks;
  std::vector<BlindLayout> m_layouts;
  bool m_repeats = false;         ///< numbers come again, as on a grid
  double m_log_places = 0;        ///< ln of the bits at which anything may begin, in all layouts
  std::vector<Scan> m_scans;
  mutable std::map<const BlindLayout*, std::array<double, 256>> m_frequencies;  ///< of the layouts that were asked for
};

}  // namespace upinspect::forensics
