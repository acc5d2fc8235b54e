// SPDX-License-Identifier: Apache-2.0
// What differs between two weight files or adapter folders, from the container down to the bit.
#pragma once

#include "upinspect/artifact.hpp"
#include "upinspect/inspect.hpp"
#include "upinspect/payload.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace upinspect {

enum class DiffVerdict : std::uint8_t {
  identical,      ///< byte for byte
  same_tensors,   ///< only the container, the order or the spelling of names differs
  metadata_only,  ///< the tensors are the same, what is said about them is not
  same_update,    ///< other factors, the same scale x up @ down
  lsb_only,       ///< every change lies in the lowest bits of the numbers
  cast,           ///< the same numbers, rounded to another type
  values,         ///< the same tensors with other numbers
  structure,      ///< tensors came, went, or have another shape or type
};

enum class ChangeKind : std::uint8_t {
  cast_f16, cast_bf16, cast_f32,  ///< each number is the old one rounded to that type
  truncation,                     ///< the lowest bits were cleared
  scaled,                         ///< each number is the old one times one constant
  permuted,                       ///< the same rows, columns or elements in another order
  requantised,                    ///< the new numbers lie on a coarse grid
  training,                       ///< steps of about one absolute size, as an optimiser makes them
  bit_flips,                      ///< a few single bits anywhere
  bit_field,                      ///< one field of bits was overwritten, and nothing was carried out of it
  mixed,                          ///< none of these explains it
};

/// The bytes of the two files, position by position.
struct ByteDifference {
  std::uint64_t compared = 0;
  std::uint64_t differing = 0;
  std::optional<std::uint64_t> first;  ///< offset from 0
  std::optional<std::uint64_t> last;

  friend bool operator==(const ByteDifference&, const ByteDifference&) = default;
};

/// The distances of changed elements on the scale of representable numbers. Counts are by powers of two: how many
/// lie above the bound before and not above this one.
struct UlpDifference {
  std::uint64_t median = 0;   ///< exact below 64, else to one part in 32
  std::uint64_t max = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> histogram;

  friend bool operator==(const UlpDifference&, const UlpDifference&) = default;
};

/// One tensor whose elements are not all the same.
struct TensorChange {
  std::string name;
  std::string old_name;                    ///< where it had another one
  std::string dtype;
  std::string old_dtype;                   ///< where it had another one
  std::vector<std::uint64_t> shape;
  std::uint64_t elements = 0;              ///< halves of complex numbers and bytes of packed blocks each count
  std::uint64_t changed = 0;
  std::uint64_t bits_flipped = 0;
  std::vector<std::uint64_t> bits;         ///< how many elements differ in each bit, bit 0 first
  std::optional<UlpDifference> ulp;        ///< of the pairs of finite numbers
  double absolute_mean = 0;                ///< over the changed pairs of finite numbers
  double absolute_max = 0;
  std::uint64_t not_finite = 0;            ///< changed pairs with an infinity or a NaN
  std::uint64_t carries = 0;               ///< changes that were carried beyond the bits of their distance
  std::uint64_t first = 0;                 ///< element
  std::uint64_t last = 0;
  std::uint64_t stride = 1;                ///< changes lie at multiples of it from the first
  std::vector<std::uint64_t> places;       ///< changes in equal stretches of the tensor
  ChangeKind kind = ChangeKind::mixed;
  unsigned field_bits = 0;                 ///< of a bit field, and its lowest bit
  unsigned field_base = 0;
  std::uint64_t field_capacity = 0;        ///< bytes that the field's span holds
  double p_value = 1;                      ///< that numeric changes would carry nothing out of the field
  std::string why;                         ///< the reason in words

  friend bool operator==(const TensorChange&, const TensorChange&) = default;
};

/// A tensor of which only one side knows, or whose type or shape changed.
struct TensorNote {
  std::string name;
  std::string old_name;
  std::string what;   ///< "f32 8 x 4"; for a change "f32 8 x 4 to f16 8 x 4"

  friend bool operator==(const TensorNote&, const TensorNote&) = default;
};

struct ValueChange {
  std::string key;    ///< a path such as "training.lr"
  Value before;
  Value after;

  friend bool operator==(const ValueChange&, const ValueChange&) = default;
};

/// Two adapters' updates, scale x up @ down, held against each other module by module. Lengths are Frobenius norms.
struct UpdateDifference {
  std::uint64_t modules = 0;
  bool equal = false;       ///< in every module no further apart than rounding the factors explains
  std::string module;       ///< the one whose updates are furthest apart
  double largest = 0;       ///< there: the length of the difference over that of the longer update
  double rounding = 0;      ///< there: what rounding the factors to their types can amount to, in the same measure

  friend bool operator==(const UpdateDifference&, const UpdateDifference&) = default;
};

struct Difference {
  Artifact old_side;                       ///< headers only
  Artifact new_side;
  DiffVerdict verdict = DiffVerdict::identical;
  std::optional<ByteDifference> bytes;     ///< of two files
  std::uint64_t tensors_same = 0;
  std::vector<TensorNote> added;
  std::vector<TensorNote> removed;
  std::vector<TensorNote> renamed;
  std::vector<TensorNote> reshaped;        ///< another shape or type
  std::vector<std::pair<std::string, Value>> metadata_added;
  std::vector<std::pair<std::string, Value>> metadata_removed;
  std::vector<ValueChange> metadata_changed;
  std::vector<TensorChange> changes;       ///< in the order of the new side
  std::optional<UpdateDifference> update;  ///< of two adapters whose tensors differ, where it can be computed
  std::vector<Payload> payloads;           ///< the strongest evidence first
  std::uint64_t candidates_tried = 0;
  std::vector<Finding> findings;

  friend bool operator==(const Difference&, const Difference&) = default;
};

struct DiffOptions {
  InspectOptions inspect;   ///< depth, limits, threads, progress, stop, tensor_glob, raw
  bool payloads = true;     ///< search changes for messages
};

/// Compares two files or adapter folders. Throws InputError where one cannot be read at all.
[[nodiscard]] Difference compare_files(const std::string& before, const std::string& after,
                                       const DiffOptions& options = {});

}  // namespace upinspect
