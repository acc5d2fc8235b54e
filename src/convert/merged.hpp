// SPDX-License-Identifier: Apache-2.0
// What a merge did, and what reading it back showed: plain values for the reports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace upinspect::convert {

/// One tensor of the base that an adapter's module changed.
struct MergedTensor {
  std::string tensor;
  std::string module;
  std::string method;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::optional<double> scale;   ///< what the update was multiplied by, strength and sign included; nothing for factors
  std::string arithmetic;        ///< "f32" or "f64"
  double largest_change = 0;     ///< of single numbers, before rounding
};

struct Merged {
  std::string base;
  std::string adapter;
  std::string config;            ///< empty where there is none
  std::string output;
  std::string family;            ///< of the adapter, in words
  std::string prefix;            ///< in words: how the adapter's and the base's names were brought together; else empty
  double strength = 1;
  bool undo = false;
  std::uint64_t modules = 0;
  std::uint64_t tensors = 0;     ///< in the output
  std::uint64_t unchanged = 0;   ///< read back and found to be the base's, bit for bit
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;       ///< of the files written
  std::vector<MergedTensor> merged;
};

}  // namespace upinspect::convert
