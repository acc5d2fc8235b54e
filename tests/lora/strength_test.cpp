// SPDX-License-Identifier: Apache-2.0
#include "lora/strength.hpp"
#include "lora/drawn.hpp"
#include "lora/tall.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

using namespace upinspect;

namespace {

using Parts = std::map<std::string, lora::PartValues<double>>;

lora::Strength measure(AdapterModule module, const Parts& parts) {
  for (const auto& [role, part] : parts) {
    module.parts.push_back({role, role});
  }
  lora::PartSource source{[&parts](const std::string& role) { return parts.at(role); }, [](const std::string&) { return std::optional<double>(5); }, {}};
  const auto whole = lora::strength_of(module, source);
  source.view = [&parts](const std::string& role) {
    const auto& part = parts.at(role);
    return std::optional(lora::PartView{part.shape, [&part](std::size_t first, std::span<double> out) {
                                          std::copy_n(part.values.begin() + static_cast<std::ptrdiff_t>(first), out.size(), out.begin());
                                        }});
  };
  const auto in_pieces = lora::strength_of(module, source);
  CHECK(in_pieces.figures == whole.figures);
  CHECK(in_pieces.why_none == whole.why_none);
  CHECK(in_pieces.down_as_drawn == whole.down_as_drawn);
  return whole;
}

AdapterModule scaled(const std::string& method, double scale) {
  AdapterModule module;
  module.method = method;
  module.scale = scale;
  return module;
}

}  // namespace

TEST_CASE("an update of two directions has their lengths") {
  const auto got = measure(scaled("lora", -2), {{"up", {{2, 2}, {3, 0, 0, 1}}}, {"down", {{2, 3}, {0, 1, 0, 0, 0, 2}}}});
  REQUIRE(got.figures);
  CHECK(got.figures->singular_values.at(0) == Approx(6));
  CHECK(got.figures->singular_values.at(1) == Approx(4));
  CHECK(got.figures->spectral == got.figures->singular_values[0]);
  CHECK(got.figures->frobenius == Approx(std::sqrt(52.0)));
  const double p = 36.0 / 52;
  CHECK(got.figures->effective_rank == Approx(std::exp(-p * std::log(p) - (1 - p) * std::log(1 - p))));
  CHECK(got.why_none.empty());
}

TEST_CASE("an update of zeros has no direction") {
  const auto got = measure(scaled("lora", 1), {{"up", {{2, 1}, {0, 0}}}, {"down", {{1, 2}, {1, 1}}}});
  REQUIRE(got.figures);
  CHECK(got.figures->frobenius == 0);
  CHECK(got.figures->effective_rank == 0);
  CHECK(got.figures->singular_values == std::vector<double>{0});
}

TEST_CASE("what cannot be measured says why") {
  const auto nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(measure(scaled("lora", 1), {{"up", {{2, 1}, {nan, 0}}}, {"down", {{1, 2}, {1, 1}}}}).why_none == "its values are not all finite, or too large to be measured");
  CHECK(measure(scaled("lora", 1), {{"up", {{1, 1}, {1e200}}}, {"down", {{1, 1}, {1e200}}}}).why_none == "its values are not all finite, or too large to be measured");
  CHECK(measure(scaled("lora", 1), {{"up", {{2, 2}, {1, 0, 0, 1}}}, {"down", {{1, 2}, {1, 1}}}}).why_none == "its halves do not fit each other: 2 x 2 and 1 x 2");
  CHECK(measure(scaled("lora", 1), {{"up", {{1, 1}, {1}}}}).why_none == "its part \"down\" is missing");
  CHECK(measure(scaled("ia3", 1), {{"factor", {{1}, {1}}}}).why_none.starts_with("IA3 multiplies"));
  CHECK_FALSE(measure(scaled("boft", 1), {}).figures);
  const auto deep = measure(scaled("lora", 1), {{"up", {{1, 3000}, std::vector<double>(3000)}}, {"down", {{3000, 1}, std::vector<double>(3000)}}});
  CHECK(deep.why_none == "its rank of 3000 is more than the 2048 up to which figures are computed");
}

TEST_CASE("figures without a scale say that they have none, those of DoRA what is left out") {
  auto module = scaled("lora", 1);
  module.scale.reset();
  const Parts parts{{"up", {{1, 1}, {2}}}, {"down", {{1, 1}, {3}}}};
  module.strength = measure(module, parts).figures;
  REQUIRE(module.strength);
  CHECK(module.strength->frobenius == Approx(6));
  CHECK(lora::strength_note(module) == "of the update alone: its scale is unknown");
  module.scale = 1;
  CHECK(lora::strength_note(module).empty());
  module.parts = {{"magnitude", "m"}};
  CHECK(lora::strength_note(module).starts_with("before DoRA"));
}

TEST_CASE("the factor of samples that depend on each other is as good as any") {
  // Two features that differ by a millionth: their Gram matrix cannot tell how.
  lora::Matrix<double> samples{3, 2, {1, 1, 1, 1 + 1e-6, 1, 1 - 1e-6}};
  const auto upper = lora::upper_factor(2, lora::rows_of(samples));
  CHECK(std::fabs(upper.values[0]) == Approx(std::sqrt(3.0)));
  CHECK(upper.values[2] == 0);
  CHECK(std::fabs(upper.values[3]) == Approx(std::sqrt(2.0) * 1e-6).epsilon(1e-9));
}

TEST_CASE("constants, zeros and few numbers are no draw") {
  CHECK_FALSE(lora::is_as_drawn(std::vector<double>(1000), 16));
  CHECK_FALSE(lora::is_as_drawn(std::vector<double>(1000, 0.25), 16));
  CHECK_FALSE(lora::is_as_drawn(std::vector<double>(10, 0.125), 16));
  CHECK_FALSE(lora::is_as_drawn(std::vector<double>(1000, std::numeric_limits<double>::quiet_NaN()), 16));
  // Some of the 2^24 draws for 16 inputs, in float32.
  std::vector<double> drawn;
  for (double k = 0; k < 16777216; k += 9973) {
    drawn.push_back(static_cast<double>(static_cast<float>(k / 16777216 * 0.5 - 0.25)));
  }
  CHECK(lora::is_as_drawn(drawn, 16));
  CHECK_FALSE(lora::is_as_drawn(drawn, 17));
  drawn[77] += 1e-9;
  CHECK_FALSE(lora::is_as_drawn(drawn, 16));
}

TEST_CASE("halves of many numbers come out with the same bits, however they are read") {
  constexpr std::size_t k_rank = 5;
  constexpr std::size_t k_rows = 1203;
  constexpr std::size_t k_columns = 1711;
  Parts parts{{"up", {{k_rows, k_rank}, std::vector<double>(k_rows * k_rank)}}, {"down", {{k_rank, k_columns}, std::vector<double>(k_rank * k_columns)}}};
  for (auto& [role, part] : parts) {
    std::uint32_t state = role == "up" ? 1 : 2;
    for (auto& value : part.values) {
      state = state * 1664525 + 1013904223;
      value = static_cast<double>(state >> 8) * 0x1p-24 - 0.5;
    }
  }
  const auto got = measure(scaled("lora", 1), parts);
  REQUIRE(got.figures);
  CHECK(got.figures->singular_values.size() == k_rank);
}
