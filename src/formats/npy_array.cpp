// SPDX-License-Identifier: Apache-2.0
#include "formats/npy_array.hpp"

#include <algorithm>

namespace upinspect::formats {

namespace {

void report(model::Builder& builder, const NpyPlace& place, std::vector<Finding> findings, const std::string& tensor) {
  for (auto& finding : findings) {
    if (!place.member.empty()) {
      finding.message.insert(0, place.member + ": ");
      finding.tensor = tensor;
    }
    if (!place.in_file()) {
      finding.message += " (at byte " + std::to_string(finding.offset.value_or(0)) + " of the unpacked member)";
      finding.offset = place.packed.offset;
      finding.length = place.packed.length;
    }
    builder.artifact.findings.push_back(std::move(finding));
  }
}

}  // namespace

containers::NpyHeader read_npy(model::Builder& builder, const NpyPlace& place, bytes::Cursor& in, const std::string& name) {
  std::vector<Finding> findings;
  try {
    auto header = containers::read_npy_header(in, findings);
    report(builder, place, std::move(findings), name);
    return header;
  } catch (const bytes::ParseError&) {
    report(builder, place, std::move(findings), name);
    throw;
  }
}

std::uint64_t add_npy_array(model::Builder& builder, const containers::NpyHeader& header, const NpyPlace& place,
                            const std::string& name) {
  const auto start = std::min(header.data_start, place.end);
  auto array = containers::lay_out_npy(header, place.end - start, place.kind);
  report(builder, place, std::move(array.findings), name);
  auto& location = array.tensor.location;
  location.packed = place.in_file() ? ByteRange{start, array.there} : place.packed;
  location.packing = place.packing;
  location.storage_start = place.in_file() ? 0 : start;
  location.storage_bytes = array.there;
  location.entry = place.member;
  auto end = start + array.there;
  if (array.objects) {
    end = read_npy_objects(builder, place, start, name, array.tensor.shape);
  } else if (place.in_file()) {
    builder.coverage.label(location.packed, RegionKind::tensor, name.empty() ? "data" : "array " + name);
  }
  array.tensor.name = name;
  builder.add(std::move(array.tensor));
  return end;
}

}  // namespace upinspect::formats
