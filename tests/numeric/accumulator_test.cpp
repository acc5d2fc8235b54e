// SPDX-License-Identifier: Apache-2.0
#include "numeric/accumulator.hpp"

#include "numeric/reference.hpp"
#include "numeric/samples.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"

#include <limits>
#include <string>

using namespace upinspect;
using namespace upinspect::test;
using numeric::Accumulator;
using numeric::Result;

namespace {

// Several chunks, the last one cut; with sanitizers as few as show it.
constexpr unsigned k_long = k_sanitized ? 600 : 40000;
constexpr unsigned k_longer = k_sanitized ? 33003 : 100003;
constexpr unsigned k_longest = k_sanitized ? 50001 : 140001;

constexpr std::array k_measured{
    Dtype::f64,     Dtype::f32,     Dtype::f16,         Dtype::bf16,        Dtype::f8_e4m3, Dtype::f8_e5m2,
    Dtype::f8_e4m3fnuz, Dtype::f8_e5m2fnuz, Dtype::f8_e8m0, Dtype::i64, Dtype::i32, Dtype::i16,
    Dtype::i8,      Dtype::u64,     Dtype::u32,         Dtype::u16,         Dtype::u8,      Dtype::boolean};

Result measure(Dtype dtype, std::span<const std::byte> bytes) {
  Accumulator accumulator;
  accumulator.reset(dtype);
  accumulator.add(bytes);
  return accumulator.finish();
}

template <typename T>
Result measure_values(Dtype dtype, const std::vector<T>& values) {
  return measure(dtype, little_endian(values));
}

double as_double(const Number& number) {
  return std::visit(
      [](auto value) {
        if constexpr (std::is_same_v<decltype(value), std::monostate>) {
          return std::numeric_limits<double>::quiet_NaN();
        } else {
          return static_cast<double>(value);
        }
      },
      number);
}

/// `value` is within `tolerance` of `expected`, relative to the larger of it and `scale`.
void require_near(double value, Real expected, Real scale, double tolerance) {
  const auto allowed = static_cast<double>(std::fmax(std::fabs(expected), scale)) * tolerance;
  CAPTURE(value, static_cast<double>(expected), allowed);
  REQUIRE(std::fabs(static_cast<double>(static_cast<Real>(value) - expected)) <= allowed);
}

void require_stats(const Stats& stats, const ReferenceStats& expected, double tolerance) {
  REQUIRE(stats.zeros == expected.zeros);
  REQUIRE(stats.nans == expected.nans);
  REQUIRE(stats.infs == expected.infs);
  REQUIRE(stats.subnormals == expected.subnormals);
  REQUIRE(stats.mean.has_value() == (expected.finite > 0));
  if (expected.finite == 0) {
    REQUIRE(stats == Stats{{}, {}, {}, {}, {}, 0, expected.nans, expected.infs, 0});
    return;
  }
  REQUIRE(as_double(stats.min) == static_cast<double>(expected.min));
  REQUIRE(as_double(stats.max) == static_cast<double>(expected.max));
  const Real scale = expected.l2 / std::sqrt(static_cast<Real>(expected.finite));
  require_near(stats.mean.value(), expected.mean, scale, tolerance);
  // The reference itself has a spread of 1e-19 of the values where there is none.
  require_near(stats.std.value(), expected.std, scale * 1e-4L, tolerance);
  require_near(stats.l2.value(), expected.l2, 0, tolerance);
}

void require_entropy(const Entropy& entropy, std::span<const std::byte> bytes, std::size_t width) {
  REQUIRE(entropy.elements == bytes.size() / width);
  REQUIRE(entropy.byte == Approx(reference_entropy(bytes, 0, 1)).epsilon(1e-12).margin(1e-12));
  REQUIRE(entropy.byte_planes.size() == width);
  REQUIRE(entropy.bit_ones.size() == width * 8);
  for (std::size_t plane = 0; plane < width; ++plane) {
    REQUIRE(entropy.byte_planes[plane] == Approx(reference_entropy(bytes, plane, width)).epsilon(1e-12).margin(1e-12));
    for (std::size_t bit = 0; bit < 8; ++bit) {
      std::uint64_t ones = 0;
      for (std::size_t i = plane; i < bytes.size(); i += width) {
        ones += (std::to_integer<std::uint64_t>(bytes[i]) >> bit) & 1;
      }
      REQUIRE(entropy.bit_ones[plane * 8 + bit] == ones);
    }
  }
}

/// The samples of one dtype at one size.
std::vector<Bytes> samples(Dtype dtype, std::size_t elements) {
  const std::size_t width = info(dtype).block_bytes;
  const auto random = random_bytes(elements * width, elements);
  std::vector<Bytes> all{random, sparse(random, width, elements),
                         constant_bytes(elements, width, 0x3f801234abcd3c01), constant_bytes(elements, width, 0)};
  if (dtype == Dtype::f64 || dtype == Dtype::f32 || dtype == Dtype::f16 || dtype == Dtype::bf16) {
    all.push_back(weights(dtype, elements, 5));
    all.push_back(sparse(weights(dtype, elements, 5), width, 5));
  }
  return all;
}

}  // namespace

TEST_CASE("Every dtype measures as the definitions say") {
  for (const auto dtype : k_measured) {
    for (const std::size_t elements : {1U, 2U, 15U, 16U, 17U, 500U, 16384U, 16385U, k_long}) {
      for (const auto& bytes : samples(dtype, elements)) {
        CAPTURE(info(dtype).name, elements);
        const auto result = measure(dtype, bytes);
        require_stats(result.stats.value(), reference_stats(dtype, bytes), 1e-13);
        require_entropy(result.entropy, bytes, info(dtype).block_bytes);
      }
    }
  }
}

TEST_CASE("The split of the input changes no bit of the result") {
  std::mt19937_64 random(1);
  Accumulator accumulator;
  for (const auto dtype : k_measured) {
    for (const std::size_t elements : {3U, 1000U, 16384U, 16385U, k_longer}) {
      for (const auto& bytes : samples(dtype, elements)) {
        const auto whole = measure(dtype, bytes);
        for (const std::size_t longest : {7U, 5000U, 200000U}) {
          if (bytes.size() / longest > 20000) {
            continue;
          }
          accumulator.reset(dtype);
          for (std::span<const std::byte> rest = bytes; !rest.empty();) {
            const auto part = rest.first(std::min<std::size_t>(rest.size(), random() % (longest + 1)));
            accumulator.add(part);
            rest = rest.subspan(part.size());
          }
          CAPTURE(info(dtype).name, elements, longest);
          REQUIRE(accumulator.finish() == whole);
        }
      }
    }
  }
}

TEST_CASE("Every set of kernels gives the bits of the plain one") {
  for (const auto dtype : k_measured) {
    for (const std::size_t elements : {0U, 1U, 31U, 500U, 16385U, k_longest}) {
      for (auto bytes : samples(dtype, elements)) {
        bytes.insert(bytes.begin(), std::byte{0});
        const auto unaligned = std::span<const std::byte>(bytes).subspan(1);
        numeric::use_kernels(numeric::plain_kernels());
        const auto expected = measure(dtype, unaligned);
        for (const auto* set : numeric::runnable_kernels()) {
          CAPTURE(info(dtype).name, elements, set->name);
          numeric::use_kernels(*set);
          REQUIRE(measure(dtype, unaligned) == expected);
        }
      }
    }
  }
}

TEST_CASE("Threads that share a tensor put together the bits of one") {
  for (const auto dtype : k_measured) {
    const auto bytes = random_bytes(150001 * info(dtype).block_bytes, 9);
    std::array<numeric::Counts, 3> counts;
    for (auto& own : counts) {
      own.reset(dtype);
    }
    const auto step = numeric::chunk_bytes(dtype);
    std::vector<numeric::ChunkSums> sums((bytes.size() + step - 1) / step);
    numeric::Scratch scratch;
    for (std::size_t i = sums.size(); i-- > 0;) {
      const auto rest = std::span(bytes).subspan(i * step);
      sums[i] = measure_chunk(i, rest.first(std::min(rest.size(), step)), counts[i * 7 % 3], scratch);
    }
    counts[2].merge(counts[1]);
    counts[0].merge(counts[2]);
    numeric::Moments moments;
    for (const auto& sum : sums) {
      moments.add(sum);
    }
    CAPTURE(info(dtype).name);
    REQUIRE(conclude(counts[0], moments) == measure(dtype, bytes));
  }
}

TEST_CASE("A mean far above the spread costs no digits") {
  const auto require = [](Dtype dtype, const Bytes& bytes) {
    const auto expected = reference_stats(dtype, bytes);
    const auto stats = measure(dtype, bytes).stats.value();
    require_near(stats.mean.value(), expected.mean, 0, 1e-15);
    require_near(stats.std.value(), expected.std, 0, 1e-12);
    require_near(stats.l2.value(), expected.l2, 0, 1e-14);
  };
  for (const std::size_t count : {100U, 16384U, 100000U}) {
    require(Dtype::f32, little_endian(normal_values<float>(count, 1000, 0.001, 1)));
    require(Dtype::f64, little_endian(normal_values<double>(count, 1e9, 1e-3, 1)));
    std::vector<std::int64_t> large(count);
    std::mt19937_64 random(count);
    for (auto& value : large) {
      value = INT64_MAX - static_cast<std::int64_t>(random() % 1000);
    }
    require(Dtype::i64, little_endian(large));
  }
}

TEST_CASE("A sample that is not like the rest misleads nobody") {
  // The pivot comes from every 512th element of a chunk: those are enormous here, and nothing else is.
  auto values = normal_values<float>(16384, 0, 1e-3, 3);
  for (std::size_t i = 0; i < values.size(); i += 512) {
    values[i] = i % 1024 == 0 ? 1e30F : -9.99e29F;
  }
  const auto bytes = little_endian(values);
  require_stats(measure(Dtype::f32, bytes).stats.value(), reference_stats(Dtype::f32, bytes), 1e-12);

  auto offset = normal_values<float>(16384, 1000, 1e-3, 3);
  for (std::size_t i = 0; i < offset.size(); i += 512) {
    offset[i] = 0;
  }
  const auto shifted = little_endian(offset);
  require_stats(measure(Dtype::f32, shifted).stats.value(), reference_stats(Dtype::f32, shifted), 1e-12);
}

TEST_CASE("Values at the ends of the range of f64 have norms, or honestly infinite ones") {
  const auto large = measure_values(Dtype::f64, std::vector<double>{3e300, -4e300}).stats.value();
  REQUIRE(large.l2.value() == Approx(5e300).epsilon(1e-15));
  REQUIRE(large.mean.value() == Approx(-0.5e300).epsilon(1e-15));
  REQUIRE(large.std.value() == Approx(3.5e300).epsilon(1e-15));

  const double most = std::numeric_limits<double>::max();
  const auto sums = measure_values(Dtype::f64, std::vector<double>{most, most, most, most}).stats.value();
  REQUIRE(sums.mean.value() == most);
  REQUIRE(sums.std.value() == 0.0);
  REQUIRE(sums.l2.value() == std::numeric_limits<double>::infinity());

  const double least = std::numeric_limits<double>::denorm_min();
  const auto small = measure_values(Dtype::f64, std::vector<double>{3 * least, 4 * least, 0, 0}).stats.value();
  REQUIRE(small.l2.value() == 5 * least);
  REQUIRE(small.subnormals == 2);

  // A first chunk of zeros must not set the scale for what follows.
  std::vector<double> late(20000, 0.0);
  late.back() = 1e-300;
  REQUIRE(measure_values(Dtype::f64, late).stats.value().l2.value() == Approx(1e-300).epsilon(1e-15));
}

TEST_CASE("Integers keep their extremes to the last bit") {
  const auto i64 = measure_values(Dtype::i64, std::vector<std::int64_t>{INT64_MIN, INT64_MAX, 0, -1}).stats.value();
  REQUIRE(i64.min == Number(INT64_MIN));
  REQUIRE(i64.max == Number(INT64_MAX));
  REQUIRE(i64.mean.value() == -0.5);
  REQUIRE(i64.zeros == 1);
  const auto u64 = measure_values(Dtype::u64, std::vector<std::uint64_t>{UINT64_MAX, UINT64_MAX - 1}).stats.value();
  REQUIRE(u64.min == Number(UINT64_MAX - 1));
  REQUIRE(u64.max == Number(UINT64_MAX));
  REQUIRE(u64.std.value() == 0.5);
  const auto i8 = measure_values(Dtype::i8, std::vector<std::int8_t>{-128, 127, -1}).stats.value();
  REQUIRE(i8.min == Number(std::int64_t{-128}));
  REQUIRE(i8.max == Number(std::int64_t{127}));
  const auto truth = measure_values(Dtype::boolean, std::vector<std::uint8_t>{1, 0, 1, 7}).stats.value();
  REQUIRE(truth.min == Number(std::uint64_t{0}));
  REQUIRE(truth.max == Number(std::uint64_t{7}));
  REQUIRE(truth.mean.value() == 2.25);
}

TEST_CASE("Among extremes the negative zero lies below the positive one") {
  const auto is_negative = [](const Number& number) { return std::signbit(std::get<double>(number)); };
  for (const auto& zeros : {std::vector<float>{0.0F, -0.0F, 0.0F}, std::vector<float>{-0.0F, 0.0F}}) {
    const auto stats = measure_values(Dtype::f32, zeros).stats.value();
    REQUIRE(is_negative(stats.min));
    REQUIRE_FALSE(is_negative(stats.max));
    REQUIRE(stats.zeros == zeros.size());
    REQUIRE_FALSE(std::signbit(stats.mean.value()));
  }
  const auto f16 = measure_values(Dtype::f16, std::vector<std::uint16_t>(20000, 0x8000)).stats.value();
  REQUIRE(is_negative(f16.min));
  REQUIRE(is_negative(f16.max));
  REQUIRE_FALSE(std::signbit(f16.mean.value()));
}

TEST_CASE("Infinities and NaN are counted apart and measured in nothing") {
  const float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto mixed = measure_values(Dtype::f32, std::vector<float>{nan, 1, -infinity, 3, infinity, -nan}).stats.value();
  REQUIRE(mixed == Stats{1.0, 3.0, 2.0, 1.0, std::sqrt(10.0), 0, 2, 2, 0});
  const auto none = measure_values(Dtype::f32, std::vector<float>{nan, infinity}).stats.value();
  REQUIRE(none == Stats{{}, {}, {}, {}, {}, 0, 1, 1, 0});
}

TEST_CASE("A tensor without elements has counts of zero and no extremes") {
  for (const auto dtype : k_measured) {
    const auto result = measure(dtype, Bytes{});
    REQUIRE(result.stats == Stats{});
    REQUIRE(result.entropy.byte == 0);
    REQUIRE(result.entropy.elements == 0);
    REQUIRE(result.entropy.bit_ones == std::vector<std::uint64_t>(info(dtype).block_bytes * 8U));
    REQUIRE(result.low_zero_bits == 0);
    REQUIRE_FALSE(result.constant);
  }
}

TEST_CASE("Low zero bits and constants are told apart") {
  auto floats = normal_values<float>(1000, 0, 1, 1);
  for (auto& value : floats) {
    value = std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) & 0xffff0000U);
  }
  floats[0] = std::bit_cast<float>(0x3f810000U);
  const auto upcast = measure_values(Dtype::f32, floats);
  REQUIRE(upcast.low_zero_bits == 16);
  REQUIRE_FALSE(upcast.constant);
  REQUIRE(measure_values(Dtype::f32, std::vector<float>(70000, 1.5F)).constant);
  REQUIRE(measure_values(Dtype::f16, std::vector<std::uint16_t>(70000, 0x3c00)).constant);
  REQUIRE_FALSE(measure_values(Dtype::f32, std::vector<float>{0.0F, -0.0F}).constant);
  REQUIRE(measure_values(Dtype::f32, std::vector<float>{0.0F, 0.0F}).low_zero_bits == 32);
}

TEST_CASE("Types without values of their own have entropy alone") {
  const auto bytes = random_bytes(4096, 4);
  const auto c64 = measure(Dtype::c64, bytes);
  REQUIRE_FALSE(c64.stats.has_value());
  REQUIRE(c64.entropy.byte_planes.size() == 8);
  REQUIRE(c64.entropy.elements == 512);
  REQUIRE(measure(Dtype::c128, bytes).entropy.bit_ones.size() == 128);
  REQUIRE(measure(Dtype::qint32, bytes).entropy.byte_planes.size() == 4);

  const auto blocks = measure(Dtype::q8_0, random_bytes(34 * 5, 4));
  REQUIRE_FALSE(blocks.stats.has_value());
  REQUIRE(blocks.entropy.byte > 6);
  REQUIRE(blocks.entropy.byte_planes.empty());
  REQUIRE(blocks.entropy.bit_ones.empty());
  REQUIRE(blocks.entropy.elements == 160);
  REQUIRE(blocks.low_zero_bits == 0);
  REQUIRE(measure(Dtype::other, bytes).entropy.byte > 7.5);
}

TEST_CASE("Two f4 lie in a byte, the first in its lower half") {
  const auto result = measure_values(Dtype::f4, std::vector<std::uint8_t>{0x71, 0xf2, 0x08});
  REQUIRE(result.stats == Stats{-6.0, 6.0, 0.25, std::sqrt(73.25 / 6 - 0.0625), std::sqrt(73.25), 2, 0, 0, 1});
  REQUIRE(result.entropy.elements == 6);
}
