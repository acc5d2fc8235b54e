// SPDX-License-Identifier: Apache-2.0
// From pickled objects to tensors: what all torch containers and plain pickles have in common.
#pragma once

#include "model/builder.hpp"
#include "pickle/machine.hpp"
#include "pickle/torch_objects.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace upinspect::formats {

/// Where the bytes of a torch storage are.
struct FoundStorage {
  ByteRange packed;
  Packing packing = Packing::stored;
  std::uint64_t bytes = 0;          ///< unpacked
  ByteOrder order = ByteOrder::little;
  std::string entry;
};

/// Where a pickle stands and how its storages are found.
struct PickleSetting {
  /// What the pickle was read from: the file, or the unpacked record.
  const bytes::Source* stream = nullptr;
  /// Where the stream lies in the file, where it is not the file itself.
  std::optional<ByteRange> unpacked_from;
  std::string entry;
  /// Finds a storage; nothing where it is missing.
  std::function<std::optional<FoundStorage>(const pickle::StorageRef&)> find_storage;
};

/// What the tensors of one storage take of it.
struct StorageUse {
  pickle::StorageRef declared;
  std::uint64_t used_bytes = 0;  ///< up to the end of the furthest view
  std::string first_tensor;
};

/// Adds every tensor and array to `builder`, other values to its metadata, and findings for what does not fit.
/// Returns how far each storage (by key) is used.
std::map<std::string, StorageUse> add_objects(model::Builder& builder, const pickle::Program& program,
                                              const PickleSetting& setting);

/// Judges the pickle that `setting` describes, read from `start` of its stream, and adds the report to the artifact's.
void judge_stream(model::Builder& builder, const pickle::Program& program, const PickleSetting& setting,
                  std::uint64_t start, const pickle::Options& options);

/// Findings for a pickle that broke off or has oddities. `record` names it in messages.
void report_stream(model::Builder& builder, const pickle::Program& program, const std::string& record);

}  // namespace upinspect::formats
