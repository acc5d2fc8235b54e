// SPDX-License-Identifier: Apache-2.0
// tar: archives that are no checkpoint. Their members are listed, not read; but pickles of torch archives among them are
// judged, since whoever unpacks the archive will load them. NeMo's are model_config.yaml and model_weights.ckpt.
#include "bytes/parse_error.hpp"
#include "bytes/window_source.hpp"
#include "containers/tar.hpp"
#include "containers/zip_torch_lookup.hpp"
#include "formats/format.hpp"
#include "formats/pickled.hpp"
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

/// The pickle of a torch archive, as it lies in the file or unpacked.
void judge_record(model::Builder& builder, const TarMember& member, const bytes::Source& window, const containers::ZipEntry& entry) {
  auto options = pickle_options(builder.options());
  PickleSetting setting;
  setting.entry = member.name + "/" + entry.name;
  const ByteRange place{member.data.offset + entry.data.offset, entry.data.length};
  if (entry.method == containers::k_zip_stored) {
    options.end = place.end();
    setting.stream = &builder.source();
    const auto program = pickle::run(builder.source(), place.offset, options);
    report_stream(builder, program, setting.entry);
    judge_stream(builder, program, setting, place.offset, options);
    return;
  }
  const auto cap = std::min(builder.options().limits.pickle, builder.options().limits.memory / 2);
  const bytes::MemorySource unpacked(containers::read_entry(window, entry, cap).data);
  setting.stream = &unpacked;
  setting.unpacked_from = place;
  const auto program = pickle::run(unpacked, 0, options);
  report_stream(builder, program, setting.entry);
  judge_stream(builder, program, setting, 0, options);
}

/// True where the member is an archive of torch's.
bool judge_checkpoint(model::Builder& builder, const TarMember& member) {
  const bytes::WindowSource window(builder.source(), member.data);
  if (!starts_as_zip(window)) {
    return false;
  }
  const ZipReading zip(window, builder.options());
  containers::TorchLookup lookup(zip.directory());
  const auto* entry = zip.found() ? lookup.find(zip.prefix() + "data.pkl") : nullptr;
  if (entry == nullptr) {
    return false;
  }
  try {
    judge_record(builder, member, window, *entry);
  } catch (const bytes::ParseError& error) {
    builder.find("torch.unreadable-record", Severity::error, member.name + "/" + entry->name + ": " + error.what(), member.data);
  }
  return true;
}

/// What was not looked at is said, so that silence is no verdict.
void judge_checkpoints(model::Builder& builder, const containers::TarArchive& archive) {
  Value::Array judged;
  for (const auto& member : archive.members) {
    const bool file = member.kind == TarKind::file && !member.cut && !member.sparse && member.data.length != 0;
    if (judged.size() == k_most_checkpoints) {
      builder.find("limit.reached", Severity::error, "more than " + std::to_string(k_most_checkpoints) + " torch archives in the archive: the rest was not judged");
      break;
    }
    if (file && judge_checkpoint(builder, member)) {
      judged.emplace_back(member.name);
    }
  }
  if (!judged.empty()) {
    builder.detail("torch_archives", std::move(judged));
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
    if (names.size() == k_listed) {
      break;
    }
    names.emplace_back(member.name);
  }
  builder.detail("members", static_cast<std::uint64_t>(archive.members.size()));
  builder.detail("names", std::move(names));
  judge_checkpoints(builder, archive);
  if (is_nemo(archive)) {
    builder.artifact.format.title = "NeMo archive";
    builder.detail("holds", "model_config.yaml (settings, alpha), model_weights.ckpt (weights): unpack it and look at the .ckpt");
  }
}

}  // namespace upinspect::formats::tar
