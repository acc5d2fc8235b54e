// SPDX-License-Identifier: Apache-2.0
// torch-legacy: what torch.save wrote from 0.1.10 to 1.5, and on request still writes. Five pickles back to back, then
// the storages:
//
//   magic            the integer 0x1950a86a20f9469cfc6c
//   version          the integer 1001
//   system info      {"protocol_version": 1001, "little_endian": bool, "type_sizes": {...}}
//   object           storages are persistent ids ('storage', class, key, device, elements, None or
//                    (view key, offset, elements)); modules ('module', class, source file, source)
//   keys             a list of the keys of the storages
//   for each key     int64 number of elements, then the elements, little-endian
//
// torch takes no notice of the system info, of bytes after the last storage, nor of storages that the list leaves out.
#include "formats/format.hpp"
#include "formats/legacy_stream.hpp"
#include "formats/pickled.hpp"
#include "pickle/mapping.hpp"
#include "pickle/plain_values.hpp"

#include <algorithm>
#include <span>

namespace upinspect::formats::torch_legacy {

namespace {

/// The integer comes first in every protocol: behind PROTO, behind PROTO and FRAME, or in digits.
bool may_start_so(const Probe& probe) noexcept {
  constexpr std::string_view k_starts = "\x80\x8a\x8b\x95L(";
  return probe.size() > 0 && k_starts.find(static_cast<char>(probe.byte(0))) != std::string_view::npos;
}

void describe(model::Builder& builder, const LegacyStream& stream) {
  const auto& system = stream.parts[2].program;
  const auto& graph = system.graph;
  if (const auto little = pickle::find_item(graph, system.root, "little_endian"); little != pickle::k_no_node) {
    builder.detail("little_endian", pickle::plain_value(graph, little).value_or(Value()));
  }
  builder.detail("protocol", std::max(stream.parts.back().program.protocol, 0));
  builder.detail("storages", static_cast<std::uint64_t>(stream.listed.size()));
}

void add_stream(model::Builder& builder, const LegacyStream& stream, const pickle::Options& options) {
  PickleSetting setting;
  setting.stream = &builder.source();
  for (const auto& part : stream.parts) {
    report_stream(builder, part.program, std::string(part.what));
    judge_stream(builder, part.program, setting, part.program.start, options);
  }
  auto& findings = builder.artifact.findings;
  findings.insert(findings.end(), stream.findings.begin(), stream.findings.end());
  if (stream.parts.size() > 2 && stream.parts[2].program.complete()) {
    describe(builder, stream);
  }
  const auto* object = stream.object();
  if (object == nullptr || !object->complete()) {
    return;
  }
  setting.find_storage = [&stream](const pickle::StorageRef& storage) -> std::optional<FoundStorage> {
    const auto range = stream.storages.find(storage.key);
    if (range == stream.storages.end()) {
      return std::nullopt;
    }
    FoundStorage found;
    found.packed = range->second;
    found.bytes = range->second.length;
    return found;
  };
  report_uses(builder, add_objects(builder, *object, setting).uses);
}

}  // namespace

Claim sniff(const Probe& probe) noexcept {
  try {
    const bytes::MemorySource head(std::as_bytes(std::span(probe.head())));
    return may_start_so(probe) && starts_as_legacy(head) ? Claim::certain : Claim::none;
  } catch (...) {
    return Claim::none;
  }
}

void read(const Probe&, model::Builder& builder) {
  const auto options = pickle_options(builder.options());
  const auto stream = read_legacy(builder.source(), ByteRange{0, builder.source().size()}, options, &builder.coverage);
  add_stream(builder, stream, options);
  if (stream.end < builder.source().size()) {
    model::MemberClaim rest;
    rest.name = "what follows the stream";
    rest.packed = ByteRange{stream.end, builder.source().size() - stream.end};
    builder.add_member(std::move(rest));
  }
}

}  // namespace upinspect::formats::torch_legacy
