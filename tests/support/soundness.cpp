// SPDX-License-Identifier: Apache-2.0
#include "support/soundness.hpp"

#include <algorithm>

namespace upinspect::test {

namespace {

bool within(const ByteRange& range, std::uint64_t size) {
  return range.offset <= size && range.length <= size - range.offset;
}

std::string bad_regions(const Coverage& coverage, std::uint64_t size) {
  std::uint64_t end = 0;
  std::uint64_t gaps = 0;
  for (const auto& region : coverage.regions) {
    if (region.range.offset != end || region.range.length == 0) {
      return "region \"" + region.label + "\" starts at " + std::to_string(region.range.offset) + ", not at " + std::to_string(end);
    }
    if (region.kind != RegionKind::gap && region.label.empty() && region.tensor == Region::k_no_tensor) {
      return "a region without a label at " + std::to_string(end);
    }
    if (!within(region.range, size)) {
      return "region \"" + region.label + "\" goes beyond the file";
    }
    end = region.range.end();
    gaps += region.kind == RegionKind::gap ? region.range.length : 0;
  }
  return end != size ? "the regions end at " + std::to_string(end) : gaps != coverage.gaps ? "gaps do not add up" : "";
}

std::string bad_coverage(const Coverage& coverage, std::uint64_t size) {
  if (coverage.labelled + coverage.gaps != size) {
    return "labelled and gaps do not add up to the size";
  }
  if (coverage.overlapped > coverage.labelled || (coverage.overlapped == 0) != coverage.overlaps.empty()) {
    return "the overlaps do not add up";
  }
  const auto beyond = [size](const Region& region) { return !within(region.range, size); };
  return std::any_of(coverage.overlaps.begin(), coverage.overlaps.end(), beyond) ? "an overlap goes beyond the file" : "";
}

std::string bad_tensor(const Tensor& tensor, std::uint64_t size) {
  const bool measured = tensor.digests.xxh3_128.has_value();
  if (measured && !tensor.unread.empty()) {
    return "tensor \"" + tensor.name + "\" was measured and is unread";
  }
  if (measured && !within(tensor.location.packed, size)) {
    return "tensor \"" + tensor.name + "\" was measured outside of the file";
  }
  if (tensor.stats && tensor.stats->nans + tensor.stats->infs + tensor.stats->zeros > tensor.elements) {
    return "tensor \"" + tensor.name + "\" counts more elements than it has";
  }
  return {};
}

std::string bad_finding(const Finding& finding, std::uint64_t size) {
  if (finding.id.find('.') == std::string::npos || finding.message.empty()) {
    return "finding \"" + finding.id + "\" has no room in its id or no message";
  }
  return finding.offset.value_or(0) > size ? "finding " + finding.id + " lies beyond the file" : "";
}

}  // namespace

std::string unsoundness(const Artifact& artifact, std::uint64_t size) {
  if (artifact.size != size || artifact.format.id.empty()) {
    return "the artifact has another size than its bytes, or no format";
  }
  auto problem = bad_regions(artifact.coverage, size);
  if (problem.empty()) {
    problem = bad_coverage(artifact.coverage, size);
  }
  for (auto tensor = artifact.tensors.begin(); problem.empty() && tensor != artifact.tensors.end(); ++tensor) {
    problem = bad_tensor(*tensor, size);
  }
  for (auto finding = artifact.findings.begin(); problem.empty() && finding != artifact.findings.end(); ++finding) {
    problem = bad_finding(*finding, size);
  }
  return problem;
}

bool complains(const Artifact& artifact) {
  return std::any_of(artifact.findings.begin(), artifact.findings.end(),
                     [](const Finding& finding) { return finding.severity >= Severity::warning; });
}

}  // namespace upinspect::test
