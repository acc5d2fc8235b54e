// SPDX-License-Identifier: Apache-2.0
// torch-zip: what torch.save writes since 1.6. A zip archive whose names share a prefix ("archive/", the file's stem):
//
//   P data.pkl       a pickle of the object; storages are persistent ids ('storage', class, key, device, elements)
//   P data/KEY       the bytes of each storage, as the writer's machine orders them
//   P version        decimal text, 3 since 1.6
//   P byteorder      "little" or "big" (2.1 on); without it little
//   P .data/serialization_id, .format_version, .storage_alignment   (2.1, 2.6 on)
//
// torch reads names, sizes and offsets from the central directory and never checks a CRC; here the data pass does.
#include "bytes/inflate.hpp"
#include "formats/format.hpp"
#include "formats/pickled.hpp"
#include "formats/zip_reading.hpp"
#include "pickle/machine.hpp"

#include <algorithm>
#include <array>

namespace upinspect::formats::torch_zip {

namespace {

using containers::ZipEntry;

constexpr std::uint64_t k_small_record = 4096;

class ArchiveReader {
 public:
  ArchiveReader(const ZipReading& zip, model::Builder& builder)
      : m_zip(zip), m_builder(builder), m_prefix(zip.prefix()) {}

  void read();

 private:
  void label_records();
  void note_settings();
  [[nodiscard]] std::string small_record(const std::string& name);
  void run_pickle(const ZipEntry& entry);
  void use_pickle(const pickle::Program& program, PickleSetting setting, std::uint64_t start,
                  const pickle::Options& options);
  [[nodiscard]] std::optional<FoundStorage> find_storage(const pickle::StorageRef& storage);
  void report_unused(const std::map<std::string, StorageUse>& uses);
  [[nodiscard]] const ZipEntry* record(const std::string& name) const { return m_zip.directory().find(m_prefix + name); }
  [[nodiscard]] std::string storage_prefix() const { return m_prefix + "data/"; }

  const ZipReading& m_zip;
  model::Builder& m_builder;
  std::string m_prefix;
  ByteOrder m_order = ByteOrder::little;
};

RegionKind kind_of(const std::string& name, const std::string& prefix) {
  const auto rest = name.starts_with(prefix) ? name.substr(prefix.size()) : name;
  if (rest.starts_with("data/")) {
    return RegionKind::tensor;
  }
  const bool setting = rest == "version" || rest == "byteorder" || rest.starts_with(".");
  return setting ? RegionKind::metadata : RegionKind::payload;
}

void ArchiveReader::label_records() {
  for (const auto& entry : m_zip.directory().entries) {
    const auto kind = kind_of(entry.name, m_prefix);
    label_entry(m_builder, entry, kind, (kind == RegionKind::tensor ? "storage " : "record ") + entry.name);
  }
}

/// A record of a line or two; empty where it is missing or cannot be read, which is a finding then.
std::string ArchiveReader::small_record(const std::string& name) {
  const auto* entry = record(name);
  if (entry == nullptr) {
    return {};
  }
  try {
    const auto bytes = containers::read_entry(m_builder.source(), *entry, k_small_record).data;
    std::string text;
    std::transform(bytes.begin(), bytes.end(), std::back_inserter(text), [](std::byte b) { return static_cast<char>(b); });
    return text;
  } catch (const bytes::ParseError& error) {
    m_builder.find("torch.unreadable-record", Severity::error, entry->name + ": " + error.what(), entry->data);
    return {};
  }
}

std::string trimmed(const std::string& text) {
  const auto end = text.find_last_not_of(" \r\n\t");
  return end == std::string::npos ? std::string() : text.substr(0, end + 1);
}

void ArchiveReader::note_settings() {
  m_builder.detail("prefix", m_prefix);
  if (const auto version = trimmed(small_record("version")); !version.empty()) {
    m_builder.detail("version", version);
  }
  const auto order = small_record("byteorder");
  if (!order.empty()) {
    m_builder.detail("byte_order", order);
    m_order = order == "big" ? ByteOrder::big : ByteOrder::little;
    if (order != "big" && order != "little") {
      m_builder.find("torch.unknown-byteorder", Severity::error,
                     "byteorder: expected \"little\" or \"big\", found \"" + order + "\"", record("byteorder")->data);
    }
  }
  for (const auto* name : {".format_version", ".storage_alignment", ".data/serialization_id"}) {
    if (const auto text = small_record(name); !text.empty()) {
      m_builder.detail(std::string(name).substr(std::string(name).rfind('/') + 1), trimmed(text));
    }
  }
  const auto& entries = m_zip.directory().entries;
  m_builder.detail("records", static_cast<std::uint64_t>(entries.size()));
  const auto rewritten = std::find_if(entries.begin(), entries.end(), [](const ZipEntry& entry) {
    return entry.dos_date != 0 || entry.dos_time != 0;
  });
  if (rewritten != entries.end()) {
    m_builder.find("torch.rewritten-archive", Severity::note,
                   "the archive carries dates, which torch.save does not write: another tool wrote it",
                   ByteRange{rewritten->central_offset, 0});
  }
}

std::optional<FoundStorage> ArchiveReader::find_storage(const pickle::StorageRef& storage) {
  const auto* entry = m_zip.directory().find(storage_prefix() + storage.key);
  if (entry == nullptr || !containers::why_unreadable(*entry).empty()) {
    return std::nullopt;
  }
  FoundStorage found;
  found.packed = entry->data;
  found.packing = entry->method == containers::k_zip_deflated ? Packing::deflated : Packing::stored;
  found.bytes = found.packing == Packing::stored ? entry->data.length : entry->unpacked_size;
  // torch swaps typed storages only: an untyped one counts as bytes.
  found.order = storage.untyped ? ByteOrder::little : m_order;
  found.entry = entry->name;
  return found;
}

void ArchiveReader::report_unused(const std::map<std::string, StorageUse>& uses) {
  for (const auto& entry : m_zip.directory().entries) {
    const bool storage = entry.name.starts_with(storage_prefix());
    if (storage && !uses.contains(entry.name.substr(storage_prefix().size()))) {
      m_builder.find("torch.unreferenced-record", Severity::warning,
                     "the storage record \"" + entry.name + "\" belongs to no tensor", entry.data);
    }
  }
}

void ArchiveReader::use_pickle(const pickle::Program& program, PickleSetting setting, std::uint64_t start,
                               const pickle::Options& options) {
  report_stream(m_builder, program, setting.entry);
  judge_stream(m_builder, program, setting, start, options);
  setting.find_storage = [this](const pickle::StorageRef& storage) { return find_storage(storage); };
  const auto added = add_objects(m_builder, program, setting);
  if (program.complete()) {
    report_uses(m_builder, added.uses);
    report_unused(added.uses);
  }
}

void ArchiveReader::run_pickle(const ZipEntry& entry) {
  auto options = pickle_options(m_builder.options());
  PickleSetting setting;
  setting.entry = entry.name;
  if (entry.method == containers::k_zip_stored) {
    options.end = entry.data.end();
    const auto program = pickle::run(m_builder.source(), entry.data.offset, options);
    setting.stream = &m_builder.source();
    use_pickle(program, setting, entry.data.offset, options);
    if (program.complete() && program.end < entry.data.end()) {
      m_builder.find("pickle.trailing-bytes", Severity::warning,
                     entry.name + ": " + std::to_string(entry.data.end() - program.end) +
                         " bytes follow the pickle's STOP; no reader looks at them",
                     ByteRange{program.end, entry.data.end() - program.end});
    }
    return;
  }
  const auto cap = std::min(m_builder.options().limits.pickle, m_builder.options().limits.memory / 2);
  const bytes::MemorySource unpacked(containers::read_entry(m_builder.source(), entry, cap).data);
  setting.stream = &unpacked;
  setting.unpacked_from = entry.data;
  const auto program = pickle::run(unpacked, 0, options);
  use_pickle(program, setting, 0, options);
}

void ArchiveReader::read() {
  m_zip.replay(m_builder);
  label_records();
  note_settings();
  const auto* data = record("data.pkl");
  if (data == nullptr) {
    m_builder.find("torch.missing-record", Severity::error, "the archive has no " + m_prefix + "data.pkl");
    return;
  }
  if (const auto why = containers::why_unreadable(*data); !why.empty()) {
    m_builder.find("torch.unreadable-record", Severity::error, data->name + ": " + why, data->data);
    return;
  }
  run_pickle(*data);
}

}  // namespace

Claim sniff(const Probe& probe) noexcept {
  try {
    const auto& zip = probe.zip();
    return zip.found() && !zip.prefix().empty() && zip.has("data.pkl") && !zip.has("constants.pkl") ? Claim::certain
                                                                                                    : Claim::none;
  } catch (...) {
    return Claim::none;
  }
}

void read(const Probe& probe, model::Builder& builder) { ArchiveReader(probe.zip(), builder).read(); }

}  // namespace upinspect::formats::torch_zip
