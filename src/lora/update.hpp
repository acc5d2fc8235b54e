// SPDX-License-Identifier: Apache-2.0
// What a module does to its weight, some rows at a time: W + scale x up @ down, and what the other methods have in its
// place.
#pragma once

#include "lora/rotation.hpp"
#include "upinspect/adapter.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::lora {

/// Why a module's update cannot be added to its weight.
struct UpdateRefused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <typename Real>
struct PartValues {
  std::vector<std::uint64_t> shape;
  std::vector<Real> values;
};

/// The part that plays a role, as numbers. The role is there.
template <typename Real>
using PartReader = std::function<PartValues<Real>(const std::string& role)>;

/// Row-major.
template <typename Real>
struct Matrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<Real> values;

  [[nodiscard]] std::span<const Real> from(std::size_t row, std::size_t count) const {
    return std::span(values).subspan(row * columns, count * columns);
  }
};

/// The method of a module whose part "saved" is the weight itself: PEFT's modules_to_save.
inline constexpr std::string_view k_saved_layer = "saved";

/// Which tensor of the layer is meant.
enum class UpdateTarget : std::uint8_t { weight, bias };

/// Whether there is something to do for the target at all.
[[nodiscard]] bool acts_on(const AdapterModule& module, UpdateTarget target);

/// What is known of the heads of attention, where llama.cpp's converter went by them.
struct HeadCounts {
  std::string architecture;  ///< of an adapter in GGUF; else empty
  std::uint64_t queries = 0;
  std::uint64_t keys = 0;
};

struct UpdateOptions {
  double strength = 1;  ///< --scale
  bool undo = false;    ///< subtracts
  RotationSettings rotation;  ///< of PEFT's OFT
  HeadCounts heads;
};

template <typename Real>
class Update {
 public:
  /// Reads all parts. `shape` is the weight's. Throws UpdateRefused where method, shapes or values do not allow it.
  Update(const AdapterModule& module, UpdateTarget target, const std::vector<std::uint64_t>& shape, const UpdateOptions& options,
         const PartReader<Real>& read);

  [[nodiscard]] std::size_t rows() const noexcept { return m_rows; }
  [[nodiscard]] std::size_t columns() const noexcept { return m_columns; }
  /// As many rows are only merged together: `row` and the number of rows of `apply` are multiples of it.
  [[nodiscard]] std::size_t row_group() const noexcept { return m_row_group; }

  /// Whether any rows can be merged without the others.
  [[nodiscard]] bool rows_are_apart() const noexcept { return m_row_group == 1 && m_lengths != Lengths::columns; }

  /// The merged rows in the place of those from `row` on. Safe from several threads.
  void apply(std::size_t row, std::span<Real> weights) const;

  /// DoRA over columns wants the lengths of W + update before: true, and all rows go through `add_squares` first.
  [[nodiscard]] bool wants_lengths() const noexcept { return m_lengths == Lengths::columns; }
  /// Adds the squares of the updated rows to `sums`, one for each magnitude.
  void add_squares(std::size_t row, std::span<Real> weights, std::span<double> sums) const;
  [[nodiscard]] std::size_t magnitudes() const noexcept { return m_magnitude.size(); }
  void set_lengths(std::span<const double> sums);

 private:
  enum class Kind : std::uint8_t { low_rank, experts, hadamard, kronecker, difference, replacement, glora, factor, rotation, butterfly, input_rotation };
  enum class Lengths : std::uint8_t { none, rows, columns };

  void build_low_rank(const AdapterModule& module, const HeadCounts& heads, const PartReader<Real>& read, Real scale);
  void build_experts(const PartReader<Real>& read, Real scale);
  void build_split(const AdapterModule& module, const PartReader<Real>& read);
  void build_grouped(const AdapterModule& module, const PartReader<Real>& read);
  void build_hadamard(const AdapterModule& module, const PartReader<Real>& read, Real scale);
  void build_kronecker(const AdapterModule& module, const PartReader<Real>& read, Real scale);
  void build_difference(const std::string& role, const std::vector<std::uint64_t>& shape, const PartReader<Real>& read, Real scale);
  void build_glora(const AdapterModule& module, const PartReader<Real>& read, Real scale);
  void build_factor(const AdapterModule& module, UpdateTarget target, const PartReader<Real>& read, double strength);
  void build_rotation(const AdapterModule& module, const RotationSettings& how, const PartReader<Real>& read, double strength);
  void build_row_rotation(const PartValues<Real>& part, double constraint, double strength);
  void build_input_rotation(const PartValues<Real>& part, const RotationSettings& how, bool itself, double strength);
  void build_old_rotation(const PartValues<Real>& part, const RotationSettings& how, bool on_columns, double strength);
  void set_rotations(std::size_t width, const std::vector<double>& turned);
  void build_magnitude(const AdapterModule& module, const PartReader<Real>& read);
  void require_fit(const Matrix<Real>& left, const Matrix<Real>& right) const;
  [[nodiscard]] std::string weight_shape() const;

  void add(std::size_t row, std::span<Real> weights) const;
  void add_experts(std::size_t row, std::size_t count, std::span<Real> weights) const;
  void add_hadamard(std::size_t row, std::size_t count, std::span<Real> weights) const;
  void add_kronecker(std::size_t row, std::size_t count, std::span<Real> weights) const;
  void add_glora(std::size_t row, std::size_t count, std::span<Real> weights) const;
  void turn(std::size_t row, std::size_t count, std::span<Real> weights) const;
  void rotate(std::size_t row, std::size_t count, std::span<Real> weights) const;
  void rotate_columns(std::size_t count, std::span<Real> weights) const;
  void rotate_stages(std::size_t row, std::size_t count, std::span<Real> weights) const;
  void multiply(std::size_t row, std::size_t count, std::span<Real> weights) const;
  void normalise(std::size_t row, std::size_t count, std::span<Real> weights) const;

  std::vector<std::uint64_t> m_shape;
  std::size_t m_rows = 0;
  std::size_t m_columns = 0;
  std::size_t m_kernel = 1;    ///< columns of one input channel
  Kind m_kind = Kind::low_rank;
  std::size_t m_row_group = 1;
  Matrix<Real> m_left;         ///< low rank: W + left @ right; experts: each one's rows of left with its own of right;
                               ///< rotations: the blocks one below the other, stage after stage
  Matrix<Real> m_right;
  Matrix<Real> m_left2;        ///< LoHa: (left @ right) * (left2 @ right2); GLoRA: W @ left2 @ right2
  Matrix<Real> m_right2;
  std::vector<Real> m_factor;  ///< IA3; of rows also what rescales a rotation
  bool m_factor_on_rows = true;
  Lengths m_lengths = Lengths::none;
  std::vector<Real> m_magnitude;
};

extern template class Update<float>;
extern template class Update<double>;

}  // namespace upinspect::lora
