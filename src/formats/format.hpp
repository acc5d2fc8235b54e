// SPDX-License-Identifier: Apache-2.0
// What a format is: an id, words for it, a sniffer and a reader; and the table of them all.
#pragma once

#include "formats/probe.hpp"
#include "model/builder.hpp"

#include <span>
#include <string_view>

namespace upinspect::formats {

/// How sure a sniffer is: `certain` where the bytes say so themselves, `likely` where they only allow it.
enum class Claim : std::uint8_t { none, likely, certain };

/// Whether the content is read or only named, with what to do about it.
enum class Reach : std::uint8_t { read, named };

struct Format {
  std::string_view id;
  std::string_view title;
  Claim (*sniff)(const Probe&) noexcept;
  /// Reads the source of `builder` as this format. Throws bytes::ParseError where it cannot go on; what it wrote into
  /// the builder until then is kept.
  void (*read)(const Probe&, model::Builder&);
  /// File name endings that promise this format, each with its dot, separated by spaces.
  std::string_view extensions;
  Reach reach = Reach::read;
  /// For formats that are only named: the finding's id, how bad it is in place of weights, and what to do about it.
  std::string_view finding = {};
  Severity severity = Severity::note;
  std::string_view advice = {};
};

/// Every format, in the order in which they are tried: the first claim is the primary reading.
[[nodiscard]] std::span<const Format> registry() noexcept;

[[nodiscard]] const Format* find_format(std::string_view id) noexcept;

/// True where `path` ends in one of the format's extensions (letters of any case).
[[nodiscard]] bool promises(const Format& format, std::string_view path) noexcept;

}  // namespace upinspect::formats
