// SPDX-License-Identifier: Apache-2.0
// The element types that weight files hold: one table of names, sizes and kinds.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace upinspect {

/// Element types under the names of the command line contract. `other` stands for a type that only its own
/// format names (a structured numpy dtype, a torch shell dtype): its name and size are kept beside it.
enum class Dtype : std::uint8_t {
  f64, f32, f16, bf16,
  f8_e4m3, f8_e5m2, f8_e4m3fnuz, f8_e5m2fnuz, f8_e8m0,
  f6_e2m3, f6_e3m2, f4,
  i64, i32, i16, i8, u64, u32, u16, u8, boolean,
  c128, c64, c32,
  qint8, quint8, qint32, quint4x2, quint2x4,
  q4_0, q4_1, q5_0, q5_1, q8_0, q8_1,
  q2_k, q3_k, q4_k, q5_k, q6_k, q8_k,
  iq2_xxs, iq2_xs, iq3_xxs, iq1_s, iq4_nl, iq3_s, iq2_s, iq4_xs, iq1_m,
  tq1_0, tq2_0, mxfp4,
  other,
};

enum class DtypeKind : std::uint8_t {
  floating,       ///< IEEE 754 or one of the small formats of OCP and ml_dtypes
  signed_integer,
  unsigned_integer,
  boolean,
  complex,
  quantised,      ///< torch: integers with scale and zero point kept elsewhere
  block,          ///< ggml: blocks of quantised values with their scales inside
  opaque,
};

/// What is fixed for a Dtype. Sizes are per block of `block_elements` elements; for all but ggml blocks and
/// packed sub-byte types a block is one element. `swap_unit` is the width in bytes that a change of byte order
/// reverses (4 for c64, whose two halves are swapped one by one).
struct DtypeInfo {
  std::string_view name;
  DtypeKind kind;
  std::uint16_t block_elements;
  std::uint16_t block_bytes;
  std::uint8_t swap_unit;
};

/// The table's row for `dtype`. `other` answers with size 0.
[[nodiscard]] const DtypeInfo& info(Dtype dtype) noexcept;

/// The Dtype of a contract name ("f32", "bool", "q4_k"); nothing for a name that is not in the table.
[[nodiscard]] std::optional<Dtype> dtype_from_name(std::string_view name) noexcept;

}  // namespace upinspect
