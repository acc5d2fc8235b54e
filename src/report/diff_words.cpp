// SPDX-License-Identifier: Apache-2.0
#include "report/diff_words.hpp"

#include "report/heading.hpp"
#include "report/units.hpp"
#include "report/words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace upinspect::report {
namespace {

/// "the lowest bit", "the 3 lowest bits": those that any change touched.
std::string lowest_bits(const Difference& difference) {
  std::size_t bits = 0;
  for (const auto& change : difference.changes) {
    for (std::size_t bit = 0; bit < change.bits.size(); ++bit) {
      bits = change.bits[bit] != 0 ? std::max(bits, bit + 1) : bits;
    }
  }
  return bits <= 1 ? "the lowest bit" : "the " + std::to_string(bits) + " lowest bits";
}

bool any_field(const Difference& difference) {
  return std::any_of(difference.changes.begin(), difference.changes.end(), [](const auto& change) { return change.kind == ChangeKind::bit_field; });
}

std::uint64_t changed_values(const Difference& difference) {
  std::uint64_t sum = 0;
  for (const auto& change : difference.changes) {
    sum = saturating_add(sum, change.changed);
  }
  return sum;
}

std::string bytes_differ(const Difference& difference) {
  return difference.bytes ? thousands(difference.bytes->differing) + (difference.bytes->differing == 1 ? " byte differs" : " bytes differ")
                          : counted(changed_values(difference), "value") + " changed";
}

std::string lsb_sentence(const Difference& difference, const TextStyle& style) {
  const auto& dtype = difference.changes.front().dtype;
  const bool one = std::all_of(difference.changes.begin(), difference.changes.end(), [&dtype](const auto& change) { return change.dtype == dtype; });
  const bool aligned = difference.old_side.format.id == difference.new_side.format.id && difference.old_side.size == difference.new_side.size;
  const auto what = aligned ? bytes_differ(difference) : counted(changed_values(difference), "value") + " changed";
  return "Same shape and dtype; " + what + ", every one in " + lowest_bits(difference) + " of a " + (one ? style.safe(spoken_dtype(dtype)) : "number") +
         (any_field(difference) ? ": somebody wrote into the least significant bits" : "");
}

std::string structure_sentence(const Difference& difference) {
  if (difference.old_side.tensors.empty() && difference.new_side.tensors.empty()) {
    return "No tensors on either side; " + bytes_differ(difference);
  }
  std::string parts;
  const auto add = [&parts](std::size_t count, const char* what) {
    if (count != 0) {
      parts += (parts.empty() ? "" : ", ") + counted(count, "tensor") + " " + what;
    }
  };
  add(difference.added.size(), "added");
  add(difference.removed.size(), "removed");
  add(difference.reshaped.size(), "of another shape or type");
  add(difference.changes.size(), "changed");
  return parts.empty() ? "Some tensors cannot be compared" : "Not the same tensors: " + parts;
}

std::string values_sentence(const Difference& difference) {
  const auto total = difference.changes.size() + difference.tensors_same;
  auto text = counted(difference.changes.size(), "tensor") + " of " + thousands(total) + " changed";
  const auto kind = difference.changes.front().kind;
  const bool one = std::all_of(difference.changes.begin(), difference.changes.end(), [kind](const auto& change) { return change.kind == kind; });
  return one && kind != ChangeKind::mixed ? text + ": " + std::string(word(kind)) : text;
}

}  // namespace

std::string_view word(DiffVerdict verdict) noexcept {
  switch (verdict) {
    case DiffVerdict::identical: return "identical";
    case DiffVerdict::same_tensors: return "same-tensors";
    case DiffVerdict::metadata_only: return "metadata-only";
    case DiffVerdict::same_update: return "same-update";
    case DiffVerdict::lsb_only: return "lsb-only";
    case DiffVerdict::cast: return "cast";
    case DiffVerdict::values: return "values";
    case DiffVerdict::structure: break;
  }
  return "structure";
}

std::string_view word(ChangeKind kind) noexcept {
  switch (kind) {
    case ChangeKind::cast_f16: return "cast-f16";
    case ChangeKind::cast_bf16: return "cast-bf16";
    case ChangeKind::cast_f32: return "cast-f32";
    case ChangeKind::truncation: return "truncation";
    case ChangeKind::scaled: return "scaled";
    case ChangeKind::permuted: return "permuted";
    case ChangeKind::requantised: return "requantised";
    case ChangeKind::training: return "training";
    case ChangeKind::bit_flips: return "bit-flips";
    case ChangeKind::bit_field: return "bit-field";
    case ChangeKind::mixed: break;
  }
  return "mixed";
}

std::string_view word(PayloadStream stream) noexcept {
  switch (stream) {
    case PayloadStream::low_bits: return "low-bits";
    case PayloadStream::xored: return "xor";
    case PayloadStream::change_mask: return "change-mask";
    case PayloadStream::delta_sign: return "delta-sign";
    case PayloadStream::changed_only: return "changed-only";
    case PayloadStream::byte_plane: return "byte-plane";
    case PayloadStream::container: return "container";
    case PayloadStream::planar: break;
  }
  return "planar";
}

std::string_view word(PayloadEvidence evidence) noexcept {
  switch (evidence) {
    case PayloadEvidence::field: return "field";
    case PayloadEvidence::structured: return "structured";
    case PayloadEvidence::known_header: return "known-header";
    case PayloadEvidence::readable: return "readable";
    case PayloadEvidence::proven: break;
  }
  return "proven";
}

std::string_view word(BitOrder order) noexcept { return order == BitOrder::msb ? "msb" : "lsb"; }

std::string verdict_sentence(const Difference& difference, const TextStyle& style) {
  switch (difference.verdict) {
    case DiffVerdict::identical: return "Identical, byte for byte: " + byte_count(difference.new_side.size);
    case DiffVerdict::same_tensors:
      return difference.renamed.empty() ? "The same tensors; only what is around them differs" : "The same tensors under other names";
    case DiffVerdict::metadata_only: return "The same tensors; what is said about them differs";
    case DiffVerdict::same_update: return "Other factors, but the same update: scale x up @ down is equal within rounding";
    case DiffVerdict::lsb_only: return lsb_sentence(difference, style);
    case DiffVerdict::cast:
      return "The same numbers in another precision: " + counted(difference.changes.size(), "tensor") + " rounded or widened";
    case DiffVerdict::values: return values_sentence(difference);
    case DiffVerdict::structure: break;
  }
  return structure_sentence(difference);
}

std::string layout_words(const PayloadLayout& layout, const TextStyle& style) {
  if (layout.stream == PayloadStream::container) {
    return "beside the tensors, at byte " + thousands(layout.start_element) + " of the file (" + style.safe(layout.tensor) + ")";
  }
  auto text = layout.bits == 1 ? fmt::format("bit {}", layout.base_bit) : fmt::format("bits {} to {}", layout.base_bit, layout.base_bit + layout.bits - 1);
  switch (layout.stream) {
    case PayloadStream::xored: text += " of old XOR new"; break;
    case PayloadStream::change_mask: text = "one bit for each value, changed or not"; break;
    case PayloadStream::delta_sign: text = "one bit for each changed value, risen or not"; break;
    case PayloadStream::changed_only: text += " of the changed values alone"; break;
    case PayloadStream::planar: text = "one plane of bytes after the other"; break;
    default: break;
  }
  text += layout.byte_order == BitOrder::msb ? ", first bit highest" : ", first bit lowest";
  if (layout.bits > 1 && layout.field_order != layout.byte_order) {
    text += layout.field_order == BitOrder::msb ? ", each field from its highest bit" : ", each field from its lowest bit";
  }
  if (layout.stride > 1) {
    text += ", every " + thousands(layout.stride) + " values";
  }
  if (layout.character_bits == 7) {
    text += ", seven bits to a character";
  }
  text += layout.reversed ? ", backwards from value " : ", from value ";
  text += thousands(layout.start_element);
  if (!layout.tensor.empty()) {
    text += " of " + style.safe(layout.tensor);
  }
  return layout.tensors > 1 ? text + " on, through " + counted(layout.tensors, "tensor") : text;
}

std::string chance_words(double p) { return p < 1e-300 ? std::string("p < 1e-300") : fmt::format("p = {:.0e}", p); }

}  // namespace upinspect::report
