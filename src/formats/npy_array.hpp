// SPDX-License-Identifier: Apache-2.0
// What npy and npz have in common: the array behind a header becomes a tensor with its labels and findings.
#pragma once

#include "bytes/source.hpp"
#include "containers/npy_header.hpp"
#include "model/builder.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace upinspect::formats {

/// Where an npy stream lies: in the file as it is, or in the unpacked data of an archive's member.
struct NpyPlace {
  const bytes::Source& stream;                 ///< the header's offsets count in it
  std::uint64_t end = 0;                       ///< of the stream, in it; a deflated stream may be known in part only
  containers::NpyStream kind = containers::NpyStream::file;
  Packing packing = Packing::stored;
  ByteRange packed = {};                       ///< the deflated data in the file
  std::string member = {};                     ///< of an archive; empty for a file

  [[nodiscard]] bool in_file() const noexcept { return packing == Packing::stored; }
};

/// Reads the header at `in`. Findings on a member name it, and point at its data where it is deflated. Throws a
/// ParseError where numpy refuses the header; what was found until then is reported.
[[nodiscard]] containers::NpyHeader read_npy(model::Builder& builder, const NpyPlace& place, bytes::Cursor& in,
                                             const std::string& name);

/// Lays out the array behind `header`, labels its data where they lie in the file as they are, and adds it under
/// `name`. Returns where the array's bytes end in the stream. Throws a ParseError for shapes that numpy refuses.
std::uint64_t add_npy_array(model::Builder& builder, const containers::NpyHeader& header, const NpyPlace& place,
                            const std::string& name);

/// Says that the array's elements are Python objects and, where they lie in the file as they are, follows their pickle.
/// Returns where it ends.
std::uint64_t read_npy_objects(model::Builder& builder, const NpyPlace& place, std::uint64_t start,
                               const std::string& name, const std::vector<std::uint64_t>& shape);

/// Follows the pickle of an object array, which begins at `start` of the whole stream, without running it: judges it and
/// lists what it holds under `name`. Returns where it ends, or the stream does.
std::uint64_t follow_npy_objects(model::Builder& builder, const NpyPlace& place, std::uint64_t start,
                                 const std::string& name, const std::vector<std::uint64_t>& shape);

}  // namespace upinspect::formats
