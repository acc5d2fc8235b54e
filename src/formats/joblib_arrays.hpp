// SPDX-License-Identifier: Apache-2.0
// The arrays of joblib.dump, whose bytes stand between the opcodes of the pickle.
#pragma once

#include "pickle/machine.hpp"
#include "pickle/numpy_arrays.hpp"

#include <map>
#include <vector>

namespace upinspect::formats {

/// Collects the arrays of one pickle while the machine runs over it. A NumpyArrayWrapper is built, then follow: a byte
/// with the length of the padding and the padding (since 1.2), and the elements; or, for Python objects, a pickle.
class JoblibArrays {
 public:
  explicit JoblibArrays(const bytes::Source& source) : m_source(source) {}
  JoblibArrays(const JoblibArrays&) = delete;
  JoblibArrays& operator=(const JoblibArrays&) = delete;

  /// The hook for pickle::Options::inline_data; it must not outlive this. Throws bytes::ParseError.
  [[nodiscard]] std::uint64_t measure(const pickle::Graph& graph, pickle::NodeId object, std::uint64_t offset);

  [[nodiscard]] const std::map<pickle::NodeId, pickle::NumpyRef>& arrays() const { return m_arrays; }
  [[nodiscard]] const std::vector<ByteRange>& padding() const { return m_padding; }
  /// Where the pickles of arrays of Python objects stand: later nodes lie later in the stream.
  [[nodiscard]] const std::map<pickle::NodeId, ByteRange>& inner() const { return m_inner; }

 private:
  [[nodiscard]] std::uint64_t measure_objects(pickle::NumpyRef& array, std::uint64_t offset);
  [[nodiscard]] std::uint64_t measure_padding(std::uint64_t offset);

  const bytes::Source& m_source;
  std::map<pickle::NodeId, pickle::NumpyRef> m_arrays;
  std::vector<ByteRange> m_padding;
  std::map<pickle::NodeId, ByteRange> m_inner;
};

}  // namespace upinspect::formats
