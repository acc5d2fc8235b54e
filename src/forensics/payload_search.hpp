// SPDX-License-Identifier: Apache-2.0
// Looks for messages in elements under one reading after another, and keeps what no chance explains.
#pragma once

#include "forensics/bit_stream.hpp"
#include "forensics/long_stream.hpp"
#include "forensics/stream_rating.hpp"
#include "upinspect/payload.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
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
  std::uint64_t flipped = UINT64_MAX;  ///< bits that flip in any element, as far as it is known
};

/// Calls the work for each number below `pieces`, in any order, on any threads.
using RunPieces = std::function<void(std::size_t pieces, const std::function<void(std::size_t)>& work)>;

enum class Characters : std::uint8_t {
  eight,            ///< eight bits make a byte
  eight_and_seven,  ///< seven make a character, too
};

/// One search over one run of elements and what is derived from it. Every reading of the bits is a candidate, and every
/// candidate makes a find by chance more likely: the p-values take all of them into account. Streams of up to 512 bytes are
/// rated whole; longer ones are passed over once and rated where something may be (long_stream.hpp).
class PayloadSearch {
 public:
  /// `segments` say what the underlying run is made of. Long streams are shared out by `run_pieces`.
  explicit PayloadSearch(std::vector<Segment> segments, RunPieces run_pieces = {})
      : m_segments(std::move(segments)), m_run_pieces(std::move(run_pieces)) {}

  /// Rates the stream of each field in all its alignments to bytes.
  void try_fields(const SearchRun& run, PayloadStream stream, std::span<const Field> fields, Characters characters);

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
    std::uint64_t bit;         ///< of the stream, with which the first character begins
    unsigned character_bits;
  };

  /// `within` is the reading's field in `elements`, which may be planes of the run that were put one after the other, and in their flips.
  [[nodiscard]] std::vector<Find> rated(const Reading& reading, const ElementRun& elements, const Field& within, const ElementRun& flips) const;
  [[nodiscard]] std::vector<Find> rate_whole(const Reading& reading, const ElementRun& elements, const Field& within, const std::optional<TouchedBits>& touched) const;
  [[nodiscard]] std::vector<Find> rate_long(const Reading& reading, const ElementRun& elements, const Field& within, const std::optional<TouchedBits>& touched) const;
  void rate(const Reading& reading, std::span<const std::byte> bytes, const std::optional<Touched>& touched, std::vector<Find>& finds) const;
  [[nodiscard]] Find find_of(const Reading& reading, std::span<const std::byte> bytes, Found found, const std::optional<Touched>& touched) const;
  [[nodiscard]] double convincing() const;
  [[nodiscard]] std::size_t origin_of(const Reading& reading, std::uint64_t bit) const;
  void locate(Find& find) const;

  std::vector<Segment> m_segments;
  RunPieces m_run_pieces;
  std::vector<Find> m_finds;
  std::uint64_t m_candidates = 0;
};

}  // namespace upinspect::forensics
