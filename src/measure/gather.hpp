// SPDX-License-Identifier: Apache-2.0
// Reads a strided view of a storage in row-major order, within a fixed amount of memory.
#pragma once

#include "bytes/source.hpp"
#include "upinspect/artifact.hpp"

#include <cstdint>
#include <functional>
#include <span>

namespace upinspect::measure {

using ElementSink = std::function<void(std::span<const std::byte>)>;

/// Hands the tensor's elements to `sink` in row-major order, in the storage's byte order. `storage` holds the storage
/// from byte `storage_start` on. The view must fit the storage (model::span_in_storage). At most about `memory` bytes
/// are held; a view that needs more is read in bands, each by as few reads as its strides allow.
void gather(const bytes::Source& storage, std::uint64_t storage_start, const Tensor& tensor, std::uint64_t memory,
            const ElementSink& sink);

}  // namespace upinspect::measure
