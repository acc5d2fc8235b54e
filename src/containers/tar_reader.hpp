// SPDX-License-Identifier: Apache-2.0
// Walks a tar archive header by header.
#pragma once

#include "containers/finding_log.hpp"
#include "containers/tar.hpp"
#include "containers/tar_header.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace upinspect::containers {

class TarReader {
 public:
  TarReader(const bytes::Source& source, bytes::LabelSink* labels, FindingLog& log, const TarLimits& limits)
      : m_source(source), m_file(source), m_labels(labels), m_log(log), m_limits(limits) {}

  /// Reads to the end of the archive. Throws a ParseError where the first block is no header.
  TarArchive run();

 private:
  /// What extension headers say of the member that follows them. The first to name it wins, as in tarfile.
  struct Pending {
    std::optional<std::string> name;
    std::optional<std::string> link;
    std::optional<std::uint64_t> size;
    std::vector<std::pair<std::string, std::string>> pax;
    std::optional<std::uint64_t> offset;  ///< of the first extension header
  };

  bool step();
  bool refuse_header(std::uint64_t offset, const std::string& why);
  bool take(const TarHeader& header);
  bool take_extension(const TarHeader& header);
  void apply_extension(const TarHeader& header, const std::string& text, std::uint64_t at);
  void apply_pax(const TarHeader& header, const std::string& text, std::uint64_t at);
  void apply_pax_size(const std::string& value, std::uint64_t at);
  void set_once(std::optional<std::string>& field, std::string value, std::uint64_t at);
  bool take_member(const TarHeader& header);
  [[nodiscard]] TarMember member_from(const TarHeader& header);
  [[nodiscard]] std::uint64_t size_of(const TarHeader& header);
  void skip_sparse_map(const TarHeader& header, const std::string& name);
  bool take_data(TarMember& member, std::uint64_t size);
  void take_padding();
  void finish(std::uint64_t zeros);
  void check_after_end(std::uint64_t at);
  void label(ByteRange range, RegionKind kind, std::string_view what);

  const bytes::Source& m_source;
  bytes::Cursor m_file;
  bytes::LabelSink* m_labels;
  FindingLog& m_log;
  const TarLimits& m_limits;
  TarArchive m_archive;
  Pending m_pending;
};

/// Findings on a member's name, kind and link target.
void check_member(const TarMember& member, FindingLog& log);

}  // namespace upinspect::containers
