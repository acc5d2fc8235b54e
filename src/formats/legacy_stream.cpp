// SPDX-License-Identifier: Apache-2.0
#include "formats/legacy_stream.hpp"

#include "bytes/parse_error.hpp"
#include "pickle/mapping.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace upinspect::formats {

namespace {

using pickle::Kind;

constexpr std::uint64_t k_longest_magic = 64;
constexpr std::int64_t k_protocol_version = 1001;
constexpr std::size_t k_object = 3;
constexpr std::array<std::string_view, 5> k_parts{"magic pickle", "protocol version", "system info", "object pickle",
                                                  "storage keys"};

/// A storage as the object pickle declares it first: torch makes it then and holds the file to it.
struct Declared {
  std::uint64_t elements = 0;
  std::uint64_t bytes = 0;
};

class LegacyReader {
 public:
  LegacyReader(const bytes::Source& source, ByteRange window, pickle::Options options, bytes::LabelSink* labels)
      : m_source(source), m_options(std::move(options)), m_labels(labels), m_in(source, window, labels) {
    m_options.end = window.end();
  }

  LegacyStream read();

 private:
  bool read_part(std::string_view what);
  bool check_magic();
  bool check_version();
  void note_system();
  bool read_keys();
  void read_storages();
  bool read_storage(const std::string& key, const Declared& declared);
  void find_declared();
  void find(std::string_view id, Severity severity, std::string message, std::uint64_t offset);
  [[nodiscard]] const pickle::Program& last() const { return m_out.parts.back().program; }

  const bytes::Source& m_source;
  pickle::Options m_options;
  bytes::LabelSink* m_labels;
  bytes::Cursor m_in;
  LegacyStream m_out;
  std::map<std::string, Declared> m_declared;
};

void LegacyReader::find(std::string_view id, Severity severity, std::string message, std::uint64_t offset) {
  m_out.findings.push_back(Finding{std::string(id), severity, std::move(message), offset, std::nullopt, {}});
}

/// Runs the next pickle. False where it breaks off, which its Program tells.
bool LegacyReader::read_part(std::string_view what) {
  const auto start = m_in.offset();
  const bool small = what != k_parts[k_object];
  auto options = m_options;
  options.limits.memory /= small ? 8 : 1;  // all five are kept
  m_out.parts.push_back({what, pickle::run(m_source, start, options)});
  const auto& program = last();
  m_in.seek(std::min(program.end, m_in.end()), what);
  m_out.end = m_in.offset();
  if (m_labels != nullptr && program.end > start) {
    m_labels->label(ByteRange{start, program.end - start}, small ? RegionKind::structure : RegionKind::payload, what);
  }
  return program.complete();
}

bool LegacyReader::check_magic() {
  const auto& graph = last().graph;
  if (graph.is(last().root, Kind::big_integer) && graph.text(last().root) == k_legacy_magic) {
    return true;
  }
  find("torch.legacy-magic", Severity::error,
       fmt::format("magic pickle: expected the integer {}; torch refuses it: Invalid magic number; corrupt file?",
                   k_legacy_magic),
       last().start);
  return false;
}

bool LegacyReader::check_version() {
  const auto& graph = last().graph;
  const auto found = graph.integer(last().root);
  if (found == k_protocol_version) {
    return true;
  }
  const auto text = graph.is(last().root, Kind::big_integer) ? std::string(graph.text(last().root).value_or("")) : "";
  const auto shown = found ? std::to_string(*found) : !text.empty() ? text : graph.type_name(last().root);
  find("torch.legacy-version", Severity::error,
       fmt::format("protocol version: expected {}, found {}; torch refuses it: Invalid protocol version",
                   k_protocol_version, shown),
       last().start);
  return false;
}

/// torch reads it and takes no notice: the data is little-endian whoever wrote it. Other readers do take notice.
void LegacyReader::note_system() {
  const auto little = pickle::find_item(last().graph, last().root, "little_endian");
  if (little != pickle::k_no_node && last().graph.integer(little) == 0) {
    find("torch.legacy-big-endian", Severity::note,
         "system info: written on a big-endian machine; the storages are little-endian all the same, as torch reads them",
         last().start);
  }
}

void LegacyReader::find_declared() {
  const auto& graph = m_out.object()->graph;
  for (pickle::NodeId id = 0; id < graph.size(); ++id) {
    if (!pickle::is_storage(graph, id)) {
      continue;
    }
    try {
      const auto storage = pickle::read_storage(graph, id);
      m_declared.try_emplace(storage.key, Declared{storage.elements, storage.bytes});
    } catch (const bytes::ParseError& error) {
      find("torch.malformed-storage", Severity::error, std::string("object pickle: ") + error.what(), error.offset());
    }
  }
}

/// Python's loop takes any sequence of keys.
bool LegacyReader::read_keys() {
  const auto& graph = last().graph;
  const bool sequence = graph.is(last().root, Kind::list) || graph.is(last().root, Kind::tuple);
  if (!sequence) {
    find("torch.legacy-keys", Severity::error,
         fmt::format("storage keys: expected a list of keys, found '{}'", graph.type_name(last().root)), last().start);
    return false;
  }
  for (const auto item : graph.items(last().root)) {
    m_out.listed.push_back(pickle::key_text(graph, item));
  }
  return true;
}

/// False where what follows cannot be found any more.
bool LegacyReader::read_storage(const std::string& key, const Declared& declared) {
  const auto at = m_in.offset();
  constexpr std::uint64_t k_size_field = 8;
  if (m_in.remaining() < k_size_field) {
    find("container.truncated", Severity::error,
         fmt::format("size of storage \"{}\": needs 8 bytes, {} are left", key, m_in.remaining()), at);
    return false;
  }
  const auto elements = m_in.le<std::int64_t>("storage size");
  if (elements < 0 || static_cast<std::uint64_t>(elements) != declared.elements) {
    find("torch.storage-size", Severity::error,
         fmt::format("size of storage \"{}\": {} elements stand here, {} are declared; torch refuses the file: storage "
                     "has wrong byte size",
                     key, elements, declared.elements),
         at);
  }
  const auto there = std::min(declared.bytes, m_in.remaining());
  if (there < declared.bytes) {
    find("container.truncated", Severity::error,
         fmt::format("storage \"{}\": needs {} bytes, {} are left (torch: unexpected EOF, expected {} more bytes)", key,
                     declared.bytes, there, declared.bytes - there),
         m_in.offset());
  }
  m_out.storages[key] = ByteRange{m_in.offset(), there};
  m_in.skip(there, "storage " + key, RegionKind::tensor);
  m_out.end = m_in.offset();
  return there == declared.bytes;
}

void LegacyReader::read_storages() {
  for (const auto& key : m_out.listed) {
    const auto declared = m_declared.find(key);
    if (declared == m_declared.end()) {
      find("torch.unknown-storage-key", Severity::error,
           fmt::format("storage keys: \"{}\" is listed, but no tensor declares it; torch refuses the file", key),
           m_in.offset());
      return;
    }
    if (m_out.storages.contains(key)) {
      find("torch.repeated-storage-key", Severity::warning,
           fmt::format("storage keys: \"{}\" is listed twice; torch keeps the later bytes", key), m_in.offset());
    }
    if (!read_storage(key, declared->second)) {
      return;
    }
  }
}

LegacyStream LegacyReader::read() {
  m_out.end = m_in.offset();
  m_out.parts.reserve(k_parts.size());
  if (!read_part(k_parts[0]) || !check_magic() || !read_part(k_parts[1]) || !check_version() || !read_part(k_parts[2])) {
    return std::move(m_out);
  }
  note_system();
  if (!read_part(k_parts[k_object])) {
    return std::move(m_out);
  }
  find_declared();
  if (read_part(k_parts[4]) && read_keys()) {
    read_storages();
  }
  return std::move(m_out);
}

}  // namespace

const pickle::Program* LegacyStream::object() const {
  return parts.size() > k_object ? &parts[k_object].program : nullptr;
}

bool starts_as_legacy(const bytes::Source& head) {
  pickle::Options options;
  options.end = k_longest_magic;
  options.limits.opcodes = 16;
  const auto program = pickle::run(head, 0, options);
  return program.graph.is(program.root, Kind::big_integer) && program.graph.text(program.root) == k_legacy_magic;
}

LegacyStream read_legacy(const bytes::Source& source, ByteRange window, pickle::Options options, bytes::LabelSink* labels) {
  return LegacyReader(source, window, std::move(options), labels).read();
}

}  // namespace upinspect::formats
