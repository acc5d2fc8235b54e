// SPDX-License-Identifier: Apache-2.0
// The stream that torch.save wrote before 1.6, as a whole file or inside of a pickled storage.
#pragma once

#include "bytes/cursor.hpp"
#include "bytes/source.hpp"
#include "pickle/machine.hpp"
#include "pickle/torch_tensors.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect::formats {

/// The integer that such a stream begins with, in decimal.
inline constexpr std::string_view k_legacy_magic = "119547037146038801333356";

/// One of the five pickles.
struct LegacyPart {
  std::string_view what;
  pickle::Program program;
};

/// A stream as far as it could be followed.
struct LegacyStream {
  std::vector<LegacyPart> parts;             ///< in stream order; the fourth is the object
  std::map<std::string, ByteRange> storages; ///< by key; shorter than declared where the bytes end
  std::vector<std::string> listed;           ///< the keys in the order of the stream's own list
  std::uint64_t end = 0;                     ///< one past the last byte that belongs to the stream
  std::vector<Finding> findings;             ///< offsets are the source's

  [[nodiscard]] const pickle::Program* object() const;
};

/// True where the first pickle of `head` is the magic integer, in whatever protocol.
[[nodiscard]] bool starts_as_legacy(const bytes::Source& head);

/// Reads the stream in `window` of `source`. Damage becomes findings; bytes::ReadError passes through. `labels` may be
/// nullptr.
[[nodiscard]] LegacyStream read_legacy(const bytes::Source& source, ByteRange window, pickle::Options options,
                                       bytes::LabelSink* labels);

}  // namespace upinspect::formats
