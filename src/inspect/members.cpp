// SPDX-License-Identifier: Apache-2.0
#include "inspect/members.hpp"

#include "bytes/gzip.hpp"
#include "bytes/limit_reached.hpp"
#include "bytes/parse_error.hpp"
#include "bytes/window_source.hpp"
#include "inspect/readings.hpp"
#include "pickle/watcher.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>

namespace upinspect::inspecting {

namespace {

using model::MemberClaim;

constexpr std::size_t k_most_members = 10'000;  // of all levels together
constexpr std::uint64_t k_share_of_a_level = 4;  // a member may claim this part of the memory of the archive around it
constexpr std::string_view k_step = " > ";

/// Tells of the pickles of a member as those of the file.
class Relay final : public pickle::Watcher {
 public:
  Relay(pickle::Watcher& to, std::string way, ByteRange member) : m_to(to), m_way(std::move(way)), m_member(member) {}

  void see(const pickle::Seen& seen) override {
    const auto entry = seen.entry.empty() ? m_way : m_way + std::string(k_step) + std::string(seen.entry);
    m_to.see({seen.stream, seen.start, seen.options, entry, m_member, true});
  }

 private:
  pickle::Watcher& m_to;
  std::string m_way;
  ByteRange m_member;
};

/// That a picture in an archive is no weight file is no news, nor is an empty one. A member's name promises nothing, and what a
/// pickle among others refers to may lie in any of them.
bool is_news(const Finding& finding) {
  constexpr std::array<std::string_view, 7> k_of_files{"container.empty-file", "container.html-page", "container.zero-filled", "format.extension-mismatch",
                                                       "format.not-read",      "format.unknown",      "torch.missing-storage"};
  return finding.severity != Severity::note && std::find(k_of_files.begin(), k_of_files.end(), finding.id) == k_of_files.end();
}

class MemberReader {
 public:
  explicit MemberReader(model::Builder& file) : m_file(file), m_unpacked_left(file.options().limits.memory) {}

  /// The members of an archive that lies `level` archives below the file.
  void members_of(const model::Builder& archive, const std::string& way, unsigned level) {
    if (level == k_most_archive_levels && !archive.members.empty()) {
      not_inspected(way, "its members lie below " + std::to_string(k_most_archive_levels) + " archives within each other, and no more are opened");
      return;
    }
    for (const auto& member : archive.members) {
      m_outermost = level == 0 ? member.packed : m_outermost;
      read(archive, member, way + std::string(k_step) + member.name, level + 1);
    }
    if (archive.members_left_out != 0) {
      not_inspected(way, std::to_string(archive.members_left_out) + " more members; so many are not looked into");
    }
  }

 private:
  void not_inspected(const std::string& way, const std::string& why) {
    m_file.find("container.not-inspected", Severity::error, way + ": not fully inspected: " + why, m_outermost);
  }

  void read(const model::Builder& archive, const MemberClaim& member, const std::string& way, unsigned level) {
    const auto* stop = archive.options().stop;
    if (stop != nullptr && stop->load()) {
      throw Stopped();
    }
    if (!member.unread.empty()) {
      not_inspected(way, "it " + member.unread);
    }
    if (member.packed.length == 0) {
      return;
    }
    if (m_members_left == 0) {
      not_inspected(way, "more than " + std::to_string(k_most_members) + " members are not looked into");
      return;
    }
    --m_members_left;
    if (const auto content = opened(archive, member, way)) {
      read(*content, archive.options(), way, level);
    }
  }

  void read(const bytes::Source& content, InspectOptions options, const std::string& way, unsigned level) {
    options.limits.memory /= k_share_of_a_level;
    model::Builder side(content, options, way);
    side.inside = way;
    std::unique_ptr<Relay> relay;
    if (m_file.pickle_watcher != nullptr) {
      relay = std::make_unique<Relay>(*m_file.pickle_watcher, way, m_outermost);
      side.pickle_watcher = relay.get();
    }
    read_best(side);
    adopt(side, way);
    members_of(side, way, level);
  }

  /// The member's bytes; nothing where none could be unpacked.
  [[nodiscard]] std::unique_ptr<bytes::Source> opened(const model::Builder& archive, const MemberClaim& member, const std::string& way) {
    if (member.packing == MemberClaim::Packing::stored) {
      return std::make_unique<bytes::WindowSource>(archive.source(), member.packed);
    }
    const auto cap = std::min({archive.options().limits.memory / k_share_of_a_level, m_unpacked_left, member.unpacked});
    auto unpacked = unpack(archive.source(), member, cap);
    // What breaks has cost as much as what does not: streams that always go on past the cap must not cost time without end.
    m_unpacked_left -= unpacked.problem.empty() ? unpacked.data.size() : cap;
    if (!unpacked.problem.empty()) {
      not_inspected(way, "it " + unpacked.problem + model::memory_allowed(m_file.options().limits.memory));
    }
    return unpacked.data.empty() ? nullptr : std::make_unique<bytes::MemorySource>(std::move(unpacked.data));
  }

  static bytes::PartlyUnpacked unpack(const bytes::Source& source, const MemberClaim& member, std::uint64_t cap) {
    switch (member.packing) {
      case MemberClaim::Packing::gzip: return bytes::unpack_gzip(source, member.packed, cap);
      case MemberClaim::Packing::zlib: return bytes::unpack_zlib(source, member.packed, cap);
      case MemberClaim::Packing::stored:
      case MemberClaim::Packing::deflated: break;
    }
    return bytes::unpack_partly(source, member.packed, cap);
  }

  void adopt(model::Builder& side, const std::string& way) {
    if (side.artifact.pickle) {
      adopt_globals(*side.artifact.pickle);
    }
    side.close();
    for (const auto& finding : side.artifact.findings) {
      if (is_news(finding)) {
        const auto where = finding.tensor.empty() ? way : way + ": " + finding.tensor;
        m_file.find(finding.id, finding.severity, where + ": " + finding.message, m_outermost);
      }
    }
  }

  /// No loader unpickles a member as a part of the archive: what weights_only says of the file itself stays.
  void adopt_globals(PickleReport& report) {
    auto& own = m_file.artifact.pickle;
    if (!own) {
      own.emplace();
      own->weights_only_reason = "torch.load opens no such archive; its members are judged one by one";
    }
    own->verdict = std::max(own->verdict, report.verdict);
    for (auto& global : report.globals) {
      global.offset = m_outermost.offset;
      m_file.afford(sizeof(global) + global.module.size() + global.name.size() + global.entry.size(), "globals of the archive's members");
      own->globals.push_back(std::move(global));
    }
  }

  model::Builder& m_file;
  std::uint64_t m_unpacked_left;
  std::size_t m_members_left = k_most_members;
  ByteRange m_outermost;
};

}  // namespace

void look_into_members(model::Builder& builder) {
  const auto name = std::filesystem::path(builder.artifact.path).filename().string();
  try {
    MemberReader(builder).members_of(builder, name, 0);
  } catch (const bytes::LimitReached& limit) {
    builder.find("container.not-inspected", Severity::error,
                 name + ": not fully inspected: " + limit.what() + model::memory_allowed(builder.options().limits.memory));
  }
}

}  // namespace upinspect::inspecting
