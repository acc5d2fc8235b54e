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
#include <vector>

namespace upinspect::formats {

/// Where the bytes of a torch storage are.
struct FoundStorage {
  ByteRange packed;                 ///< in the file, or in `held`
  Packing packing = Packing::stored;
  std::uint64_t bytes = 0;          ///< unpacked
  ByteOrder order = ByteOrder::little;
  std::string entry;
  const bytes::Source* held = nullptr;  ///< decoded bytes in memory that hold the storage, where it is not in the file
  ByteRange decoded_from;               ///< where these came from in the file
};

/// A tensor that is described and stored outside of the pickle that names it.
struct PersistentTensor {
  pickle::TensorRef view;         ///< its dtype, size, stride and offset
  std::optional<ByteRange> data;  ///< its storage in the file; absent where there is none
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
  /// Why a storage was not found, as the end of a sentence; unset where there is nothing to say but that it is not there.
  std::function<std::string(const pickle::StorageRef&)> why_missing;
  /// Stands before all names, without a dot at its end.
  std::string prefix;
  /// Arrays whose elements stand between the opcodes, by the node that describes them; may be nullptr.
  const std::map<pickle::NodeId, pickle::NumpyRef>* inline_arrays = nullptr;
  /// Where the elements of such arrays are Python objects: their pickles in the stream; may be nullptr.
  const std::map<pickle::NodeId, ByteRange>* inline_pickles = nullptr;
  /// Where the root is an array of Python objects, its reader has added it: only what it holds is listed.
  bool only_elements = false;
  /// Finds the tensor that a persistent id names; unset where ids name none.
  std::function<std::optional<PersistentTensor>(const std::string& key)> find_tensor;
  /// True where torch knows no other persistent objects than storages.
  bool only_storages = false;
  /// True where storages were not looked for everywhere, so that one which is not found may be there.
  bool partial = false;
  /// How many torch streams lie around this one.
  unsigned depth = 0;
};

/// What the tensors of one storage take of it.
struct StorageUse {
  pickle::StorageRef declared;
  std::uint64_t used_bytes = 0;  ///< up to the end of the furthest view
  bool reached = false;          ///< a view of it fits
  std::string first_tensor;
};

struct AddedObjects {
  bool malformed = false;                  ///< something could not be read, so that storages may seem unused
  std::map<std::string, StorageUse> uses;  ///< by key
  /// Data that stands inside of the stream: arrays and nested storages. Only where the stream is the file itself.
  std::vector<Region> inside;
};

/// Adds every tensor and array to `builder`, other values to its metadata, and findings for what does not fit.
AddedObjects add_objects(model::Builder& builder, const pickle::Program& program, const PickleSetting& setting);

/// Notes on storages of which tensors reach a part only.
void report_uses(model::Builder& builder, const std::map<std::string, StorageUse>& uses);

/// Judges the pickle that `setting` describes, read from `start` of its stream, and adds the report to the artifact's.
void judge_stream(model::Builder& builder, const pickle::Program& program, const PickleSetting& setting,
                  std::uint64_t start, const pickle::Options& options);

/// Findings for a pickle that broke off or has oddities. `record` names it in messages.
void report_stream(model::Builder& builder, const pickle::Program& program, const std::string& record);

/// How the pickles of a weight file are run under the caller's limits.
[[nodiscard]] pickle::Options pickle_options(const InspectOptions& options);

/// Labels a stretch that holds data, the rest of it as `what`.
void label_around(model::Builder& builder, ByteRange range, RegionKind kind, std::string_view what,
                  std::vector<Region> inside);

}  // namespace upinspect::formats
