// SPDX-License-Identifier: Apache-2.0
// zip: archives that are no weight file as a whole. Their entries are listed; the conductor looks into each.
#include "formats/format.hpp"
#include "formats/zip_reading.hpp"

namespace upinspect::formats::zip {

Claim sniff(const Probe& probe) noexcept {
  try {
    return probe.zip().found() ? Claim::certain : probe.starts_with("PK\x03\x04") ? Claim::likely : Claim::none;
  } catch (...) {
    return Claim::none;
  }
}

namespace {

/// Archives of torch that hold programs and their parts rather than one set of weights.
std::string_view title_of(const ZipReading& zip) {
  if (zip.has(".data/extern_modules") || (zip.has("python_version") && zip.has(".data/version"))) {
    return "torch.package archive";
  }
  if (zip.has("archive_format")) {
    return "torch.export .pt2 archive";
  }
  return zip.directory().find("MAR-INF/MANIFEST.json") != nullptr ? "torch-model-archiver archive" : "";
}

}  // namespace

void read(const Probe& probe, model::Builder& builder) {
  const auto& zip = probe.zip();
  builder.coverage.expect(zip.labels() + zip.directory().entries.size());
  zip.replay(builder);
  Value::Array names;
  names.reserve(zip.directory().entries.size());
  for (const auto& entry : zip.directory().entries) {
    if (!entry.overlaps) {
      builder.coverage.label_named(entry.data, RegionKind::payload, "entry", entry.name);
    }
    names.emplace_back(entry.name);
    claim_entry(builder, entry);
  }
  builder.detail("entries", std::move(names));
  builder.artifact.format.title = title_of(zip);
}

}  // namespace upinspect::formats::zip
