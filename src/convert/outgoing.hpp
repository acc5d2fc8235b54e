// SPDX-License-Identifier: Apache-2.0
// A tensor on its way into a file: what a header says of it, and where its elements will come from.
#pragma once

#include "upinspect/dtype.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace upinspect::convert {

using ElementSink = std::function<void(std::span<const std::byte>)>;

struct Outgoing {
  std::string name;
  Dtype dtype = Dtype::f32;
  std::vector<std::uint64_t> shape;
  /// Hands over the elements in row-major order, little-endian, in pieces of any size. Can be called again.
  std::function<void(const ElementSink&)> produce;
};

/// Key and value, in any order; a writer sorts them.
using Metadata = std::vector<std::pair<std::string, std::string>>;

/// Called now and then with the bytes of tensor data that are written; it may throw to abandon the work.
using Tick = std::function<void(std::uint64_t bytes_done)>;

}  // namespace upinspect::convert
