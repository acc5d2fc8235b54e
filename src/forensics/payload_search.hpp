// SPDX-License-Identifier: Apache-2.0
// Looks for messages in elements under one reading after another, and keeps what no chance explains.
#pragma once

#include "forensics/bit_stream.hpp"
#include "forensics/stream_rating.hpp"
#include "upinspect/payload.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace upinspect::forensics {

/// A stretch of a tensor that a run of elements holds.
struct Segment {
  std::string tensor;
  std::uint64_t first = 0;  ///< element of the tensor
  std::size_t count = 0;
};

/// Elements to search. A run that was derived from another (only those that changed, one flag for each) says by
/// `origin` where each of its elements was in that one.
struct SearchRun {
  ElementRun elements;
  ElementRun flips;                    ///< old XOR new, as long as `elements`; empty where there is no old side
  std::vector<std::size_t> origin;     ///< empty: the elements' own indices
  bool all_touched = false;            ///< every element is part of the message
};

enum class Characters : std::uint8_t {
  eight,            ///< eight bits make a byte
  eight_and_seven,  ///< seven make a character, too
};

/// One search over one run of elements and what is derived from it. Every reading of the bits is a candidate, and every
/// candidate makes a find by chance more likely: the p-values take all of them into account.
class PayloadSearch {
 public:
  /// `segments` say what the underlying run is made of.
  explicit PayloadSearch(std::vector<Segment> segments) : m_segments(std::move(segments)) {}

  /// Rates the field's stream in all its alignments to bytes.
  void try_field(const SearchRun& run, PayloadStream stream, const Field& field, Characters characters);

  /// Rates byte planes one after the other as one stream.
  void try_planes(const SearchRun& run, std::span<const unsigned> bases);

  /// True once a find is proven or readable beyond doubt.
  [[nodiscard]] bool settled() const noexcept;

  /// How strong the best find is, to choose between searches of the same elements in different orders.
  [[nodiscard]] double strength() const noexcept;

  [[nodiscard]] std::uint64_t candidates() const noexcept { return m_candidates; }

  /// Finds that do not overlap, the strongest first. Text counts from p < 1e-6 on.
  [[nodiscard]] std::vector<Payload> results() const;

  /// The field's bytes as a payload of which nothing more is known: structured, or random as ciphers are. Where it is
  /// known which elements were touched, from the first to the last of them.
  [[nodiscard]] Payload unread(const SearchRun& run, const Field& field, PayloadStream stream) const;

 private:
  struct Find {
    Payload payload;
    double log_p = 0;
    std::size_t first = 0;  ///< elements of the underlying run
    std::size_t last = 0;
    bool front = false;     ///< of a file, alone: another reading may have all of it
  };

  struct Reading {
    const SearchRun& run;
    PayloadStream stream;
    const Field& field;
    unsigned shift;
    unsigned character_bits;
  };

  void rate(const Reading& reading, std::span<const std::byte> bytes, std::span<const std::byte> flips);
  void keep(const Reading& reading, std::span<const std::byte> bytes, const Found& found);
  [[nodiscard]] std::size_t origin_of(const Reading& reading, std::size_t bit) const;
  void locate(Find& find) const;

  std::vector<Segment> m_segments;
  std::vector<Find> m_finds;
  std::uint64_t m_candidates = 0;
};

}  // namespace upinspect::forensics
