// SPDX-License-Identifier: Apache-2.0
// Formats that are recognised and named, not read: what people find in place of the weights they wanted.
#include "bytes/gzip.hpp"
#include "bytes/json_reader.hpp"
#include "formats/format.hpp"
#include "formats/json_code.hpp"
#include "formats/json_text.hpp"
#include "model/named_code.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cctype>

namespace upinspect::formats::named {

namespace {

using namespace std::string_view_literals;

Claim when(bool holds) noexcept { return holds ? Claim::certain : Claim::none; }

/// The head without a byte order mark and leading white space.
std::string_view trimmed(const Probe& probe) noexcept {
  auto text = probe.head();
  if (text.starts_with("\xef\xbb\xbf")) {
    text.remove_prefix(3);
  }
  const auto start = text.find_first_not_of(" \t\r\n");
  return start == std::string_view::npos ? std::string_view() : text.substr(start);
}

bool starts_with_letters(std::string_view text, std::string_view wanted) noexcept {
  return text.size() >= wanted.size() && std::equal(wanted.begin(), wanted.end(), text.begin(), [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
         });
}

bool is_printable_text(std::string_view text, bool whole) noexcept {
  const auto invalid = bytes::find_invalid_utf8(text);
  // The head may end inside a character.
  if (invalid != std::string_view::npos && (whole || invalid + 4 < text.size())) {
    return false;
  }
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f') || byte == 0x7f;
  });
}

bool all_text(const Probe& probe) noexcept {
  return probe.size() > 0 && is_printable_text(probe.head(), probe.size() <= probe.head().size());
}

/// A `key value` line of a Git LFS pointer.
std::string pointer_field(std::string_view text, std::string_view key) {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = std::min(text.find('\n', at), text.size());
    const auto line = text.substr(at, end - at);
    if (line.starts_with(key) && line.substr(key.size()).starts_with(' ')) {
      return std::string(line.substr(key.size() + 1));
    }
    at = end + 1;
  }
  return {};
}

/// A zlib header (RFC 1950) behind which deflate data stand: joblib.dump(compress=...) writes them bare.
bool begins_as_zlib(const Probe& probe) {
  constexpr std::uint64_t k_looked_at = 64;
  const unsigned header = probe.byte(0) * 256U + probe.byte(1);
  if (probe.size() < 8 || (header & 0x8f00U) != 0x0800U || header % 31 != 0 || (header & 0x20U) != 0) {
    return false;
  }
  const ByteRange data{2, probe.size() - 2};
  const auto ended = bytes::unpack_to(probe.source(), data, k_looked_at, [](std::span<const std::byte>) {});
  return ended.state == bytes::InflateState::capped || ended.state == bytes::InflateState::finished;
}

/// Configurations and templates that are files of their own. What Python or prose says is no setting.
void look_at_settings(const Probe& probe, model::Builder& builder) {
  constexpr std::array<std::string_view, 4> k_endings{".yaml", ".yml", ".jinja", ".j2"};
  constexpr std::uint64_t k_searched = std::uint64_t{1} << 20;
  const std::string_view path = builder.artifact.path;
  if (std::none_of(k_endings.begin(), k_endings.end(), [path](std::string_view ending) { return path.ends_with(ending); })) {
    return;
  }
  bytes::Cursor in(probe.source(), ByteRange{0, std::min(probe.size(), k_searched)});
  if (const auto code = model::code_in_text("text", in.text(in.remaining(), "text"))) {
    builder.find(std::string(code->id), code->severity, code->message);
  }
}

void label_all(model::Builder& builder) {
  builder.coverage.label(ByteRange{0, builder.source().size()}, RegionKind::payload, "content (not read)");
}

}  // namespace

Claim sniff_empty(const Probe& probe) noexcept { return when(probe.size() == 0); }
Claim sniff_gzip(const Probe& probe) noexcept { return when(probe.starts_with("\x1f\x8b\x08"sv)); }
Claim sniff_xz(const Probe& probe) noexcept { return when(probe.starts_with("\xfd""7zXZ\0"sv)); }
Claim sniff_zstd(const Probe& probe) noexcept { return when(probe.starts_with("\x28\xb5\x2f\xfd"sv)); }
Claim sniff_bzip2(const Probe& probe) noexcept {
  return when(probe.starts_with("BZh"sv) && (probe.has_at(4, "1AY&SY"sv) || probe.has_at(4, "\x17\x72\x45\x38\x50\x90"sv)));
}
Claim sniff_seven_zip(const Probe& probe) noexcept { return when(probe.starts_with("7z\xbc\xaf\x27\x1c"sv)); }
Claim sniff_rar(const Probe& probe) noexcept { return when(probe.starts_with("Rar!\x1a\x07"sv)); }
Claim sniff_hdf5(const Probe& probe) noexcept {
  constexpr auto k_magic = "\x89HDF\r\n\x1a\n"sv;
  return when(probe.starts_with(k_magic) || probe.has_at(512, k_magic) || probe.has_at(1024, k_magic) ||
              probe.has_at(2048, k_magic));
}
Claim sniff_ggla(const Probe& probe) noexcept { return when(probe.starts_with("algg"sv)); }
Claim sniff_ggml(const Probe& probe) noexcept {
  return when(probe.starts_with("lmgg"sv) || probe.starts_with("fmgg"sv) || probe.starts_with("tjgg"sv));
}
Claim sniff_elf(const Probe& probe) noexcept { return when(probe.starts_with("\x7f""ELF"sv)); }
Claim sniff_pdf(const Probe& probe) noexcept { return when(probe.starts_with("%PDF-"sv)); }
Claim sniff_png(const Probe& probe) noexcept { return when(probe.starts_with("\x89PNG\r\n\x1a\n"sv)); }

Claim sniff_pe(const Probe& probe) noexcept {
  const auto header = probe.le64(0x3c) & 0xffffffff;
  return when(probe.starts_with("MZ"sv) && header >= 0x40 && header < Probe::k_head_bytes &&
              probe.has_at(static_cast<std::size_t>(header), "PE\0\0"sv));
}

/// protobuf: field 1 (ir_version) as a varint of 1 to 20, field 2 (producer_name) as a short printable text, then one of
/// the fields that may follow: producer_version 3, domain 4, model_version 5, doc_string 6, graph 7, opset_import 8.
Claim sniff_onnx(const Probe& probe) noexcept {
  constexpr std::string_view k_next_tags = "\x1a\x22\x28\x32\x3a\x42";
  const bool version = probe.byte(0) == 0x08 && probe.byte(1) >= 1 && probe.byte(1) <= 20 && probe.byte(2) == 0x12;
  const std::size_t length = probe.byte(3);
  if (!version || length == 0 || length > 127 || probe.head().size() <= 4 + length) {
    return Claim::none;
  }
  const auto producer = probe.head().substr(4, length);
  const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
  return when(std::all_of(producer.begin(), producer.end(), printable) &&
              k_next_tags.find(probe.head()[4 + length]) != std::string_view::npos);
}

Claim sniff_git_lfs_pointer(const Probe& probe) noexcept {
  const bool version = probe.starts_with("version https://git-lfs.github.com/spec/v1\n"sv) ||
                       probe.starts_with("version https://hawser.github.com/spec/v1\n"sv);
  return when(version && probe.head().find("\noid ") != std::string_view::npos);
}

Claim sniff_html(const Probe& probe) noexcept {
  const auto text = trimmed(probe);
  const bool page = starts_with_letters(text, "<!doctype html") || starts_with_letters(text, "<html") ||
                    starts_with_letters(text, "<head") || starts_with_letters(text, "<?xml") || starts_with_letters(text, "<error>") ||
                    starts_with_letters(text, "<!doctype");
  return when(page && all_text(probe));
}

Claim sniff_json(const Probe& probe) noexcept {
  const auto text = trimmed(probe);
  if (probe.json_object() != nullptr) {
    return Claim::certain;
  }
  if (text.empty() || text[0] != '[' || probe.size() > longest_json_text(probe.options()) || !all_text(probe)) {
    return Claim::none;
  }
  try {
    std::string whole(static_cast<std::size_t>(probe.size()), '\0');
    probe.source().read_at(0, std::as_writable_bytes(std::span(whole)));
    bytes::require_utf8(whole, 0, "json");
    bytes::JsonReader reader(whole, 0, "json");
    reader.skip();
    reader.expect_end();
    return Claim::certain;
  } catch (...) {
    return Claim::none;
  }
}

Claim sniff_text(const Probe& probe) noexcept { return when(all_text(probe)); }

Claim sniff_unknown(const Probe&) noexcept { return Claim::likely; }

void read_content(const Probe&, model::Builder& builder) { label_all(builder); }

/// Compressed in a way that is not unpacked here: whatever is said of the file is said of its wrapping alone.
void read_opaque(const Probe&, model::Builder& builder) {
  label_all(builder);
  builder.find("container.not-inspected", Severity::error, "what is packed in it was not looked at; it may hold anything");
}

/// What it unpacks to is its one member, by the name that gunzip would give it.
void read_gzip(const Probe&, model::Builder& builder) {
  auto in = builder.cursor();
  std::string name;
  {
    const bytes::Cursor::Structure structure(in, "gzip header");
    name = bytes::read_gzip_header(in);
  }
  builder.coverage.label(ByteRange{in.offset(), in.remaining()}, RegionKind::payload, "gzip data");
  model::MemberClaim claim;
  claim.name = name.empty() ? "the unpacked content" : name;
  claim.packed = ByteRange{0, builder.source().size()};
  claim.packing = model::MemberClaim::Packing::gzip;
  builder.add_member(std::move(claim));
}

void read_empty(const Probe&, model::Builder&) {}

void read_git_lfs_pointer(const Probe& probe, model::Builder& builder) {
  const auto text = probe.head();
  builder.detail("oid", pointer_field(text, "oid"));
  const auto size_text = pointer_field(text, "size");
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(size_text.data(), size_text.data() + size_text.size(), size);
  if (error == std::errc{} && end == size_text.data() + size_text.size()) {
    builder.detail("size", size);
  } else {
    builder.find("container.malformed", Severity::error, "size: expected a decimal number, found \"" + size_text + "\"",
                 ByteRange{text.find("\nsize ") + 1, 0});
  }
  label_all(builder);
}

void read_json(const Probe&, model::Builder& builder) {
  auto in = builder.cursor();
  const auto text = in.text(in.remaining(), "JSON text");
  bytes::JsonReader reader(text, 0, "JSON text");
  if (reader.peek() == bytes::JsonKind::object) {
    Value::Array keys;
    constexpr std::size_t k_listed = 64;
    reader.enter_object();
    std::string key;
    while (reader.next_key(key)) {
      if (keys.size() < k_listed) {
        keys.emplace_back(key);
      }
      look_for_code(reader, key, builder);
    }
    builder.detail("keys", std::move(keys));
  } else {
    look_for_code(reader, {}, builder);
  }
}

void read_html(const Probe& probe, model::Builder& builder) {
  const auto text = probe.head();
  const auto open = text.find("<title>");
  const auto close = text.find("</title>");
  if (open != std::string_view::npos && close != std::string_view::npos && close > open) {
    builder.detail("page_title", std::string(text.substr(open + 7, close - open - 7)));
  }
  // Amazon S3 and what speaks as it does: <Error><Code>AccessDenied</Code>...
  const auto code = text.find("<Code>");
  const auto code_end = text.find("</Code>");
  if (text.find("<Error>") != std::string_view::npos && code != std::string_view::npos && code_end != std::string_view::npos && code_end > code) {
    builder.detail("error_code", std::string(text.substr(code + 6, code_end - code - 6)));
  }
  label_all(builder);
}

void read_text(const Probe& probe, model::Builder& builder) {
  const auto text = probe.head();
  constexpr std::size_t k_shown = 200;
  builder.detail("first_line", std::string(text.substr(0, std::min(text.find('\n'), k_shown))));
  label_all(builder);
  look_at_settings(probe, builder);
  const auto start = trimmed(probe);
  const auto most = longest_json_text(probe.options());
  if (!start.empty() && (start[0] == '{' || start[0] == '[') && probe.size() > most) {
    builder.find("limit.reached", Severity::error,
                 "it begins as JSON does, but is longer than the " + std::to_string(most) + " bytes of JSON that are read" +
                     model::memory_allowed(probe.options().limits.memory));
  }
}

void read_unknown(const Probe& probe, model::Builder& builder) {
  const auto head = probe.head();
  if (!head.empty() && head.size() >= 512 && head.find_first_not_of('\0') == std::string_view::npos) {
    builder.find("container.zero-filled", Severity::warning,
                 "the file starts with " + std::to_string(head.size()) +
                     " zero bytes or more, as a download that failed or a sparse copy does");
  }
  label_all(builder);
  if (begins_as_zlib(probe)) {
    model::MemberClaim claim;
    claim.name = "the unpacked zlib stream";
    claim.packed = ByteRange{0, builder.source().size()};
    claim.packing = model::MemberClaim::Packing::zlib;
    builder.add_member(std::move(claim));
  } else if (probe.starts_with("\x04\x22\x4d\x18"sv) || probe.starts_with("\x5d\0\0"sv)) {
    builder.find("container.not-inspected", Severity::error,
                 "it begins as LZ4 or LZMA data do, as joblib writes them; what is packed in it was not looked at");
  }
}

}  // namespace upinspect::formats::named
