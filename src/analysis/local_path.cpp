// SPDX-License-Identifier: Apache-2.0
#include "analysis/local_path.hpp"

#include <algorithm>
#include <array>

namespace upinspect::analysis {

namespace {

constexpr std::size_t k_longest_path = 1024;

/// Folders under which people and machines keep their own files.
constexpr std::array<std::string_view, 16> k_roots{"/home/",  "/Users/",   "/root/",    "/mnt/",     "/media/",   "/content/",
                                                   "/kaggle/", "/workspace/", "/notebooks/", "/scratch/", "/storage/", "/srv/",
                                                   "/data/",   "/tmp/",       "/opt/",       "/Volumes/"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_word(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || static_cast<unsigned char>(c) >= 0x80; }
bool is_slash(char c) { return c == '/' || c == '\\'; }

/// Where a path can begin: at the start, or after what is no part of a name or of a longer path.
bool may_begin(std::string_view text, std::size_t at) {
  return at == 0 || (!is_word(text[at - 1]) && !is_slash(text[at - 1]) && text[at - 1] != ':' && text[at - 1] != '~') ||
         (at >= 3 && text.substr(at - 3, 3) == "://" && text.substr(0, at).ends_with("file://"));
}

/// What stands behind the first separator of a path; all else is told apart only where this holds.
bool may_follow(std::string_view text, std::size_t at) {
  if (at + 1 >= text.size()) {
    return false;
  }
  const auto next = text[at + 1];
  return text[at] == ':' ? is_slash(next) : text[at] == '/' ? is_word(next) : next == '\\';
}

std::string_view slashes(std::string_view text) { return text.substr(0, std::min(text.find_first_not_of("\\/"), text.size())); }

/// C:\name, C:\\name, C:/name
bool is_drive(std::string_view text) {
  if (text.size() < 4 || !is_letter(text[0]) || text[1] != ':' || !is_slash(text[2])) {
    return false;
  }
  const auto run = slashes(text.substr(2));
  const bool forward = run == "/";
  const bool backward = run == "\\" || run == "\\\\";
  return (forward || backward) && text.size() > 2 + run.size() && is_word(text[2 + run.size()]);
}

/// \\server\share, or with each backslash doubled.
bool is_share(std::string_view text) {
  const auto run = slashes(text);
  if (run != "\\\\" && run != "\\\\\\\\") {
    return false;
  }
  const auto rest = text.substr(run.size());
  const auto server = static_cast<std::size_t>(std::find_if_not(rest.begin(), rest.end(), is_word) - rest.begin());
  const auto after = slashes(rest.substr(server));
  return server >= 2 && after.size() == run.size() / 2 && after[0] == '\\' && rest.size() > server + after.size() &&
         is_word(rest[server + after.size()]);
}

bool is_under_root(std::string_view text) {
  return std::any_of(k_roots.begin(), k_roots.end(), [text](std::string_view root) {
    return text.starts_with(root) && text.size() > root.size() && is_word(text[root.size()]);
  });
}

/// Nothing but an absolute path with at least three names.
bool is_whole_path(std::string_view text, std::size_t at) {
  if (at != 0 && text[at - 1] != '"') {
    return false;
  }
  const auto end = std::min(text.find_first_of("\"\n", at), text.size());
  const auto path = text.substr(at, end - at);
  const bool alone = (at == 0 && end == text.size()) || (at > 0 && end < text.size() && text[end] == '"');
  return alone && path.size() > 1 && path[0] == '/' && is_word(path[1]) && std::count(path.begin(), path.end(), '/') >= 3 &&
         path.find_first_of(" ,<>") == std::string_view::npos;
}

/// Up to what cannot stand in a path; spaces can.
std::size_t end_of(std::string_view text, std::size_t at) {
  const auto rest = text.substr(at, k_longest_path);
  const auto stop = std::min(rest.find_first_of("\"'\n\r\t<>|*?"), rest.size());
  return at + std::min(rest.find(", "), stop);
}

std::string with_single_backslashes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    out += text[i];
    i += text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '\\' ? 1U : 0U;
  }
  return out;
}

/// The name after Users or home; the shared folders of a system are nobody's.
std::string user_of(std::string_view path) {
  for (const std::string_view folder : {"\\Users\\", "/Users/", "/home/", "\\home\\", "\\users\\"}) {
    const auto at = path.find(folder);
    if (at != std::string_view::npos) {
      const auto name = path.substr(at + folder.size());
      const auto user = name.substr(0, std::min(name.find_first_of("\\/"), name.size()));
      return user == "Public" || user == "Shared" ? std::string() : std::string(user);
    }
  }
  return {};
}

}  // namespace

std::optional<LocalPath> find_local_path(std::string_view text, std::size_t from) {
  for (auto at = text.find_first_of(":/\\", from); at != std::string_view::npos; at = text.find_first_of(":/\\", at + 1)) {
    const auto begin = text[at] == ':' && at > from ? at - 1 : at;
    const auto rest = text.substr(begin);
    const bool found = may_follow(text, at) && may_begin(text, begin) && (is_drive(rest) || is_share(rest) || is_under_root(rest) || is_whole_path(text, begin));
    if (!found) {
      continue;
    }
    const auto end = end_of(text, begin);
    const auto raw = text.substr(begin, end - begin);
    // A share's own two backslashes stay.
    const bool doubled = raw.find("\\\\", raw.starts_with("\\\\") ? 2 : 0) != std::string_view::npos;
    LocalPath path{doubled ? with_single_backslashes(raw) : std::string(raw), {}, end};
    path.user = user_of(path.path);
    return path;
  }
  return std::nullopt;
}

}  // namespace upinspect::analysis
