// SPDX-License-Identifier: Apache-2.0
#include "inspect/digests.hpp"

#include "bytes/digest.hpp"
#include "bytes/json_reader.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

namespace upinspect::inspecting {

namespace {

void append_unit(std::string& out, unsigned unit) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "\\u%04x", unit & 0xffffU);
  out += text.data();
}

void append_point(std::string& out, std::uint32_t point) {
  if (point >= 0x10000) {
    append_unit(out, 0xd800 + ((point - 0x10000) >> 10));
    append_unit(out, 0xdc00 + ((point - 0x10000) & 0x3ff));
  } else {
    append_unit(out, point);
  }
}

void append_ascii(std::string& out, char c) {
  static constexpr std::string_view k_special = "\"\\\b\f\n\r\t";
  static constexpr std::string_view k_letters = "\"\\bfnrt";
  if (const auto at = k_special.find(c); at != std::string_view::npos) {
    out += '\\';
    out += k_letters[at];
  } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
    append_unit(out, static_cast<unsigned char>(c));
  } else {
    out += c;
  }
}

std::uint32_t decode(std::string_view sequence) {
  static constexpr std::array<unsigned, 5> k_lead_mask{0, 0x7f, 0x1f, 0x0f, 0x07};
  std::uint32_t point = static_cast<unsigned char>(sequence[0]) & k_lead_mask[sequence.size()];
  for (std::size_t i = 1; i < sequence.size(); ++i) {
    point = (point << 6) | (static_cast<unsigned char>(sequence[i]) & 0x3fU);
  }
  return point;
}

std::size_t sequence_length(unsigned char lead) { return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4; }

std::string line_of(const Tensor& tensor) {
  std::string line = *tensor.digests.sha256 + " " + tensor.dtype_name + " ";
  if (tensor.shape.empty()) {
    line += "scalar";
  }
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    line += (i == 0 ? "" : "x") + std::to_string(tensor.shape[i]);
  }
  return line + " " + ascii_json_string(tensor.name) + "\n";
}

}  // namespace

std::string ascii_json_string(const std::string& text) {
  std::string out = "\"";
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto lead = static_cast<unsigned char>(rest[0]);
    const auto valid = std::min(bytes::find_invalid_utf8(rest.substr(0, 4)), rest.size());
    const auto length = sequence_length(lead);
    if (lead < 0x80) {
      append_ascii(out, rest[0]);
      rest.remove_prefix(1);
    } else if (valid >= length) {
      append_point(out, decode(rest.substr(0, length)));
      rest.remove_prefix(length);
    } else {
      append_unit(out, 0xdc00U + lead);
      rest.remove_prefix(1);
    }
  }
  return out + "\"";
}

std::optional<std::string> content_digest(const Artifact& artifact) {
  std::vector<const Tensor*> sorted;
  for (const auto& tensor : artifact.tensors) {
    if (!tensor.digests.sha256) {
      return std::nullopt;
    }
    sorted.push_back(&tensor);
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const Tensor* a, const Tensor* b) { return a->name < b->name; });
  bytes::Sha256 digest;
  for (const auto* tensor : sorted) {
    const auto line = line_of(*tensor);
    digest.add(std::as_bytes(std::span(line)));
  }
  return digest.hex();
}

}  // namespace upinspect::inspecting
