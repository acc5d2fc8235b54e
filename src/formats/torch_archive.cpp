// SPDX-License-Identifier: Apache-2.0
#include "formats/torch_archive.hpp"

#include "bytes/inflate.hpp"
#include "bytes/json_reader.hpp"
#include "bytes/parse_error.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace upinspect::formats {

namespace {

using containers::ZipEntry;

constexpr std::uint64_t k_oldest_version = 1;
constexpr std::uint64_t k_newest_version = 10;

bool is_storage_folder(std::string_view rest) {
  return rest.starts_with("data/") || rest.starts_with("constants/") || rest.starts_with("tensors/");
}

RegionKind kind_of(const std::string& name, const std::string& prefix) {
  const auto rest = name.starts_with(prefix) ? name.substr(prefix.size()) : name;
  if (is_storage_folder(rest)) {
    return RegionKind::tensor;
  }
  const bool setting = rest == "version" || rest == "byteorder" || rest.starts_with(".");
  return setting ? RegionKind::metadata : RegionKind::payload;
}

std::string trimmed(const std::string& text) {
  const auto end = text.find_last_not_of(" \r\n\t");
  return end == std::string::npos ? std::string() : text.substr(0, end + 1);
}

/// Reads a number as stoull does: white space and a sign before it, anything after it. Nothing where there is none.
std::optional<std::uint64_t> as_stoull(std::string_view text) {
  const auto start = std::find_if_not(text.begin(), text.end(), [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; });
  text.remove_prefix(static_cast<std::size_t>(start - text.begin()));
  const bool negative = text.starts_with('-');
  text.remove_prefix(negative || text.starts_with('+') ? 1 : 0);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end == text.data()) {
    return std::nullopt;
  }
  return negative ? 0 - value : value;
}

/// Why torch refuses an archive of this version; empty where it does not.
std::string version_problem(const std::string& text) {
  const auto version = as_stoull(text);
  if (!version) {
    return "torch cannot parse it as a number";
  }
  if (*version < k_oldest_version || *version > k_newest_version) {
    return "torch reads versions " + std::to_string(k_oldest_version) + " to " + std::to_string(k_newest_version);
  }
  return {};
}

}  // namespace

const ZipEntry* TorchArchive::record(const std::string& name) {
  const auto* entry = m_lookup.find(m_prefix + name);
  if (entry != nullptr && entry->name != m_prefix + name && m_other_case.insert(name).second) {
    m_other_case_names.insert(entry->name);
    m_builder.find("torch.other-case", Severity::warning,
                   "torch, which ignores case, reads \"" + entry->name + "\" for \"" + m_prefix + name +
                       "\"; others do not find it", ByteRange{entry->central_offset, 0});
  }
  return entry;
}

void TorchArchive::label_records() {
  for (const auto& entry : m_zip.directory().entries) {
    const auto kind = kind_of(entry.name, m_prefix);
    label_entry(m_builder, entry, kind, (kind == RegionKind::tensor ? "storage " : "record ") + entry.name);
  }
}

/// torch takes the first entry's folder for the archive's name and wants every entry in it.
void TorchArchive::check_names() {
  const auto& entries = m_zip.directory().entries;
  if (m_prefix.empty() && !entries.empty()) {
    m_builder.find("torch.no-prefix", Severity::error,
                   "torch refuses the archive: file in archive is not in a subdirectory: " + entries.front().name,
                   ByteRange{entries.front().central_offset, 0});
    return;
  }
  const auto garbled = std::find_if(entries.begin(), entries.end(), [](const ZipEntry& entry) {
    return bytes::find_invalid_utf8(entry.name) != std::string_view::npos;
  });
  if (garbled != entries.end()) {
    m_builder.find("torch.name-encoding", Severity::error,
                   "torch, which reads all names as UTF-8, refuses the archive: 'utf-8' codec can't decode \"" + garbled->name + "\"",
                   ByteRange{garbled->central_offset, 0});
  }
  const auto outside = std::find_if(entries.begin(), entries.end(),
                                    [this](const ZipEntry& entry) { return !entry.name.starts_with(m_prefix); });
  if (outside != entries.end()) {
    m_builder.find("torch.outside-prefix", Severity::error,
                   "torch refuses the archive: file in archive is not in a subdirectory " + m_prefix + ": " + outside->name,
                   ByteRange{outside->central_offset, 0});
  }
}

/// `.data/version` wins over `version`.
void TorchArchive::check_version() {
  const std::string name = record(".data/version") != nullptr ? ".data/version" : "version";
  const auto* entry = record(name);
  if (entry == nullptr) {
    if (m_zip.directory().salvaged) {
      return;  // what is lost with the directory has been said
    }
    m_builder.find("torch.missing-record", Severity::error,
                   "the archive has no " + m_prefix + "version; torch refuses it: Expected hasRecord(\"version\") to be true");
    return;
  }
  const auto text = content(name);
  m_builder.detail("version", trimmed(text));
  if (const auto why = version_problem(text); !why.empty()) {
    m_builder.find("torch.version", Severity::error, name + ": \"" + trimmed(text) + "\": " + why, entry->data);
  } else if (trimmed(text).find_first_not_of("0123456789") != std::string::npos) {
    m_builder.find("torch.version-spelling", Severity::warning,
                   name + ": \"" + trimmed(text) + "\" is no plain number; torch reads the digits it begins with", entry->data);
  }
}

std::string TorchArchive::content(const std::string& name, std::uint64_t most) {
  const auto* entry = record(name);
  if (entry == nullptr) {
    return {};
  }
  try {
    const auto bytes = containers::read_entry(m_builder.source(), *entry, most).data;
    std::string text;
    std::transform(bytes.begin(), bytes.end(), std::back_inserter(text), [](std::byte b) { return static_cast<char>(b); });
    return text;
  } catch (const bytes::ParseError& error) {
    m_builder.find("torch.unreadable-record", Severity::error, entry->name + ": " + error.what(), entry->data);
    return {};
  }
}

std::vector<std::string> TorchArchive::names_in(const std::string& folder) const {
  std::vector<std::string> out;
  for (const auto& entry : m_zip.directory().entries) {
    if (entry.name.starts_with(m_prefix + folder)) {
      out.push_back(entry.name.substr(m_prefix.size()));
    }
  }
  return out;
}

void TorchArchive::note_settings() {
  const auto order = content("byteorder");
  if (!order.empty()) {
    m_builder.detail("byte_order", order);
    m_order = order == "big" ? ByteOrder::big : ByteOrder::little;
    if (order != "big" && order != "little") {
      m_builder.find("torch.unknown-byteorder", Severity::error,
                     "byteorder: expected \"little\" or \"big\", found \"" + order + "\"", record("byteorder")->data);
    }
  }
  for (const std::string name : {".format_version", ".storage_alignment", ".data/serialization_id"}) {
    if (const auto text = content(name); !text.empty()) {
      m_builder.detail(name.substr(name.rfind('/') + 1), trimmed(text));
    }
  }
  const auto& entries = m_zip.directory().entries;
  m_builder.detail("records", static_cast<std::uint64_t>(entries.size()));
  const auto rewritten = std::find_if(entries.begin(), entries.end(), [](const ZipEntry& entry) {
    return entry.dos_date != 0 || entry.dos_time != 0;
  });
  if (rewritten != entries.end()) {
    m_builder.find("torch.rewritten-archive", Severity::note,
                   "the archive carries dates, which torch does not write: another tool wrote it",
                   ByteRange{rewritten->central_offset, 0});
  }
}

/// torch.load looks at the first four bytes, and miniz counts from the first one.
void TorchArchive::check_start() {
  const auto& directory = m_zip.directory();
  if (!m_zip.at_start()) {
    m_builder.find("torch.leading-data", Severity::error,
                   "torch takes the file for a pickle by its first bytes and refuses it: invalid load key", ByteRange{0, 0});
  } else if (directory.prefix_bytes != 0) {
    m_builder.find("torch.leading-data", Severity::error,
                   "torch counts offsets from the start of the file, finds no directory there and refuses it: invalid header "
                   "or archive is corrupted", ByteRange{0, directory.prefix_bytes});
  }
}

/// miniz knows one disk, which it calls 0 or 1.
void TorchArchive::check_disks() {
  const auto& directory = m_zip.directory();
  const bool first = directory.disk == 0 && directory.directory_disk == 0;
  const bool second = directory.disk == 1 && directory.directory_disk == 1;
  const auto stray = std::find_if(directory.entries.begin(), directory.entries.end(), [&](const ZipEntry& entry) {
    return entry.disk != directory.disk && entry.disk != 1;
  });
  if ((!first && !second) || stray != directory.entries.end()) {
    m_builder.find("torch.multidisk", Severity::error, "torch refuses the archive: unsupported multidisk archive",
                   ByteRange{directory.end_offset, 0});
  }
}

void TorchArchive::begin() {
  m_zip.replay(m_builder);
  check_start();
  check_disks();
  label_records();
  check_names();
  m_builder.detail("prefix", m_prefix);
  check_version();
  note_settings();
  check_serialization_id();
}

std::optional<FoundStorage> TorchArchive::find_storage(const std::vector<std::string>& folders, const std::string& key) {
  for (const auto& folder : folders) {
    const auto* entry = record(folder + key);
    if (entry == nullptr) {
      continue;
    }
    m_used.insert(entry->name);
    if (!containers::why_unreadable(*entry).empty()) {
      continue;
    }
    FoundStorage found;
    found.packed = entry->data;
    found.packing = entry->method == containers::k_zip_deflated ? Packing::deflated : Packing::stored;
    found.bytes = found.packing == Packing::stored ? entry->data.length : entry->unpacked_size;
    found.order = m_order;
    found.entry = entry->name;
    return found;
  }
  return std::nullopt;
}

std::string TorchArchive::why_missing(const std::vector<std::string>& folders, const std::string& key) {
  for (const auto& folder : folders) {
    if (const auto* entry = record(folder + key)) {
      return " cannot be read: its record " + entry->name + " " + containers::why_unreadable(*entry);
    }
  }
  return " is not in the file";
}

void TorchArchive::report_unused(const std::vector<std::string>& folders) {
  if (!m_complete) {
    return;
  }
  for (const auto& entry : m_zip.directory().entries) {
    const bool storage = std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
      return entry.name.starts_with(m_prefix + folder);
    });
    if (storage && !m_used.contains(entry.name)) {
      m_builder.find("torch.unreferenced-record", Severity::warning,
                     "the storage record \"" + entry.name + "\" belongs to no tensor", entry.data);
      claim_entry(m_builder, entry);
    }
  }
}

/// torch.save never packs. torch.load unpacks, but its mmap=True (2.1 on) takes a record's bytes as they lie in the file.
void TorchArchive::report_packed() {
  const auto& entries = m_zip.directory().entries;
  const auto is_packed = [this](const ZipEntry& entry) {
    return entry.method == containers::k_zip_deflated && entry.name.starts_with(m_prefix + "data/");
  };
  const auto first = std::find_if(entries.begin(), entries.end(), is_packed);
  if (first != entries.end()) {
    m_builder.find("torch.packed-storage", Severity::note,
                   std::to_string(std::count_if(first, entries.end(), is_packed)) + " storages are deflated, the first is \"" + first->name +
                       "\": torch.load unpacks them, torch.load(mmap=True) takes the packed bytes for elements", first->data);
  }
}

void TorchArchive::report_unknown() {
  constexpr std::array<std::string_view, 8> k_read{"data.pkl", "version", "byteorder", ".format_version", ".storage_alignment",
                                                   ".data/serialization_id", ".data/version", ""};
  constexpr std::size_t k_listed = 16;
  std::size_t found = 0;
  for (const auto& entry : m_zip.directory().entries) {
    // What lies outside of the prefix is an error of its own, what lies in a folder of storages has an owner or not.
    const auto rest = entry.name.starts_with(m_prefix) ? std::string_view(entry.name).substr(m_prefix.size()) : std::string_view();
    const bool known = std::find(k_read.begin(), k_read.end(), rest) != k_read.end() || rest.starts_with("data/");
    if (!known || !entry.name.starts_with(m_prefix)) {
      claim_entry(m_builder, entry);
    }
    if (!known && !m_other_case_names.contains(entry.name) && found++ < k_listed) {
      m_builder.find("torch.unknown-record", Severity::warning, "\"" + entry.name + "\" is no record of torch's: no loader reads it",
                     entry.data);
    }
  }
  if (found > k_listed) {
    m_builder.find("torch.unknown-record", Severity::warning, std::to_string(found - k_listed) + " more records like this are not listed");
  }
}

void TorchArchive::claim_extra() {
  constexpr std::array<std::string_view, 9> k_read{"data.pkl", "constants.pkl", "bytecode.pkl", "version", "byteorder", "model.json",
                                                   ".data/version", ".data/serialization_id", ".storage_alignment"};
  for (const auto& entry : m_zip.directory().entries) {
    const bool inside = entry.name.starts_with(m_prefix);
    const auto rest = inside ? std::string_view(entry.name).substr(m_prefix.size()) : std::string_view(entry.name);
    const bool code = rest.starts_with("code/") && (rest.ends_with(".py") || rest.ends_with(".debug_pkl"));
    const bool known = code || std::find(k_read.begin(), k_read.end(), rest) != k_read.end() || is_storage_folder(rest);
    if (!inside || !known) {
      claim_entry(m_builder, entry);
    }
  }
}

void TorchArchive::use(const pickle::Program& program, PickleSetting setting, std::uint64_t start,
                       const pickle::Options& options, const PickleRecord& wanted) {
  report_stream(m_builder, program, setting.entry);
  judge_stream(m_builder, program, setting, start, options);
  setting.prefix = wanted.called;
  setting.only_storages = true;
  setting.partial = m_zip.directory().partial;
  setting.find_storage = [this, &wanted](const pickle::StorageRef& storage) {
    auto found = find_storage(wanted.folders, storage.key);
    if (found && storage.untyped) {
      found->order = ByteOrder::little;  // torch swaps typed storages only
    }
    return found;
  };
  setting.why_missing = [this, &wanted](const pickle::StorageRef& storage) { return why_missing(wanted.folders, storage.key); };
  const auto added = add_objects(m_builder, program, setting);
  report_uses(m_builder, added.uses);
  m_complete = m_complete && program.complete() && !added.malformed;
}

void TorchArchive::run(const ZipEntry& entry, const PickleRecord& wanted) {
  auto options = pickle_options(m_builder.options());
  PickleSetting setting;
  setting.entry = entry.name;
  const auto observed = [&wanted](pickle::Options plain) {
    plain.observer = wanted.observer;
    return plain;
  };
  if (entry.method == containers::k_zip_stored) {
    options.end = entry.data.end();
    const auto program = pickle::run(m_builder.source(), entry.data.offset, observed(options));
    setting.stream = &m_builder.source();
    use(program, setting, entry.data.offset, options, wanted);
    const bool whole = containers::why_unreadable(entry).empty();
    if (whole && program.complete() && program.end < entry.data.end()) {
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
  use(pickle::run(unpacked, 0, observed(options)), setting, 0, options, wanted);
}

void TorchArchive::read_pickle(const PickleRecord& wanted) {
  const auto* entry = record(wanted.name);
  if (entry == nullptr) {
    m_complete = false;
    m_builder.find("torch.missing-record", Severity::error, "the archive has no " + m_prefix + wanted.name);
    return;
  }
  judge_rivals(*entry);
  if (const auto why = containers::why_unreadable(*entry); !why.empty()) {
    const bool end_not_sought = m_zip.directory().partial && !entry->size_known;
    if (!end_not_sought) {
      m_complete = false;
      m_builder.find("torch.unreadable-record", Severity::error, entry->name + ": " + why, entry->data);
    }
    // A stored pickle that breaks off still names tensors, and has acted up to there.
    if (entry->method != containers::k_zip_stored || entry->data.length == 0) {
      return;
    }
  }
  run(*entry, wanted);
}

}  // namespace upinspect::formats
