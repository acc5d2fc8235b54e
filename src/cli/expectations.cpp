// SPDX-License-Identifier: Apache-2.0
#include "cli/expectations.hpp"

#include "cli/command.hpp"
#include "cli/walk.hpp"
#include "integrity/whole_text.hpp"

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <set>

namespace upinspect::cli {
namespace {

namespace fs = std::filesystem;

bool is_below(const fs::path& file, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first == folder.end();
}

class Gatherer {
 public:
  explicit Gatherer(const ExpectationSources& sources) : m_sources(sources) {}

  [[nodiscard]] std::optional<std::vector<Expectation>> gather() {
    if (m_sources.of_one_file()) {
      return std::vector{of_one_file()};
    }
    if (m_sources.paths.empty() && m_sources.list().empty()) {
      throw ExpectationError("check what? Give PATH, or --lock, --checksums or --hub");
    }
    for (auto& expected : listed()) {
      if (is_asked_for(expected.file)) {
        m_known.insert(plain_path(expected.file));
        m_out.push_back(std::move(expected));
      }
    }
    add_others();
    return m_failed ? std::nullopt : std::optional(std::move(m_out));
  }

 private:
  [[nodiscard]] Expectation of_one_file() const {
    if (m_sources.paths.size() != 1) {
      const auto* option = !m_sources.sha256.empty() ? "--sha256" : !m_sources.lfs_pointer.empty() ? "--lfs-pointer" : !m_sources.autov2.empty() ? "--autov2" : "--autov3";
      throw ExpectationError(std::string(option) + " is of one file: give one PATH");
    }
    auto expected = m_sources.lfs_pointer.empty() ? Expectation() : read_lfs_pointer(m_sources.lfs_pointer);
    expected.sha256 = expected.sha256.empty() ? checked_digest("--sha256", m_sources.sha256, {64}) : expected.sha256;
    expected.autov2 = checked_digest("--autov2", m_sources.autov2, {10});
    expected.autov3 = checked_digest("--autov3", m_sources.autov3, {12, 64});
    expected.path = m_sources.paths[0];
    expected.file = m_sources.paths[0];
    return expected;
  }

  /// Empty where there is none.
  static std::string checked_digest(const char* option, std::string digits, std::initializer_list<std::size_t> lengths) {
    std::string words;
    for (const auto length : lengths) {
      if (digits.empty() || integrity::is_hex(digits, length)) {
        return digits;
      }
      words += (words.empty() ? "" : " or ") + std::to_string(length);
    }
    throw ExpectationError(std::string(option) + ": expected " + words + " hex digits, found \"" + digits + "\"");
  }

  [[nodiscard]] std::vector<Expectation> listed() const {
    if (!m_sources.lock.empty()) {
      return locked();
    }
    if (!m_sources.hub.empty()) {
      return downloaded();
    }
    return m_sources.checksums.empty() ? std::vector<Expectation>() : read_checksums(m_sources.checksums);
  }

  /// Files of a repository lie in the one PATH that is a folder, or beside the answer. Links are followed: the Hub's own
  /// cache is made of them.
  [[nodiscard]] std::vector<Expectation> downloaded() const {
    const bool into_path = m_sources.paths.size() == 1 && fs::is_directory(m_sources.paths[0]);
    const auto folder = into_path ? fs::path(m_sources.paths[0]) : fs::path(m_sources.hub).parent_path();
    auto out = read_hub_answer(m_sources.hub);
    for (auto& expected : out) {
      expected.path = (folder / expected.path).string();
      expected.file = expected.path;
    }
    return out;
  }

  /// Paths as they are told lead from where we are.
  [[nodiscard]] std::vector<Expectation> locked() const {
    const auto folder = fs::path(m_sources.lock).parent_path();
    std::vector<Expectation> out;
    for (auto& file : read_lock(m_sources.lock)) {
      Expectation expected;
      expected.path = (folder / file.path).string();
      expected.file = expected.path;
      expected.size = file.size;
      expected.sha256 = file.sha256;
      expected.within = folder.empty() ? "." : folder.string();
      expected.locked = std::move(file);
      out.push_back(std::move(expected));
    }
    return out;
  }

  [[nodiscard]] bool is_asked_for(const std::string& file) const {
    const auto place = plain_path(file);
    return m_sources.paths.empty() || std::any_of(m_sources.paths.begin(), m_sources.paths.end(),
                                                  [&place](const std::string& path) { return is_below(place, plain_path(path)); });
  }

  /// What lies at the paths and is on no list.
  void add_others() {
    for (const auto& path : m_sources.paths) {
      const bool told = m_known.count(plain_path(path)) != 0;
      m_failed = (!told && !walk_files(path, [this](const std::string& file) { add_other(file); })) || m_failed;
    }
  }

  void add_other(const std::string& path) {
    const auto place = plain_path(path);
    const bool own = !m_sources.list().empty() && place == plain_path(m_sources.list());
    if (own || !m_known.insert(place).second) {
      return;
    }
    Expectation expected;
    expected.path = path;
    expected.file = path;
    expected.listed = m_sources.list().empty();
    m_out.push_back(std::move(expected));
  }

  const ExpectationSources& m_sources;
  std::vector<Expectation> m_out;
  std::set<fs::path> m_known;
  bool m_failed = false;
};

}  // namespace

std::optional<std::vector<Expectation>> gather_expectations(const ExpectationSources& sources) { return Gatherer(sources).gather(); }

}  // namespace upinspect::cli
