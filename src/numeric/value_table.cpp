// SPDX-License-Identifier: Apache-2.0
// A table is read in rows of patterns whose values are evenly spaced: value = sign * (offset + i) * 2^exponent for the
// i-th pattern of the row. A row's sums of c, c*i and c*i*i are integers that any order of summation gives exactly.
#include "numeric/value_table.hpp"

#include "numeric/small_float.hpp"

#include <algorithm>

namespace upinspect::numeric {

namespace {

struct Row {
  std::size_t first = 0;
  std::size_t width = 0;
  bool negative = false;
  std::uint32_t offset = 0;
  int exponent = 0;
};

RowSums sum_row(std::span<const std::uint32_t> row) noexcept { return kernels().sum_row(row); }

RowSums sum_row(std::span<const std::uint64_t> row) noexcept {
  RowSums sums;
  for (std::uint64_t i = 0; i < row.size(); ++i) {
    sums.count += row[i];
    sums.linear += row[i] * i;
    sums.square += row[i] * i * i;
  }
  return sums;
}

class TableReader {
 public:
  template <typename Count>
  void read(const Row& row, std::span<const Count> counts) noexcept {
    const auto part = counts.subspan(row.first, row.width);
    const auto sums = sum_row(part);
    if (sums.count == 0) {
      return;
    }
    const Wide offset = row.offset;
    const Wide linear = offset * sums.count + sums.linear;
    const Wide square = offset * offset * sums.count + 2 * offset * sums.linear + sums.square;
    const double unit = power_of_two(row.exponent);
    const auto signed_sum = scaled(from_wide(linear), row.negative ? -unit : unit);
    m_count += sums.count;
    m_sum = m_sum + signed_sum;
    m_squares = m_squares + scaled(scaled(from_wide(square), unit), unit);
    extend(row, part);
  }

  [[nodiscard]] Moments moments(bool constant) const noexcept {
    if (!constant || m_count == 0) {
      return Moments(m_count, m_sum, m_squares);
    }
    // One value: no rounding of sums may pretend a spread.
    Moments moments;
    moments.add({m_count, m_sum / from_integer(m_count), 0.0, 0});
    return moments;
  }

  [[nodiscard]] double least() const noexcept { return double_of_key(m_keys.least); }
  [[nodiscard]] double greatest() const noexcept { return double_of_key(m_keys.greatest); }
  [[nodiscard]] std::uint64_t count() const noexcept { return m_count; }

 private:
  template <typename Count>
  void extend(const Row& row, std::span<const Count> part) noexcept {
    std::size_t first = 0;
    while (part[first] == 0) {
      ++first;
    }
    std::size_t last = part.size() - 1;
    while (part[last] == 0) {
      --last;
    }
    for (const auto index : {first, last}) {
      const double magnitude =
          static_cast<double>(row.offset + static_cast<std::uint32_t>(index)) * power_of_two(row.exponent);
      const double value = row.negative ? -magnitude : magnitude;
      m_keys.extend(order_key(value));
    }
  }

  std::uint64_t m_count = 0;
  DoubleDouble m_sum;
  DoubleDouble m_squares;
  Tally m_keys;
};

/// The finite patterns of a binade, which are not all of it where specials lie among them.
Row binade(const SmallFloat& format, std::uint32_t index) noexcept {
  const std::uint32_t width = std::uint32_t{1} << format.fraction_bits;
  const std::uint32_t first = index * width;
  const bool hidden_one = format.exponent(first) != 0 || format.specials == Specials::powers;
  Row row{first, 0, format.negative(first), hidden_one ? width : 0, 0};
  const auto stored = static_cast<int>(format.exponent(first));
  row.exponent = (hidden_one ? stored : 1) - format.bias - static_cast<int>(format.fraction_bits);
  const auto finite = [&](std::uint32_t bits) { return classify(format, bits) <= FloatClass::normal; };
  if (!finite(first) && width > 1 && finite(first + 1)) {
    ++row.first;
    ++row.offset;
    row.width = width - 1;
  } else if (finite(first)) {
    row.width = finite(first + width - 1) ? width : width - 1;
  }
  return row;
}

template <typename Count>
void tally_specials(const SmallFloat& format, std::uint32_t index, std::span<const Count> counts,
                    Tally& tally) noexcept {
  const std::uint32_t width = std::uint32_t{1} << format.fraction_bits;
  const std::uint32_t top = (std::uint32_t{1} << format.exponent_bits) - 1;
  const auto exponent = format.exponent(index * width);
  if (exponent != 0 && exponent != top) {
    return;
  }
  for (std::uint32_t bits = index * width; bits < (index + 1) * width; ++bits) {
    switch (classify(format, bits)) {
      case FloatClass::zero: tally.zeros += counts[bits]; break;
      case FloatClass::subnormal: tally.subnormals += counts[bits]; break;
      case FloatClass::infinite: tally.infs += counts[bits]; break;
      case FloatClass::nan: tally.nans += counts[bits]; break;
      case FloatClass::normal: break;
    }
  }
}

template <typename Count>
TableStats floats(const SmallFloat& format, std::span<const Count> counts) noexcept {
  TableStats stats;
  TableReader reader;
  const auto binades = static_cast<std::uint32_t>(counts.size() >> format.fraction_bits);
  for (std::uint32_t i = 0; i < binades; ++i) {
    const auto row = binade(format, i);
    if (row.width > 0) {
      reader.read(row, counts);
    }
    tally_specials(format, i, counts, stats.tally);
  }
  if (reader.count() > 0) {
    stats.tally.extend(order_key(reader.least()));
    stats.tally.extend(order_key(reader.greatest()));
  }
  stats.moments = reader.moments(stats.tally.least == stats.tally.greatest);
  return stats;
}

/// Rows of 128 values, so that no row holds two signs. Signed values are raised by half the range, which makes all of
/// them positive; extremes and mean take that back, exactly.
template <typename Count>
TableStats integers(bool is_signed, std::span<const Count> counts) noexcept {
  constexpr std::uint32_t k_width = 128;
  const auto patterns = static_cast<std::uint32_t>(counts.size());
  const std::uint32_t raise = is_signed ? patterns / 2 : 0;
  TableStats stats;
  TableReader reader;
  for (std::uint32_t first = 0; first < patterns; first += k_width) {
    reader.read(Row{first, k_width, false, (first + raise) % patterns, 0}, counts);
  }
  stats.tally.zeros = counts[0];
  if (reader.count() > 0) {
    for (const auto raised : {reader.least(), reader.greatest()}) {
      const auto value = static_cast<std::int64_t>(raised) - raise;
      stats.tally.extend(is_signed ? order_key(value) : static_cast<std::uint64_t>(value));
    }
  }
  stats.moments = reader.moments(stats.tally.least == stats.tally.greatest);
  stats.moments.shift_mean(-static_cast<double>(raise));
  return stats;
}

template <typename Count>
TableStats dispatch(Dtype dtype, std::span<const Count> counts) noexcept {
  if (const auto format = small_float(dtype)) {
    return floats(*format, counts);
  }
  return integers(info(dtype).kind == DtypeKind::signed_integer, counts);
}

}  // namespace

TableStats stats_of_table(Dtype dtype, std::span<const std::uint32_t> counts) noexcept {
  return dispatch(dtype, counts);
}
TableStats stats_of_table(Dtype dtype, std::span<const std::uint64_t> counts) noexcept {
  return dispatch(dtype, counts);
}

}  // namespace upinspect::numeric
