// SPDX-License-Identifier: Apache-2.0
// The one table of element types. Names are the command line contract's; ggml block sizes are those of ggml's own
// type traits, packed sub-byte sizes those of safetensors (F4, F6) and torch (quint4x2, quint2x4).
#include "upinspect/dtype.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace upinspect {

namespace {

using enum DtypeKind;

constexpr auto k_count = static_cast<std::size_t>(Dtype::other) + 1;

struct Row {
  Dtype dtype;
  DtypeInfo info;
};

// The halves of a complex number are swapped one by one. A ggml block mixes widths, so that no single unit turns it
// round: it says 1, and numeric/dequantise.hpp knows which of its bytes make numbers.
constexpr std::array<Row, k_count> k_rows{{
    {Dtype::f64, {"f64", floating, 1, 8, 8}},
    {Dtype::f32, {"f32", floating, 1, 4, 4}},
    {Dtype::f16, {"f16", floating, 1, 2, 2}},
    {Dtype::bf16, {"bf16", floating, 1, 2, 2}},
    {Dtype::f8_e4m3, {"f8_e4m3", floating, 1, 1, 1}},
    {Dtype::f8_e5m2, {"f8_e5m2", floating, 1, 1, 1}},
    {Dtype::f8_e4m3fnuz, {"f8_e4m3fnuz", floating, 1, 1, 1}},
    {Dtype::f8_e5m2fnuz, {"f8_e5m2fnuz", floating, 1, 1, 1}},
    {Dtype::f8_e8m0, {"f8_e8m0", floating, 1, 1, 1}},
    {Dtype::f6_e2m3, {"f6_e2m3", floating, 4, 3, 1}},
    {Dtype::f6_e3m2, {"f6_e3m2", floating, 4, 3, 1}},
    {Dtype::f4, {"f4", floating, 2, 1, 1}},
    {Dtype::i64, {"i64", signed_integer, 1, 8, 8}},
    {Dtype::i32, {"i32", signed_integer, 1, 4, 4}},
    {Dtype::i16, {"i16", signed_integer, 1, 2, 2}},
    {Dtype::i8, {"i8", signed_integer, 1, 1, 1}},
    {Dtype::u64, {"u64", unsigned_integer, 1, 8, 8}},
    {Dtype::u32, {"u32", unsigned_integer, 1, 4, 4}},
    {Dtype::u16, {"u16", unsigned_integer, 1, 2, 2}},
    {Dtype::u8, {"u8", unsigned_integer, 1, 1, 1}},
    {Dtype::boolean, {"bool", boolean, 1, 1, 1}},
    {Dtype::c128, {"c128", complex, 1, 16, 8}},
    {Dtype::c64, {"c64", complex, 1, 8, 4}},
    {Dtype::c32, {"c32", complex, 1, 4, 2}},
    {Dtype::qint8, {"qint8", quantised, 1, 1, 1}},
    {Dtype::quint8, {"quint8", quantised, 1, 1, 1}},
    {Dtype::qint32, {"qint32", quantised, 1, 4, 4}},
    {Dtype::quint4x2, {"quint4x2", quantised, 2, 1, 1}},
    {Dtype::quint2x4, {"quint2x4", quantised, 4, 1, 1}},
    {Dtype::q4_0, {"q4_0", block, 32, 18, 1}},
    {Dtype::q4_1, {"q4_1", block, 32, 20, 1}},
    {Dtype::q5_0, {"q5_0", block, 32, 22, 1}},
    {Dtype::q5_1, {"q5_1", block, 32, 24, 1}},
    {Dtype::q8_0, {"q8_0", block, 32, 34, 1}},
    {Dtype::q8_1, {"q8_1", block, 32, 36, 1}},
    {Dtype::q2_k, {"q2_k", block, 256, 84, 1}},
    {Dtype::q3_k, {"q3_k", block, 256, 110, 1}},
    {Dtype::q4_k, {"q4_k", block, 256, 144, 1}},
    {Dtype::q5_k, {"q5_k", block, 256, 176, 1}},
    {Dtype::q6_k, {"q6_k", block, 256, 210, 1}},
    {Dtype::q8_k, {"q8_k", block, 256, 292, 1}},
    {Dtype::iq2_xxs, {"iq2_xxs", block, 256, 66, 1}},
    {Dtype::iq2_xs, {"iq2_xs", block, 256, 74, 1}},
    {Dtype::iq3_xxs, {"iq3_xxs", block, 256, 98, 1}},
    {Dtype::iq1_s, {"iq1_s", block, 256, 50, 1}},
    {Dtype::iq4_nl, {"iq4_nl", block, 32, 18, 1}},
    {Dtype::iq3_s, {"iq3_s", block, 256, 110, 1}},
    {Dtype::iq2_s, {"iq2_s", block, 256, 82, 1}},
    {Dtype::iq4_xs, {"iq4_xs", block, 256, 136, 1}},
    {Dtype::iq1_m, {"iq1_m", block, 256, 56, 1}},
    {Dtype::tq1_0, {"tq1_0", block, 256, 54, 1}},
    {Dtype::tq2_0, {"tq2_0", block, 256, 66, 1}},
    {Dtype::mxfp4, {"mxfp4", block, 32, 17, 1}},
    {Dtype::other, {"other", opaque, 0, 0, 1}},
}};

constexpr bool rows_follow_the_enum() {
  for (std::size_t i = 0; i < k_count; ++i) {
    if (static_cast<std::size_t>(k_rows[i].dtype) != i) {
      return false;
    }
  }
  return true;
}
static_assert(rows_follow_the_enum());

}  // namespace

const DtypeInfo& info(Dtype dtype) noexcept {
  const auto index = static_cast<std::size_t>(dtype);
  return k_rows[std::min(index, k_count - 1)].info;
}

std::optional<Dtype> dtype_from_name(std::string_view name) noexcept {
  const auto found = std::find_if(k_rows.begin(), k_rows.end(), [&](const Row& row) { return row.info.name == name; });
  if (found == k_rows.end() || found->dtype == Dtype::other) {
    return std::nullopt;
  }
  return found->dtype;
}

}  // namespace upinspect
