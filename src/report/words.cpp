// SPDX-License-Identifier: Apache-2.0
#include "report/words.hpp"

#include <algorithm>
#include <array>

namespace upinspect::report {
namespace {

struct Prefix {
  std::string_view name;
  std::string_view spoken;
};

/// Longest first, so that "bf16" is no boolean and "uint" no "int".
constexpr std::array<Prefix, 5> k_prefixes = {
    {{"bf", "bfloat"}, {"f", "float"}, {"i", "int"}, {"u", "uint"}, {"c", "complex"}}};

[[nodiscard]] bool all_digits(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string_view word(Severity severity) noexcept {
  switch (severity) {
    case Severity::note: return "note";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
  }
  return "error";
}

std::string_view word(RegionKind kind) noexcept {
  switch (kind) {
    case RegionKind::structure: return "structure";
    case RegionKind::metadata: return "metadata";
    case RegionKind::tensor: return "tensor";
    case RegionKind::payload: return "payload";
    case RegionKind::padding: return "padding";
    case RegionKind::gap: return "gap";
  }
  return "gap";
}

std::string_view word(Packing packing) noexcept { return packing == Packing::stored ? "stored" : "deflated"; }

std::string_view word(ByteOrder order) noexcept { return order == ByteOrder::little ? "little" : "big"; }

std::string_view word(PickleVerdict verdict) noexcept {
  switch (verdict) {
    case PickleVerdict::inert: return "inert";
    case PickleVerdict::unknown: return "unknown";
    case PickleVerdict::dangerous: return "dangerous";
  }
  return "dangerous";
}

std::string_view word(AlphaSource source) noexcept {
  switch (source) {
    case AlphaSource::absent: return "absent";
    case AlphaSource::tensor: return "tensor";
    case AlphaSource::adapter_config: return "adapter_config";
    case AlphaSource::metadata: return "metadata";
  }
  return "absent";
}

std::string_view word(HashVerdict verdict) noexcept {
  switch (verdict) {
    case HashVerdict::matched: return "matched";
    case HashVerdict::mismatched: return "mismatched";
    case HashVerdict::empty_string: return "empty-string";
    case HashVerdict::malformed: return "malformed";
    case HashVerdict::unchecked: return "unchecked";
  }
  return "";
}

std::string_view word(FitVerdict verdict) noexcept {
  switch (verdict) {
    case FitVerdict::fits: return "fits";
    case FitVerdict::missing: return "missing";
    case FitVerdict::ambiguous: return "ambiguous";
    case FitVerdict::wrong_shape: return "wrong-shape";
    case FitVerdict::unknown: return "unknown";
  }
  return "";
}

std::string_view word(Provenance provenance) noexcept {
  switch (provenance) {
    case Provenance::unknown: return "";
    case Provenance::native: return "native";
    case Provenance::upcast_f16: return "upcast-f16";
    case Provenance::upcast_bf16: return "upcast-bf16";
    case Provenance::upcast_f32: return "upcast-f32";
    case Provenance::constant: return "constant";
  }
  return "";
}

std::string spoken_dtype(std::string_view name) {
  for (const auto& prefix : k_prefixes) {
    if (name.starts_with(prefix.name) && all_digits(name.substr(prefix.name.size()))) {
      return std::string(prefix.spoken) + std::string(name.substr(prefix.name.size()));
    }
  }
  return std::string(name);
}

}  // namespace upinspect::report
