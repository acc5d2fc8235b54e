// SPDX-License-Identifier: Apache-2.0
// tar: archives that are no checkpoint. Their members are listed; the conductor looks into each. NeMo's are model_config.yaml and
// model_weights.ckpt.
#include "bytes/window_source.hpp"
#include "containers/tar.hpp"
#include "containers/zip_torch_lookup.hpp"
#include "formats/format.hpp"
#include "formats/tar_members.hpp"
#include "formats/zip_reading.hpp"

#include <algorithm>

namespace upinspect::formats::tar {

namespace {

using containers::TarKind;
using containers::TarMember;

constexpr std::size_t k_most_checkpoints = 64;

std::string_view plain_name(const TarMember& member) {
  const std::string_view name(member.name);
  return name.starts_with("./") ? name.substr(2) : name;
}

bool is_nemo(const containers::TarArchive& archive) {
  const auto has = [&archive](std::string_view name) {
    return std::any_of(archive.members.begin(), archive.members.end(), [name](const TarMember& member) {
      return member.kind == TarKind::file && plain_name(member) == name;
    });
  };
  return has("model_config.yaml") && has("model_weights.ckpt");
}

/// True where the member is an archive of torch's.
bool is_checkpoint(const model::Builder& builder, const TarMember& member) {
  const bytes::WindowSource window(builder.source(), member.data);
  if (!starts_as_zip(window)) {
    return false;
  }
  const ZipReading zip(window, builder.options());
  containers::TorchLookup lookup(zip.directory());
  return zip.found() && lookup.find(zip.prefix() + "data.pkl") != nullptr;
}

/// Their names; what unpickling them would do is for the conductor to see.
void name_checkpoints(model::Builder& builder, const containers::TarArchive& archive) {
  Value::Array checkpoints;
  for (const auto& member : archive.members) {
    const bool file = member.kind == TarKind::file && !member.cut && !member.sparse && member.data.length != 0;
    if (file && checkpoints.size() < k_most_checkpoints && is_checkpoint(builder, member)) {
      checkpoints.emplace_back(member.name);
    }
  }
  if (!checkpoints.empty()) {
    builder.detail("torch_archives", std::move(checkpoints));
  }
}

}  // namespace

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
    claim_member(builder, member);
    if (names.size() < k_listed) {
      names.emplace_back(member.name);
    }
  }
  builder.detail("members", static_cast<std::uint64_t>(archive.members.size()));
  builder.detail("names", std::move(names));
  name_checkpoints(builder, archive);
  if (is_nemo(archive)) {
    builder.artifact.format.title = "NeMo archive";
    builder.detail("holds", "model_config.yaml (settings, alpha), model_weights.ckpt (weights): unpack it and look at the .ckpt");
  }
}

}  // namespace upinspect::formats::tar
