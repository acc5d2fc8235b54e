// SPDX-License-Identifier: Apache-2.0
// What a conversion did, and what proves it: plain values for the reports.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace upinspect::convert {

enum class ProofKind : std::uint8_t {
  content,     ///< the same tensors under the same names: one content digest
  adapter,     ///< the same factors and scales under other names: one digest over canonical names
  difference,  ///< values were rounded: how far they are from what they were
};

struct Proof {
  ProofKind kind = ProofKind::content;
  std::string digest;            ///< of both sides; empty for a difference
  std::string data_area;         ///< SHA-256 of the data area of both safetensors, where only metadata changed
  std::string measured;          ///< "update" or "values": what the difference is one of
  double largest_absolute = 0;   ///< over single numbers
  double largest_relative = 0;   ///< over modules or tensors: norm of the difference by the norm of what it was
  std::string where;             ///< the module or tensor with the largest relative difference
};

struct Conversion {
  std::vector<std::string> inputs;
  std::string config;            ///< the configuration that was read, empty where there was none
  std::string output;
  std::string form;              ///< "safetensors", "npy" or "peft-folder"
  std::string names;             ///< "same", "peft" or "kohya"
  std::string family;            ///< of the input as words, empty where it is no adapter
  std::string dtype;             ///< asked for, empty where values were copied
  std::uint64_t tensors = 0;
  std::uint64_t modules = 0;
  std::uint64_t bytes = 0;       ///< of the files written
  std::vector<std::pair<std::string, std::string>> renamed;
  std::vector<std::string> metadata_set;
  std::vector<std::string> metadata_removed;
  std::vector<std::string> notes;
  Proof proof;
};

}  // namespace upinspect::convert
