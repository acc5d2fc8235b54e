// SPDX-License-Identifier: Apache-2.0
#include "inspect/readings.hpp"

#include "bytes/limit_reached.hpp"
#include "bytes/parse_error.hpp"
#include "formats/format.hpp"
#include "pickle/verdict.hpp"

#include <algorithm>
#include <optional>

namespace upinspect::inspecting {

namespace {

using formats::Claim;
using formats::Format;
using formats::Probe;
using formats::Reach;

void name_format(Artifact& artifact, const Format& format) {
  artifact.format.id = format.id;
  if (artifact.format.title.empty()) {
    artifact.format.title = format.title;
  }
}

std::string with_article(std::string_view title) {
  const bool plural = title == "text" || title == "unknown data" || title == "JSON text";
  const bool vowel = title.find_first_of("aeiouAEIOUxR") == 0 || title.starts_with("HDF") || title.starts_with("HTML");
  return plural ? std::string(title) : (vowel ? "an " : "a ") + std::string(title);
}

void record_damage(model::Builder& builder, const Format& format, const bytes::ParseError& error) {
  builder.find(error.truncated ? "container.truncated" : "container.malformed", Severity::error,
               std::string(format.id) + ": " + error.what(), ByteRange{error.offset(), 0});
}

/// Reads as `format`; false where the reader broke off. What it had read until then is kept.
bool read_as(const Format& format, const Probe& probe, model::Builder& builder) {
  try {
    format.read(probe, builder);
    name_format(builder.artifact, format);
    if (!format.finding.empty()) {
      builder.find(std::string(format.finding), format.severity,
                   "this is " + with_article(format.title) + "; " + std::string(format.advice));
    }
    return true;
  } catch (const bytes::ParseError& error) {
    record_damage(builder, format, error);
  } catch (const bytes::LimitReached& limit) {
    builder.find("limit.reached", Severity::error, std::string(format.id) + ": " + limit.what() + model::memory_allowed(builder.options().limits.memory));
  } catch (const bytes::ReadError& error) {
    builder.find("container.changed-while-read", Severity::error, error.what(), ByteRange{error.offset(), 0});
  }
  name_format(builder.artifact, format);
  return false;
}

/// What reading the same bytes as another format gives.
struct SideReading {
  std::optional<Finding> failure;      ///< the first error, nothing where it succeeds
  std::optional<PickleReport> pickle;
  std::vector<model::MemberClaim> members;
  ByteRange extent;                    ///< from the first byte that it claims to the last
};

ByteRange extent_of(const Coverage& coverage) {
  const auto claimed = [](const Region& region) { return region.kind != RegionKind::gap; };
  const auto first = std::find_if(coverage.regions.begin(), coverage.regions.end(), claimed);
  const auto last = std::find_if(coverage.regions.rbegin(), coverage.regions.rend(), claimed);
  return first == coverage.regions.end() ? ByteRange() : ByteRange{first->range.offset, last->range.end() - first->range.offset};
}

/// An archive that is the last member of another is found from the end of that one too. It is judged as its member.
bool is_own_member(const model::Builder& builder, ByteRange extent) {
  return std::any_of(builder.members.begin(), builder.members.end(), [extent](const model::MemberClaim& member) {
    return extent.length != 0 && member.packing == model::MemberClaim::Packing::stored && member.packed.offset == extent.offset &&
           member.packed.end() >= extent.end();
  });
}

SideReading read_aside(const Format& format, const Probe& probe, const model::Builder& builder) {
  model::Builder side(builder.source(), builder.options(), builder.artifact.path);
  side.budget = builder.budget;  // both are held at the same time
  side.pickle_watcher = builder.pickle_watcher;
  side.inside = builder.inside;
  read_as(format, probe, side);
  const auto& findings = side.artifact.findings;
  const auto found = std::find_if(findings.begin(), findings.end(),
                                  [](const Finding& finding) { return finding.severity == Severity::error; });
  const auto extent = extent_of(std::move(side.coverage).build(builder.source().size(), side.artifact.tensors));
  return {found == findings.end() ? std::nullopt : std::optional(*found), std::move(side.artifact.pickle), std::move(side.members), extent};
}

/// Archives that a reader has already told more of: a torch zip is a zip, and saying so is no news.
bool is_zip_kind(std::string_view id) {
  return id == "torch-zip" || id == "torchscript" || id == "npz" || id == "zip";
}

/// True where another reading of the bytes as `format` would be worth telling.
bool worth_trying(const Format& format, const Format& primary, const std::vector<std::string>& already) {
  // Almost any bytes can be taken for numbers: that reading is no news, and looking for it would read tensors.
  const bool wraps = format.id == "zip" || format.id == "gzip" || (format.id == "tar" && primary.id != "torch-tar");
  const bool tells_nothing = format.id == "raw" || (format.reach == Reach::named && !wraps);
  if (format.id == primary.id || tells_nothing) {
    return false;
  }
  const bool zip_told = is_zip_kind(primary.id) || std::any_of(already.begin(), already.end(), is_zip_kind);
  return format.id != "zip" || !zip_told;
}

void note_other_readings(const Probe& probe, const Format& primary, model::Builder& builder) {
  auto& already = builder.artifact.also_reads_as;
  for (const auto& format : formats::registry()) {
    if (!worth_trying(format, primary, already) || format.sniff(probe) != Claim::certain) {
      continue;
    }
    const auto aside = read_aside(format, probe, builder);
    if (is_own_member(builder, aside.extent)) {
      continue;
    }
    adopt_pickle(builder, aside.pickle);
    if (!is_zip_kind(primary.id) || !is_zip_kind(format.id)) {  // else they are its own entries
      builder.members.insert(builder.members.end(), aside.members.begin(), aside.members.end());
    }
    if (aside.failure) {
      continue;
    }
    already.emplace_back(format.id);
    builder.find("format.polyglot", Severity::warning,
                 "the same bytes also read as " + std::string(format.title) + " (" + std::string(format.id) +
                     "): two loaders can see two different contents");
  }
}

const Format* promised_by_name(std::string_view path) {
  for (const auto& format : formats::registry()) {
    if (formats::promises(format, path)) {
      return &format;
    }
  }
  return nullptr;
}

/// `.bin` and `.pt` promise several formats at once: any of them will do.
bool name_fits(const Format& primary, std::string_view path) { return formats::promises(primary, path); }

void note_name(const Probe& probe, const Format& primary, model::Builder& builder) {
  const auto* promised = promised_by_name(builder.artifact.path);
  if (promised == nullptr || name_fits(primary, builder.artifact.path)) {
    return;
  }
  const bool readable = primary.reach == Reach::read && primary.id != "raw";
  std::string message = "the name promises " + std::string(promised->title) + ", the content is " +
                        std::string(builder.artifact.format.title.empty() ? primary.title : builder.artifact.format.title);
  std::optional<ByteRange> where;
  if (const auto why = read_aside(*promised, probe, builder).failure; why && !readable) {
    message += "; as " + std::string(promised->id) + " it fails: " + why->message;
    where = ByteRange{why->offset.value_or(0), 0};
  }
  builder.find("format.extension-mismatch", readable ? Severity::warning : Severity::error, message, where);
}

const Format& choose(const Probe& probe) {
  const Format* likely = nullptr;
  for (const auto& format : formats::registry()) {
    const auto claim = format.sniff(probe);
    if (claim == Claim::certain) {
      return format;
    }
    if (claim == Claim::likely && likely == nullptr) {
      likely = &format;
    }
  }
  return likely != nullptr ? *likely : formats::registry().back();
}

}  // namespace

/// A pickle runs for whoever takes the file for one, whether or not the rest of that reading succeeds.
void adopt_pickle(model::Builder& builder, const std::optional<PickleReport>& report) {
  auto& own = builder.artifact.pickle;
  if (report && own) {
    pickle::merge(*own, *report);
  } else if (report) {
    own = report;
  }
}

void read_best(model::Builder& builder) {
  std::optional<Probe> probe;
  try {
    probe.emplace(builder.source(), builder.options());
  } catch (const bytes::ReadError& error) {
    builder.find("container.changed-while-read", Severity::error, error.what(), ByteRange{error.offset(), 0});
    name_format(builder.artifact, *formats::find_format("unknown"));
    return;
  }
  const auto* raw = builder.options().raw ? formats::find_format("raw") : nullptr;
  const auto& primary = raw != nullptr ? *raw : choose(*probe);
  read_as(primary, *probe, builder);
  if (raw == nullptr) {
    note_other_readings(*probe, primary, builder);
    note_name(*probe, primary, builder);
  }
}

void name_gap_contents(model::Builder& builder) {
  for (auto& gap : builder.gap_contents) {
    const bytes::MemorySource source{std::span<const std::byte>(gap.head)};
    const Probe probe(source, builder.options());
    for (const auto& format : formats::registry()) {
      const bool vague = format.id == "text" || format.id == "raw" || format.id == "unknown" || format.id == "empty";
      if (!vague && gap.looks_like.empty() && format.sniff(probe) == Claim::certain) {
        gap.looks_like = format.title;
      }
    }
  }
}

}  // namespace upinspect::inspecting
