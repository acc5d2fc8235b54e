// SPDX-License-Identifier: Apache-2.0
// Numbers, names and block sizes are those of ggml's type traits (ggml.h and ggml.c). A number, once given, is never
// used again: formats that were withdrawn keep their row, and a file that uses one must be refused.
#include "formats/gguf_types.hpp"

#include <array>
#include <cstddef>

namespace upinspect::formats::gguf {

namespace {

constexpr TensorType made(std::string_view name, Dtype dtype, std::uint16_t elements, std::uint16_t bytes) {
  return {name, dtype, elements, bytes};
}

constexpr TensorType removed(std::string_view name) { return {name, Dtype::other, 0, 0}; }

constexpr std::array<TensorType, k_tensor_types> k_tensor_rows{{
    made("f32", Dtype::f32, 1, 4),
    made("f16", Dtype::f16, 1, 2),
    made("q4_0", Dtype::q4_0, 32, 18),
    made("q4_1", Dtype::q4_1, 32, 20),
    removed("DEPRECATED, once q4_2"),
    removed("DEPRECATED, once q4_3"),
    made("q5_0", Dtype::q5_0, 32, 22),
    made("q5_1", Dtype::q5_1, 32, 24),
    made("q8_0", Dtype::q8_0, 32, 34),
    made("q8_1", Dtype::q8_1, 32, 36),
    made("q2_K", Dtype::q2_k, 256, 84),
    made("q3_K", Dtype::q3_k, 256, 110),
    made("q4_K", Dtype::q4_k, 256, 144),
    made("q5_K", Dtype::q5_k, 256, 176),
    made("q6_K", Dtype::q6_k, 256, 210),
    made("q8_K", Dtype::q8_k, 256, 292),
    made("iq2_xxs", Dtype::iq2_xxs, 256, 66),
    made("iq2_xs", Dtype::iq2_xs, 256, 74),
    made("iq3_xxs", Dtype::iq3_xxs, 256, 98),
    made("iq1_s", Dtype::iq1_s, 256, 50),
    made("iq4_nl", Dtype::iq4_nl, 32, 18),
    made("iq3_s", Dtype::iq3_s, 256, 110),
    made("iq2_s", Dtype::iq2_s, 256, 82),
    made("iq4_xs", Dtype::iq4_xs, 256, 136),
    made("i8", Dtype::i8, 1, 1),
    made("i16", Dtype::i16, 1, 2),
    made("i32", Dtype::i32, 1, 4),
    made("i64", Dtype::i64, 1, 8),
    made("f64", Dtype::f64, 1, 8),
    made("iq1_m", Dtype::iq1_m, 256, 56),
    made("bf16", Dtype::bf16, 1, 2),
    removed("q4_0_4_4 REMOVED, q4_0 is repacked at run time"),
    removed("q4_0_4_8 REMOVED, q4_0 is repacked at run time"),
    removed("q4_0_8_8 REMOVED, q4_0 is repacked at run time"),
    made("tq1_0", Dtype::tq1_0, 256, 54),
    made("tq2_0", Dtype::tq2_0, 256, 66),
    removed("iq4_nl_4_4 REMOVED, iq4_nl is repacked at run time"),
    removed("iq4_nl_4_8 REMOVED, iq4_nl is repacked at run time"),
    removed("iq4_nl_8_8 REMOVED, iq4_nl is repacked at run time"),
    made("mxfp4", Dtype::mxfp4, 32, 17),
    made("nvfp4", Dtype::other, 64, 36),
    made("q1_0", Dtype::other, 128, 18),
    made("q2_0", Dtype::other, 64, 18),
}};

constexpr std::array<ValueTypeInfo, k_value_types> k_value_rows{{
    {"u8", 1}, {"i8", 1}, {"u16", 2}, {"i16", 2}, {"u32", 4}, {"i32", 4}, {"f32", 4},
    {"bool", 1}, {"str", 8}, {"arr", 0}, {"u64", 8}, {"i64", 8}, {"f64", 8},
}};

}  // namespace

const TensorType* tensor_type(std::int32_t number) noexcept {
  return number >= 0 && number < k_tensor_types ? &k_tensor_rows[static_cast<std::size_t>(number)] : nullptr;
}

const ValueTypeInfo& info(ValueType type) noexcept { return k_value_rows[static_cast<std::size_t>(type)]; }

}  // namespace upinspect::formats::gguf
