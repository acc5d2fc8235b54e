// SPDX-License-Identifier: Apache-2.0
// zip: archives that are no weight file as a whole. Their entries are listed, not read.
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

void read(const Probe& probe, model::Builder& builder) {
  const auto& zip = probe.zip();
  zip.replay(builder);
  Value::Array names;
  for (const auto& entry : zip.directory().entries) {
    label_entry(builder, entry, RegionKind::payload, "entry " + entry.name);
    names.emplace_back(entry.name);
  }
  builder.detail("entries", std::move(names));
}

}  // namespace upinspect::formats::zip
