// SPDX-License-Identifier: Apache-2.0
// One file of an adapter in halves, on its way into the whole.
#pragma once

#include "inspect/conduct.hpp"
#include "inspect/triad_files.hpp"

#include <optional>
#include <string>

namespace upinspect::inspecting {

struct TriadPart {
  TriadFile file;
  std::optional<Artifact> peeked;     ///< its headers; nothing where it cannot be opened
  std::optional<Inspected> inspected;
  std::string problem;                ///< why it gives no tensor, empty where it does
  bool headerless = false;
  bool guessed_dtype = false;
  std::optional<Dtype> look;          ///< of a headerless file that is too small for the raw format's guess

  [[nodiscard]] const Tensor* lone_matrix() const;  ///< the one tensor that is a half; null where there are several or none
};

/// Reads headers only, and tells whether the file is nothing but numbers.
void peek(TriadPart& part, const std::string& path, const InspectOptions& options);

/// Reads the file: as `layout` where it is headerless.
void read_part(TriadPart& part, const std::string& path, const InspectOptions& options, const std::optional<RawLayout>& layout);

/// How to read the numbers of headerless halves that belong together (one can be null): as told, as the other half has
/// them, as their bytes look, else as float32.
[[nodiscard]] RawLayout layout_of_halves(TriadPart* one, TriadPart* other, const InspectOptions& options);

/// The number that a headerless file of 2, 4 or 8 bytes most likely is.
[[nodiscard]] std::optional<RawLayout> layout_of_number(const std::string& path);

/// The name that `tensor` has in the whole: one that pairs. `lone` is the part's lone_matrix().
[[nodiscard]] std::string joined_name(const TriadPart& part, const Tensor& tensor, const Tensor* lone);

/// The number that a text file holds and nothing else.
[[nodiscard]] std::optional<double> number_in_text(const std::string& path);

}  // namespace upinspect::inspecting
