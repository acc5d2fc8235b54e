// SPDX-License-Identifier: Apache-2.0
// What is known of one weight file: plain values, comparable with ==, that own everything they hold.
#pragma once

#include "upinspect/adapter.hpp"
#include "upinspect/compact_text.hpp"
#include "upinspect/dtype.hpp"
#include "upinspect/hex_digest.hpp"
#include "upinspect/measures.hpp"
#include "upinspect/strides.hpp"
#include "upinspect/training.hpp"
#include "upinspect/value.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace upinspect {

/// `length` bytes from `offset`, both in bytes from the start of the file.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;

  [[nodiscard]] std::uint64_t end() const { return offset + length; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

// --- Findings ---------------------------------------------------------------------------------------------------

enum class Severity : std::uint8_t { note, warning, error };

/// Something that a reader or a rule noticed. `message` may hold bytes from the file: escape it where it is printed.
struct Finding {
  std::string id;
  Severity severity = Severity::note;
  std::string message;
  std::optional<std::uint64_t> offset;
  std::optional<std::uint64_t> length;
  std::string tensor;

  friend bool operator==(const Finding&, const Finding&) = default;
};

// --- Coverage ---------------------------------------------------------------------------------------------------

enum class RegionKind : std::uint8_t {
  structure,  ///< headers, directories, indexes of the container
  metadata,   ///< text and settings that describe the content
  tensor,     ///< elements
  payload,    ///< content that is neither a tensor nor metadata (a pickle, a code file)
  padding,    ///< alignment fill that the format calls for
  gap,        ///< claimed by no reader
};

/// A labelled stretch of the file.
struct Region {
  static constexpr std::uint32_t k_no_tensor = UINT32_MAX;

  ByteRange range;
  RegionKind kind = RegionKind::gap;
  std::uint32_t tensor = k_no_tensor;  ///< the index of the tensor whose elements these are, where the label would only name it
  CompactText label;                   ///< empty where `tensor` is set: label_of tells it

  Region() = default;
  Region(ByteRange stretch, RegionKind what, CompactText words) : range(stretch), kind(what), label(std::move(words)) {}
  Region(ByteRange stretch, RegionKind what, std::uint32_t of_tensor) : range(stretch), kind(what), tensor(of_tensor) {}

  friend bool operator==(const Region&, const Region&) = default;
};

/// Every byte of the file under a label: `regions` are sorted by offset and, gaps included, cover [0, size).
/// `labelled` + `gaps` = size; `overlapped` counts the bytes that more than one label claims (listed in `overlaps`).
struct Coverage {
  std::uint64_t labelled = 0;
  std::uint64_t gaps = 0;
  std::uint64_t overlapped = 0;
  std::vector<Region> regions;
  std::vector<Region> overlaps;
  std::shared_ptr<const void> texts;  ///< what the labels point at: a region that is to outlive its coverage needs a label of its own

  friend bool operator==(const Coverage& a, const Coverage& b) {
    return a.labelled == b.labelled && a.gaps == b.gaps && a.overlapped == b.overlapped && a.regions == b.regions && a.overlaps == b.overlaps;
  }
};

// --- Tensors ----------------------------------------------------------------------------------------------------

enum class ByteOrder : std::uint8_t { little, big };
enum class Packing : std::uint8_t { stored, deflated };

/// Where a tensor's elements lie. The storage is a run of bytes in the file, or in the unpacked stream of a deflated
/// zip entry; the tensor is a strided view of it.
struct Location {
  ByteRange packed;                 ///< the storage's bytes in the file; the whole compressed data where deflated
  Packing packing = Packing::stored;
  ByteOrder order = ByteOrder::little;
  std::uint64_t storage_start = 0;  ///< bytes before the storage in the unpacked stream (deflated only)
  std::uint64_t storage_bytes = 0;  ///< the storage's size unpacked
  std::uint64_t storage_offset = 0; ///< of the first element from the storage's start, in elements
  Strides strides;                  ///< in elements, one per dimension; empty where the elements lie in row-major order
  CompactText entry;                ///< the zip entry or record, empty for plain files

  friend bool operator==(const Location&, const Location&) = default;
};

/// Where a tensor's values come from, as far as its bits tell.
enum class Provenance : std::uint8_t { unknown, native, upcast_f16, upcast_bf16, upcast_f32, constant };

struct TensorDigests {
  HexDigest<16> xxh3_128;  ///< as `xxhsum -H2` prints it
  HexDigest<32> sha256;

  friend bool operator==(const TensorDigests&, const TensorDigests&) = default;
};

/// One tensor. Digests and measurements are over its elements in row-major order, little-endian, whatever the
/// file's strides and byte order; they are absent where the data was not read.
struct Tensor {
  std::string name;
  CompactText dtype_name;               ///< the contract's name, or the format's own for Dtype::other
  std::vector<std::uint64_t> shape;     ///< row-major; empty for a scalar
  std::uint64_t elements = 0;
  std::uint64_t bytes = 0;              ///< of the elements alone, without the rest of a shared storage
  Location location;
  Kept<Stats> stats;
  Kept<Entropy> entropy;
  CompactText unread;                   ///< why the data was not measured, empty where it was
  TensorDigests digests;
  Dtype dtype = Dtype::other;
  Provenance provenance = Provenance::unknown;

  friend bool operator==(const Tensor&, const Tensor&) = default;
};

// --- Pickle -----------------------------------------------------------------------------------------------------

enum class PickleVerdict : std::uint8_t { inert, unknown, dangerous };

/// A callable or class that a pickle names.
struct PickleGlobal {
  std::string module;
  std::string name;
  std::uint64_t offset = 0;  ///< in the file where the pickle is stored plainly, else in its record
  bool called = false;
  PickleVerdict verdict = PickleVerdict::unknown;
  std::string entry{};       ///< the way to its pickle, where that lies in a member of an archive; `offset` is the member's then

  friend bool operator==(const PickleGlobal&, const PickleGlobal&) = default;
};

/// What unpickling the file would do, and whether torch.load(weights_only=True) would take it.
struct PickleReport {
  PickleVerdict verdict = PickleVerdict::inert;
  bool weights_only_loads = false;
  std::string weights_only_reason;
  std::optional<std::uint64_t> weights_only_offset;
  std::vector<PickleGlobal> globals;

  friend bool operator==(const PickleReport&, const PickleReport&) = default;
};

// --- Artifact ---------------------------------------------------------------------------------------------------

struct FormatName {
  std::string id;            ///< a format id of the contract
  std::string title;         ///< the same in words
  Value detail = Value::Object{};

  friend bool operator==(const FormatName&, const FormatName&) = default;
};

struct Digests {
  std::optional<std::string> sha256;
  std::optional<std::string> xxh3_128;
  std::optional<std::string> content;

  friend bool operator==(const Digests&, const Digests&) = default;
};

/// The label of a region, in words. `tensors` are those of the artifact whose coverage it is of.
[[nodiscard]] std::string label_of(const Region& region, const std::vector<Tensor>& tensors);

/// One stride for each dimension, in elements.
[[nodiscard]] std::vector<std::int64_t> strides_of(const Tensor& tensor);

/// One file, read as far as it can be read. Damage is a finding, never an exception.
struct Artifact {
  std::string path;
  std::uint64_t size = 0;
  FormatName format;
  std::vector<std::string> also_reads_as;  ///< ids of other formats whose reader also succeeds
  Digests digests;
  Value metadata = Value::Object{};
  Coverage coverage;
  std::vector<Tensor> tensors;             ///< in the order of the file's own listing
  std::optional<Adapter> adapter;          ///< what the tensors mean, where they are an adapter's
  std::optional<TrainingSummary> training; ///< what the metadata say of the training, where they say anything
  std::vector<StatedHash> stated_hashes;   ///< hashes of itself that the metadata carry
  std::vector<SiteHash> site_hashes;       ///< where the file states one, or they were asked for
  std::optional<BaseFit> base_fit;         ///< where the adapter was held against a base model
  std::optional<PickleReport> pickle;
  std::vector<Finding> findings;           ///< in order of offset, then id

  friend bool operator==(const Artifact&, const Artifact&) = default;
};

}  // namespace upinspect
