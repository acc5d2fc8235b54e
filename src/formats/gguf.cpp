// SPDX-License-Identifier: Apache-2.0
// GGUF: 'GGUF' | u32 version | i64 tensor count | i64 pair count | pairs | tensor infos | fill | tensor data
//
// Versions 2 and 3. The magic stands as it is; all numbers are in the file's byte order, which the version betrays:
// a small number has its high half empty only in the right one. What is refused and why follows ggml (gguf.cpp).
#include "formats/format.hpp"
#include "formats/gguf_layout.hpp"
#include "formats/gguf_metadata.hpp"

#include <algorithm>

namespace upinspect::formats::gguf {

namespace {

using bytes::ParseError;

constexpr std::string_view k_magic = "GGUF";
constexpr std::string_view k_swapped_magic = "FUGG";
constexpr std::uint32_t k_latest = 3;
// What ggml can hold: SIZE_MAX by the size of its own record.
constexpr std::uint64_t k_most_tensors = 53624256028225440U;
constexpr std::uint64_t k_most_pairs = 209622091746699450U;

struct Header {
  std::uint32_t version = 0;
  std::uint64_t tensors = 0;
  std::uint64_t pairs = 0;
};

void read_magic(Input& input) {
  const auto magic = input.in.text(k_magic.size(), "magic");
  if (magic != k_magic) {
    input.in.fail_at(0, "magic", "invalid magic characters: " + quoted(magic) + ", expected 'GGUF'" +
                                     (magic == k_swapped_magic ? " (byte-swapped as a whole, which no reader takes)" : ""));
  }
}

constexpr std::uint32_t swapped(std::uint32_t value) {
  return value << 24 | (value & 0xff00) << 8 | (value >> 8 & 0xff00) | value >> 24;
}

std::uint32_t read_version(Input& input) {
  const auto at = input.in.offset();
  auto version = input.in.le<std::uint32_t>("version");
  if (version != 0 && (version & 0xffff) == 0) {
    input.order = ByteOrder::big;
    version = swapped(version);
  }
  input.builder.detail("version", version);
  input.builder.detail("byte_order", input.order == ByteOrder::little ? "little" : "big");
  if (version == 0) {
    input.in.fail_at(at, "version", "bad GGUF version: 0");
  }
  if (version == 1) {
    input.in.fail_at(at, "version", "GGUFv1 is no longer supported: its counts and lengths are of another width; convert the model anew");
  }
  if (version > k_latest) {
    input.in.fail_at(at, "version", "this GGUF file is version " + std::to_string(version) +
                                        " but readers only support up to version " + std::to_string(k_latest));
  }
  return version;
}

std::uint64_t read_count(Input& input, std::string_view what, std::uint64_t most) {
  const auto at = input.in.offset();
  const auto count = input.number<std::int64_t>(what);
  if (count < 0 || static_cast<std::uint64_t>(count) > most) {
    input.in.fail_at(at, what, "is " + std::to_string(count) + " but must be in [0, " + std::to_string(most) + "]");
  }
  return static_cast<std::uint64_t>(count);
}

// With nothing counted, nothing confirms that the other byte order is meant.
void note_byte_order(Input& input, const Header& header) {
  if (input.order == ByteOrder::little) {
    return;
  }
  const bool empty = header.tensors == 0 && header.pairs == 0;
  const std::string version = std::to_string(swapped(header.version));
  input.complain("gguf.byte-order", empty ? Severity::error : Severity::warning,
                 empty ? "version " + version + " is extremely large; as a big-endian file it would be version " +
                             std::to_string(header.version) + " with nothing in it: the endianness does not match"
                       : "the file is big-endian; on a little-endian machine ggml reads its version as " + version +
                             " and refuses it",
                 ByteRange{k_magic.size(), sizeof(header.version)});
}

Header read_header(Input& input) {
  Header header;
  const bytes::Cursor::Structure structure(input.in, "header");
  read_magic(input);
  header.version = read_version(input);
  header.tensors = read_count(input, "number of tensors", k_most_tensors);
  header.pairs = read_count(input, "number of key value pairs", k_most_pairs);
  input.builder.detail("tensors", header.tensors);
  input.builder.detail("metadata_entries", header.pairs);
  note_byte_order(input, header);
  return header;
}

std::string text_of(const model::Builder& builder, const std::string& key) {
  const auto* value = builder.artifact.metadata.find(key);
  const auto* text = value != nullptr ? value->if_string() : nullptr;
  return text != nullptr ? *text : std::string();
}

/// Says what the metadata make of the file, in the details and in the title.
void describe(model::Builder& builder, const Header& header) {
  const auto type = text_of(builder, "general.type");
  const auto architecture = text_of(builder, "general.architecture");
  const auto adapter = text_of(builder, "adapter.type");
  for (const auto& [key, text] : {std::pair{"type", type}, {"architecture", architecture}, {"adapter_type", adapter}}) {
    if (!text.empty()) {
      builder.detail(key, text);
    }
  }
  auto& title = builder.artifact.format.title;
  title = "GGUF v" + std::to_string(header.version);
  if (type == "adapter") {
    title += adapter == "lora" ? ", LoRA adapter" : ", adapter";
  } else if (!architecture.empty() || type == "model") {
    title += ", model";
  }
  title += architecture.empty() ? "" : " for " + architecture;
}

std::uint64_t number_of(const model::Builder& builder, const std::string& key) {
  const auto* value = builder.artifact.metadata.find(key);
  const auto* plain = value == nullptr ? nullptr : std::get_if<std::uint64_t>(&value->data);
  const auto* with_sign = value == nullptr ? nullptr : std::get_if<std::int64_t>(&value->data);
  return plain != nullptr ? *plain : with_sign != nullptr && *with_sign > 0 ? static_cast<std::uint64_t>(*with_sign) : 0;
}

/// llama.cpp loads all parts of a model together and holds their counts against one another.
void note_split(model::Builder& builder, std::uint64_t tensors) {
  const auto parts = number_of(builder, "split.count");
  const auto part = number_of(builder, "split.no");
  const auto declared = number_of(builder, "split.tensors.count");
  if (parts < 2) {
    return;
  }
  builder.find("gguf.split", Severity::note,
               "this is part " + std::to_string(part) + ", counted from 0, of " + std::to_string(parts) + ": it has " +
                   std::to_string(tensors) + " of the " + std::to_string(declared) + " tensors that all parts have together");
  if (part >= parts || declared < tensors) {
    builder.find("gguf.split-counts", Severity::warning,
                 "split.no " + std::to_string(part) + ", split.count " + std::to_string(parts) + " and split.tensors.count " +
                     std::to_string(declared) + " do not go together with the " + std::to_string(tensors) + " tensors here");
  }
}

// A count that is only a little too large is read as far as the infos go, because a file cut short tells most so.
void refuse_flood(Input& input, std::uint64_t tensors) {
  constexpr std::uint64_t k_smallest_info = 24;
  const auto most = input.builder.options().limits.tensors;
  if (tensors <= most) {
    return;
  }
  if (tensors > input.in.remaining() / k_smallest_info) {
    input.in.fail("number of tensors", std::to_string(tensors) + " tensor infos cannot lie in the " +
                                           std::to_string(input.in.remaining()) + " bytes left");
  }
  throw LimitReached{input.in.offset(), std::to_string(tensors) + " tensors are more than the " + std::to_string(most) + " that are read"};
}

void read_sections(Input& input) {
  const auto header = read_header(input);
  const auto settings = read_metadata(input, header.pairs);
  describe(input.builder, header);
  note_split(input.builder, header.tensors);
  if (settings.alignment != 0) {
    input.builder.detail("alignment", settings.alignment);
  }
  refuse_flood(input, header.tensors);
  std::vector<TensorInfo> infos;
  try {
    read_tensor_infos(input, header.tensors, infos);
  } catch (...) {
    list_tensors(input, infos);
    throw;
  }
  place_tensors(input, infos, settings.alignment);
}

}  // namespace

Claim sniff(const Probe& probe) noexcept {
  // The swapped magic is text as well: only a version beside it makes it ours.
  const auto version = static_cast<std::uint32_t>(probe.le64(4));
  const bool swapped_whole = probe.starts_with(k_swapped_magic) && std::min(version, swapped(version)) <= 0xff;
  return probe.starts_with(k_magic) || swapped_whole ? Claim::certain : Claim::none;
}

void read(const Probe&, model::Builder& builder) {
  // ggml reads a file's metadata whether its data is there or not.
  builder.unread_severity = Severity::warning;
  Input input(builder);
  try {
    read_sections(input);
  } catch (const LimitReached& limit) {
    input.complain("limit.reached", Severity::error, limit.why, ByteRange{limit.offset, 0});
  } catch (...) {
    input.close_complaints();
    throw;
  }
  input.close_complaints();
}

}  // namespace upinspect::formats::gguf
