// SPDX-License-Identifier: Apache-2.0
// Where the elements of an artifact's tensors can be read again, for as long as this is kept.
#pragma once

#include "bytes/source.hpp"
#include "measure/gather.hpp"
#include "model/builder.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace upinspect::inspecting {

using SharedSource = std::shared_ptr<const bytes::Source>;

/// Why a tensor's source is not kept.
enum class NotKept : std::uint8_t { no, too_many_files, too_much_decoded };

/// The source of one tensor.
struct Origin {
  SharedSource source;   ///< the file that its Location speaks of; nothing where `missing` says why
  bool decoded = false;  ///< the source is the tensor's storage itself, decoded by the reader
  NotKept missing = NotKept::no;
};

/// Index for index with Artifact::tensors. Whoever joins artifacts appends their origins in the same order.
struct Origins {
  std::vector<Origin> tensors;
  std::uint64_t decoded_bytes = 0;  ///< held in memory
  std::size_t open_files = 0;

  void append(Origins other);
  /// The same, within what descriptors and memory allow: more than 512 files, or decoded storages of more than half of
  /// the memory, are not kept, and say so.
  void append_within(Origins other, const Limits& limits);
  [[nodiscard]] bool changed_since_opened() const;
};

/// The origins of what a builder read from `source`; takes over the storages that its reader decoded.
[[nodiscard]] Origins origins_of(model::Builder& builder, const SharedSource& source);

/// Hands the elements of `tensor` to `sink`: row-major, little-endian, in pieces of whole elements (whole blocks for
/// packed types). Throws InputError, naming the tensor, where they cannot be read whole, and Stopped where the options
/// ask for it.
void stream_tensor(const Origin& origin, const Tensor& tensor, const InspectOptions& options,
                   const measure::ElementSink& sink);

/// The same in one piece, into `out`, whose memory is used again.
void load_tensor(const Origin& origin, const Tensor& tensor, const InspectOptions& options, std::vector<std::byte>& out);

/// The same. Throws InputError where the tensor has more than `most` bytes.
[[nodiscard]] std::vector<std::byte> load_tensor(const Origin& origin, const Tensor& tensor,
                                                 const InspectOptions& options, std::uint64_t most);

}  // namespace upinspect::inspecting
