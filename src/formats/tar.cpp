// SPDX-License-Identifier: Apache-2.0
// tar: archives that are no checkpoint. Their members are listed, not read.
#include "containers/tar.hpp"
#include "formats/format.hpp"

namespace upinspect::formats::tar {

Claim sniff(const Probe& probe) noexcept {
  try {
    return containers::tar_header_at(probe.source(), 0) ? Claim::certain : Claim::none;
  } catch (...) {
    return Claim::none;
  }
}

void read(const Probe&, model::Builder& builder) {
  constexpr std::size_t k_listed = 4096;
  const auto archive = containers::read_tar(builder.source(), &builder.coverage, builder.artifact.findings);
  containers::label_payload(archive, builder.coverage);
  Value::Array names;
  for (const auto& member : archive.members) {
    if (names.size() == k_listed) {
      break;
    }
    names.emplace_back(member.name);
  }
  builder.detail("members", static_cast<std::uint64_t>(archive.members.size()));
  builder.detail("names", std::move(names));
}

}  // namespace upinspect::formats::tar
