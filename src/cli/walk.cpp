// SPDX-License-Identifier: Apache-2.0
#include "cli/walk.hpp"

#include "upinspect/folder.hpp"

#include <algorithm>
#include <filesystem>
#include <vector>

namespace upinspect::cli {

namespace {

namespace fs = std::filesystem;

/// True where the link's target is a regular file below `root`.
bool stays_inside(const fs::path& link, const fs::path& root) {
  std::error_code error;
  const auto target = fs::canonical(link, error);
  if (error || !fs::is_regular_file(target, error) || error) {
    return false;
  }
  const auto home = fs::canonical(root, error);
  const auto relative = target.lexically_relative(home);
  return !error && !relative.empty() && *relative.begin() != "..";
}

std::vector<fs::path> sorted_entries(const fs::path& folder, const WalkSink& sink) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    entries.push_back(it->path());
  }
  if (error) {
    sink.passed_over(folder.string(), "cannot list the folder: " + error.message(), true);
  }
  std::sort(entries.begin(), entries.end(),
            [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
  return entries;
}

class Walker {
 public:
  Walker(fs::path root, Descend descend, const WalkSink& sink) : m_root(std::move(root)), m_descend(descend), m_sink(sink) {}

  /// Folders wait on a list, so that a deep tree takes no stack.
  void run() {
    std::vector<fs::path> waiting{m_root};
    while (!waiting.empty()) {
      const auto folder = std::move(waiting.back());
      waiting.pop_back();
      std::vector<fs::path> below;
      const auto joined = adapter_files(folder.string());
      if (!joined.empty()) {
        m_sink.adapter(folder.string());
      }
      for (const auto& entry : sorted_entries(folder, m_sink)) {
        if (!std::binary_search(joined.begin(), joined.end(), entry.filename().string())) {
          visit(entry, below);
        }
      }
      waiting.insert(waiting.end(), below.rbegin(), below.rend());
    }
  }

 private:
  void visit(const fs::path& entry, std::vector<fs::path>& below) {
    std::error_code error;
    const auto status = fs::symlink_status(entry, error);
    if (error) {
      m_sink.passed_over(entry.string(), error.message(), true);
    } else if (fs::is_symlink(status)) {
      if (stays_inside(entry, m_root)) {
        m_sink.file(entry.string());
      } else {
        m_sink.passed_over(entry.string(), "is a link that leaves the folder or leads to no file; not followed", false);
      }
    } else if (fs::is_directory(status)) {
      if (m_descend == Descend::yes) {
        below.push_back(entry);
      }
    } else if (fs::is_regular_file(status)) {
      m_sink.file(entry.string());
    } else {
      m_sink.passed_over(entry.string(), "is a special file; not opened", false);
    }
  }

  fs::path m_root;
  Descend m_descend;
  const WalkSink& m_sink;
};

}  // namespace

void walk(const std::string& path, Descend descend, const WalkSink& sink) {
  std::error_code error;
  if (path != "-" && fs::is_directory(path, error)) {
    Walker(path, descend, sink).run();
  } else {
    sink.file(path);
  }
}

}  // namespace upinspect::cli
