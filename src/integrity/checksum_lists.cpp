// SPDX-License-Identifier: Apache-2.0
// What other tools write down of files.
//
// line    = digest " " ( " " | "*" ) name | "\" digest " " ( " " | "*" ) escaped | "SHA256 (" name ") = " digest
// escaped = name with "\\", "\n" and "\r" written out                                       (GNU coreutils 9)
// pointer = "version https://git-lfs.github.com/spec/v1" NL { key " " value NL }            (Git LFS, docs/spec.md)
#include "integrity/whole_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <string_view>

namespace upinspect {

namespace {

constexpr std::uint64_t k_largest_list = std::uint64_t{64} << 20;
constexpr std::uint64_t k_largest_pointer = 1024;  // of the specification

class ChecksumLine {
 public:
  ChecksumLine(std::string_view line, std::string place) : m_line(line), m_place(std::move(place)) {}

  [[nodiscard]] Expectation read() {
    constexpr std::string_view k_bsd = "SHA256 (";
    const bool escaped = !m_line.empty() && m_line.front() == '\\';
    m_line.remove_prefix(escaped ? 1 : 0);
    auto expected = m_line.substr(0, k_bsd.size()) == k_bsd ? bsd(m_line.substr(k_bsd.size())) : plain();
    expected.path = escaped ? unescaped(expected.path) : expected.path;
    expected.file = expected.path;
    if (expected.path.empty() || !integrity::is_sha256(expected.sha256)) {
      refuse();
    }
    return expected;
  }

 private:
  [[nodiscard]] Expectation bsd(std::string_view rest) const {
    constexpr std::string_view k_between = ") = ";
    const auto at = rest.rfind(k_between);
    if (at == std::string_view::npos) {
      refuse();
    }
    return made(rest.substr(0, at), rest.substr(at + k_between.size()));
  }

  [[nodiscard]] Expectation plain() const {
    const auto blank = m_line.find(' ');
    if (blank == std::string_view::npos || blank + 2 > m_line.size() || (m_line[blank + 1] != ' ' && m_line[blank + 1] != '*')) {
      refuse();
    }
    return made(m_line.substr(blank + 2), m_line.substr(0, blank));
  }

  static Expectation made(std::string_view name, std::string_view digest) {
    Expectation expected;
    expected.path = name;
    expected.sha256 = digest;
    return expected;
  }

  [[nodiscard]] std::string unescaped(const std::string& name) const {
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
      if (name[i] != '\\') {
        out += name[i];
        continue;
      }
      const auto next = i + 1 < name.size() ? name[++i] : '\0';
      if (next != '\\' && next != 'n' && next != 'r') {
        refuse();
      }
      out += next == 'n' ? '\n' : next == 'r' ? '\r' : '\\';
    }
    return out;
  }

  [[noreturn]] void refuse() const {
    throw ExpectationError(m_place + ": expected \"<64 hex digits>  <name>\" or \"SHA256 (<name>) = <64 hex digits>\"");
  }

  std::string_view m_line;
  std::string m_place;
};

/// Calls `take` for every line without its end, which may be that of DOS.
template <typename Take>
void for_lines(std::string_view text, const Take& take) {
  constexpr std::string_view k_mark = "\xef\xbb\xbf";
  text.remove_prefix(text.starts_with(k_mark) ? k_mark.size() : 0);
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    line.remove_suffix(line.ends_with('\r') ? 1 : 0);
    take(line, number);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

std::vector<Expectation> read_checksums(const std::string& path) {
  const auto text = integrity::whole_text(path, k_largest_list);
  std::vector<Expectation> expected;
  for_lines(text, [&](std::string_view line, std::size_t number) {
    if (!line.empty() && line.front() != '#') {
      expected.push_back(ChecksumLine(line, path + ": line " + std::to_string(number)).read());
    }
  });
  if (expected.empty()) {
    throw ExpectationError(path + ": holds no checksum");
  }
  return expected;
}

Expectation read_lfs_pointer(const std::string& path) {
  const auto text = integrity::whole_text(path, k_largest_pointer);
  constexpr std::array<std::string_view, 2> k_versions{"https://git-lfs.github.com/spec/v1", "https://hawser.github.com/spec/v1"};
  std::map<std::string, std::string> members;
  for_lines(text, [&members](std::string_view line, std::size_t) {
    const auto blank = line.find(' ');
    if (blank != std::string_view::npos) {
      members.emplace(line.substr(0, blank), line.substr(blank + 1));
    }
  });
  Expectation expected;
  constexpr std::string_view k_kind = "sha256:";
  const auto& oid = members["oid"];
  const auto& size = members["size"];
  expected.sha256 = oid.starts_with(k_kind) ? oid.substr(k_kind.size()) : "";
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), bytes);
  const bool counted = error == std::errc() && end == size.data() + size.size();
  if (std::find(k_versions.begin(), k_versions.end(), members["version"]) == k_versions.end() || !counted || !integrity::is_sha256(expected.sha256)) {
    throw ExpectationError(path + ": is no Git LFS pointer: expected its version, \"oid sha256:<64 hex digits>\" and \"size <bytes>\"");
  }
  expected.size = bytes;
  return expected;
}

}  // namespace upinspect
