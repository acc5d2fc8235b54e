// SPDX-License-Identifier: Apache-2.0
// container.unlabelled-bytes: stretches that no reader claims, and what they hold.
#include "analysis/rule.hpp"

#include <algorithm>
#include <cstdio>

namespace upinspect::analysis {

namespace {

constexpr std::size_t k_listed_ranges = 64;

bool is_text(std::byte value) {
  const auto c = std::to_integer<unsigned>(value);
  return (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n' || c == '\r';
}

std::string quote_start(const std::vector<std::byte>& head) {
  constexpr std::size_t k_shown = 40;
  std::string text;
  for (std::size_t i = 0; i < std::min(head.size(), k_shown); ++i) {
    text.push_back(static_cast<char>(head[i]));
  }
  return text;
}

std::string describe(const model::GapContent& gap) {
  if (gap.all_zero) {
    return "all zero";
  }
  std::string text(64, '\0');
  text.resize(static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "entropy %.2f bits per byte", gap.entropy)));
  if (!gap.looks_like.empty()) {
    return text + ", starts like " + gap.looks_like;
  }
  if (std::all_of(gap.head.begin(), gap.head.end(), is_text)) {
    return text + ", text: \"" + quote_start(gap.head) + "\"";
  }
  return text;
}

const model::GapContent* content_of(const model::Builder& builder, ByteRange range) {
  for (const auto& gap : builder.gap_contents) {
    if (gap.range == range) {
      return &gap;
    }
  }
  return nullptr;
}

/// Readers that expect a tail or a prefix have a finding of their own for it, to which the content is added.
Finding* finding_of(model::Builder& builder, ByteRange range) {
  for (auto& finding : builder.artifact.findings) {
    const bool about_extra = finding.id == "container.trailing-data" || finding.id == "container.leading-data";
    if (about_extra && finding.offset == range.offset && finding.length == range.length) {
      return &finding;
    }
  }
  return nullptr;
}

void tell(model::Builder& builder, const Region& region) {
  const auto* content = content_of(builder, region.range);
  const auto holds = content != nullptr ? ": " + describe(*content) : std::string();
  if (auto* earlier = finding_of(builder, region.range)) {
    earlier->message += holds;
    return;
  }
  const bool zero = content != nullptr && content->all_zero;
  builder.find("container.unlabelled-bytes", zero ? Severity::note : Severity::warning,
               std::to_string(region.range.length) + (region.range.length == 1 ? " byte belongs" : " bytes belong") +
                   " to nothing that the format describes" + holds,
               region.range);
}

}  // namespace

void unlabelled_bytes(model::Builder& builder) {
  std::size_t listed = 0;
  std::uint64_t more = 0;
  for (const auto& region : builder.artifact.coverage.regions) {
    if (region.kind != RegionKind::gap) {
      continue;
    }
    if (listed++ < k_listed_ranges) {
      tell(builder, region);
    } else {
      ++more;
    }
  }
  if (more > 0) {
    builder.find("container.unlabelled-bytes", Severity::warning, std::to_string(more) + " more such stretches are not listed");
  }
}

}  // namespace upinspect::analysis
