// SPDX-License-Identifier: Apache-2.0
// What the low bits of one weight file hold: its bit planes against what honest weights show, what explains them, and
// what is hidden there.
#pragma once

#include "upinspect/artifact.hpp"
#include "upinspect/inspect.hpp"
#include "upinspect/payload.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace upinspect {

/// One bit of all elements of a tensor that are finite and not zero.
struct BitPlane {
  unsigned bit = 0;                ///< 0 is the lowest
  std::uint64_t ones = 0;
  double p_one = 0;
  std::optional<double> honest;    ///< what trained weights show; absent for exponent, sign and integers
  double p_value = 1;              ///< that honest weights would stray so far from it

  friend bool operator==(const BitPlane&, const BitPlane&) = default;
};

/// A stretch of a tensor that is not like the rest of it.
struct Stretch {
  std::uint64_t first = 0;  ///< element
  std::uint64_t last = 0;

  friend bool operator==(const Stretch&, const Stretch&) = default;
};

struct TensorPlanes {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::uint64_t elements = 0;
  std::uint64_t counted = 0;               ///< finite and not zero
  std::vector<BitPlane> planes;            ///< bit 0 first
  Provenance provenance = Provenance::unknown;
  std::vector<std::string> explanations;   ///< ids of what makes its planes uneven without a message
  unsigned uniform_bits = 0;               ///< so many low bits are even where trained weights are not; 0: none seen
  std::optional<Stretch> uniform;          ///< where

  friend bool operator==(const TensorPlanes&, const TensorPlanes&) = default;
};

/// An innocent reason for bits that are not random.
struct Explanation {
  std::string id;                     ///< "upcast-f16", "upcast-bf16", "lattice", "constant", "grid", …
  std::string text;
  std::vector<std::string> tensors;   ///< whose bits it explains

  friend bool operator==(const Explanation&, const Explanation&) = default;
};

/// What cannot be seen in this file, whatever is hidden: so many of the lowest bits of so many numbers.
struct BlindSpot {
  std::string dtype;
  std::uint64_t elements = 0;   ///< of tensors whose planes can be held against honest ones
  unsigned bits = 0;            ///< random content in so many lowest bits of all of them stays unseen
  std::uint64_t bytes = 0;      ///< that fit there

  friend bool operator==(const BlindSpot&, const BlindSpot&) = default;
};

struct LowBits {
  Artifact artifact;
  std::vector<TensorPlanes> tensors;       ///< that were measured, in the file's order
  std::vector<Explanation> explanations;
  std::vector<Payload> payloads;           ///< the strongest evidence first
  std::uint64_t candidates_tried = 0;
  std::uint64_t elements_searched = 0;
  std::vector<BlindSpot> blind_spots;
  std::vector<Finding> findings;           ///< of the search, "lsb." ids

  friend bool operator==(const LowBits&, const LowBits&) = default;
};

struct LowBitsOptions {
  InspectOptions inspect;   ///< limits, threads, progress, stop, tensor_glob, raw
  bool payloads = true;     ///< search for messages
};

/// Reads a file or adapter folder and searches it. Throws InputError where it cannot be read at all.
[[nodiscard]] LowBits search_low_bits(const std::string& path, const LowBitsOptions& options = {});

}  // namespace upinspect
