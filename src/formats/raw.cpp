// SPDX-License-Identifier: Apache-2.0
// raw: numbers and nothing else. No byte says so, hence what is reported is a guess with its reasons, unless the
// caller says how to read them (--as).
#include "bytes/checked.hpp"
#include "formats/format.hpp"
#include "numeric/dtype_guess.hpp"

#include <algorithm>
#include <cstdio>

namespace upinspect::formats::raw {

namespace {

constexpr std::uint64_t k_fewest_elements = 64;

std::string fixed(double value, int decimals) {
  std::string text(48, '\0');
  text.resize(static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%.*f", decimals, value)));
  return text;
}

std::string in_words(Dtype dtype, ByteOrder order) {
  static constexpr std::array k_words{
      std::pair{Dtype::f16, "float16"}, std::pair{Dtype::bf16, "bfloat16"}, std::pair{Dtype::f32, "float32"},
      std::pair{Dtype::f64, "float64"}, std::pair{Dtype::i16, "int16"},     std::pair{Dtype::i32, "int32"},
      std::pair{Dtype::i64, "int64"},
  };
  const auto* found = std::find_if(k_words.begin(), k_words.end(), [dtype](const auto& row) { return row.first == dtype; });
  const std::string name(found == k_words.end() ? info(dtype).name : found->second);
  return name + (info(dtype).swap_unit == 1 ? "" : order == ByteOrder::little ? " little-endian" : " big-endian");
}

std::string shape_text(std::span<const std::uint64_t> shape) {
  std::string text;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += (i == 0 ? "" : " x ") + std::to_string(shape[i]);
  }
  return text;
}

unsigned exponent_bits(Dtype dtype) {
  return dtype == Dtype::f16 ? 5 : dtype == Dtype::f64 ? 11 : 8;
}

Value::Array reasons(const numeric::DtypeGuess& guess, const numeric::DtypeCandidate& best) {
  Value::Array why;
  const auto width = info(best.dtype).block_bytes;
  std::string planes;
  for (unsigned i = 0; i < width; ++i) {
    planes += (i == 0 ? "" : " ") + fixed(guess.plane_entropy[i], 2);
  }
  why.emplace_back("the bytes repeat their pattern every " + std::to_string(guess.period) + "; entropy by position " +
                   planes + " bits of 8");
  if (info(best.dtype).kind == DtypeKind::floating) {
    why.emplace_back("the exponent holds " + fixed(best.exponent_entropy, 1) + " of " +
                     std::to_string(exponent_bits(best.dtype)) + " bits, at the magnitudes of weights");
  }
  why.emplace_back(fixed(best.bits, 1) + " bits describe a value as " + in_words(best.dtype, best.order) + ", of " +
                   std::to_string(8 * width) + " stored");
  if (guess.candidates.size() > 1) {
    const auto& next = guess.candidates[1];
    why.emplace_back("next best: " + in_words(next.dtype, next.order) + ", " + fixed(next.bits, 1) + " bits of " +
                     std::to_string(8 * info(next.dtype).block_bytes));
  } else {
    why.emplace_back("no other reading among f16, bf16, f32, f64, i16, i32, i64 of either byte order fits");
  }
  return why;
}

Tensor whole_tensor(Dtype dtype, ByteOrder order, std::vector<std::uint64_t> shape, ByteRange range) {
  Tensor tensor;
  tensor.dtype = dtype;
  tensor.shape = std::move(shape);
  tensor.location.order = order;
  tensor.location.packed = range;
  tensor.location.storage_bytes = range.length;
  return tensor;
}

void describe(model::Builder& builder, Dtype dtype, ByteOrder order, const std::vector<std::uint64_t>& shape) {
  builder.detail("dtype", std::string(info(dtype).name));
  builder.detail("byte_order", order == ByteOrder::little ? "little" : "big");
  Value::Array dimensions(shape.begin(), shape.end());
  builder.detail("shape", std::move(dimensions));
}

/// The caller's layout, taken at its word as far as the bytes reach.
void read_as_told(model::Builder& builder, const RawLayout& layout) {
  auto in = builder.cursor();
  in.skip(layout.skip, "skipped bytes (--skip)", RegionKind::payload);
  const auto width = info(layout.dtype).block_bytes;
  if (width == 0) {
    in.fail("dtype", "numbers of an unknown size cannot be read");
  }
  auto shape = layout.shape;
  if (shape.empty()) {
    shape.push_back(in.remaining() / width * info(layout.dtype).block_elements);
  }
  const auto elements = bytes::checked_product(shape);
  const auto wanted = elements ? model::size_of(layout.dtype, *elements) : std::nullopt;
  if (!wanted || *wanted > in.remaining()) {
    in.fail("shape", shape_text(shape) + " of " + std::string(info(layout.dtype).name) + " needs " +
                         (wanted ? std::to_string(*wanted) : "more than 2^64") + " bytes, " +
                         std::to_string(in.remaining()) + " are there");
  }
  describe(builder, layout.dtype, layout.order, shape);
  builder.detail("guessed", false);
  const ByteRange range{in.offset(), *wanted};
  in.skip(*wanted, "tensor", RegionKind::tensor);
  builder.add(whole_tensor(layout.dtype, layout.order, shape, range));
}

void read_guessed(model::Builder& builder, const numeric::DtypeGuess& guess) {
  const auto& best = guess.candidates.front();
  const auto width = info(best.dtype).block_bytes;
  const auto elements = builder.source().size() / width;
  const auto shapes = numeric::plausible_shapes(elements);
  std::vector<std::uint64_t> shape{elements};
  Value::Array listed;
  for (const auto& candidate : shapes) {
    listed.emplace_back(shape_text(candidate));
  }
  if (!shapes.empty()) {
    shape.assign(shapes.front().begin(), shapes.front().end());
  }
  describe(builder, best.dtype, best.order, shape);
  builder.detail("guessed", true);
  builder.detail("why", reasons(guess, best));
  builder.detail("shapes", std::move(listed));
  auto in = builder.cursor();
  const ByteRange range{0, elements * width};
  in.skip(range.length, "tensor", RegionKind::tensor);
  builder.add(whole_tensor(best.dtype, best.order, shape, range));
}

}  // namespace

Claim sniff(const Probe& probe) noexcept {
  try {
    if (probe.size() < 2 * k_fewest_elements) {
      return Claim::none;
    }
    const auto& found = probe.numbers();
    const bool fits = !found.candidates.empty() &&
                      probe.size() / info(found.candidates.front().dtype).block_bytes >= k_fewest_elements;
    return fits ? Claim::likely : Claim::none;
  } catch (...) {
    return Claim::none;
  }
}

void read(const Probe& probe, model::Builder& builder) {
  if (builder.options().raw) {
    read_as_told(builder, *builder.options().raw);
    return;
  }
  const auto& found = probe.numbers();
  if (found.candidates.empty()) {
    bytes::Cursor::fail_at(0, "content", "no element type fits: use --as to say what it is");
  }
  read_guessed(builder, found);
}

}  // namespace upinspect::formats::raw
