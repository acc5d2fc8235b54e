// SPDX-License-Identifier: Apache-2.0
// Artifacts put together by hand, a line for each thing that matters to the test.
#pragma once

#include "upinspect/artifact.hpp"

#include <functional>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace upinspect::test {

/// A contiguous, stored float32 tensor at `offset`, not measured.
[[nodiscard]] inline Tensor make_tensor(std::string name, std::vector<std::uint64_t> shape, std::uint64_t offset) {
  Tensor tensor;
  tensor.name = std::move(name);
  tensor.dtype = Dtype::f32;
  tensor.dtype_name = "f32";
  tensor.elements = std::accumulate(shape.begin(), shape.end(), std::uint64_t{1}, std::multiplies<>());
  tensor.bytes = tensor.elements * 4;
  tensor.location.packed = {offset, tensor.bytes};
  tensor.location.storage_bytes = tensor.bytes;
  tensor.shape = std::move(shape);
  return tensor;
}

/// The same with round figures for digests, statistics and entropy.
[[nodiscard]] inline Tensor make_measured(std::string name, std::vector<std::uint64_t> shape, std::uint64_t offset) {
  auto tensor = make_tensor(std::move(name), std::move(shape), offset);
  tensor.digests.xxh3_128 = "0123456789abcdef0123456789abcdef";
  tensor.stats = Stats{-0.10833, 0.11094, -1.12e-7, 0.02, 0.125, 0, 0, 0, 0};
  tensor.entropy = Entropy{7.43, {8.0, 7.996, 7.97, 2.91}, std::vector<std::uint64_t>(32, tensor.elements / 2),
                           tensor.elements};
  tensor.provenance = Provenance::native;
  return tensor;
}

class ArtifactBuilder {
 public:
  explicit ArtifactBuilder(std::string path) { m_artifact.path = std::move(path); }

  ArtifactBuilder& format(std::string id, std::string title, Value::Object detail = {}) {
    m_artifact.format = {std::move(id), std::move(title), Value(std::move(detail))};
    return *this;
  }

  ArtifactBuilder& digests() {
    m_artifact.digests.sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    m_artifact.digests.xxh3_128 = "99aa06d3014798d86001c324468d497f";
    return *this;
  }

  /// The next `length` bytes of the file; the size grows with them.
  ArtifactBuilder& region(RegionKind kind, std::uint64_t length, std::string label) {
    m_artifact.coverage.regions.push_back({{m_artifact.size, length}, kind, std::move(label)});
    (kind == RegionKind::gap ? m_artifact.coverage.gaps : m_artifact.coverage.labelled) += length;
    m_artifact.size += length;
    return *this;
  }

  /// A tensor that is already made, and the region it lies in where it starts at the end of the file so far.
  ArtifactBuilder& tensor(Tensor tensor) {
    if (tensor.location.packed.offset == m_artifact.size) {
      region(RegionKind::tensor, tensor.location.packed.length, tensor.name);
    }
    m_artifact.tensors.push_back(std::move(tensor));
    return *this;
  }

  ArtifactBuilder& metadata(std::string key, Value value) {
    std::get<Value::Object>(m_artifact.metadata.data).emplace_back(std::move(key), std::move(value));
    return *this;
  }

  ArtifactBuilder& pickle(PickleReport report) {
    m_artifact.pickle = std::move(report);
    return *this;
  }

  ArtifactBuilder& finding(Finding finding) {
    m_artifact.findings.push_back(std::move(finding));
    return *this;
  }

  [[nodiscard]] std::uint64_t end() const { return m_artifact.size; }
  [[nodiscard]] Artifact build() const { return m_artifact; }

 private:
  Artifact m_artifact;
};

}  // namespace upinspect::test
