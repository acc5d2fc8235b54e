// SPDX-License-Identifier: Apache-2.0
// Who wants to see every pickle that a file holds, as its reader comes to it.
#pragma once

#include "pickle/machine.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace upinspect::pickle {

/// A pickle as its reader ran it. Valid during the call only.
struct Seen {
  const bytes::Source& stream;
  std::uint64_t start = 0;
  const Options& options;
  std::string_view entry;                  ///< empty where the stream is the file itself
  std::optional<ByteRange> unpacked_from;
  bool in_member = false;                  ///< of an archive: `entry` is the way to it, `unpacked_from` the outermost member
};

class Watcher {
 public:
  Watcher() = default;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  virtual ~Watcher() = default;

  virtual void see(const Seen& seen) = 0;
};

}  // namespace upinspect::pickle
