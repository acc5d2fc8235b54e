// SPDX-License-Identifier: Apache-2.0
#include "cli/walk.hpp"

#include "cli/command.hpp"
#include "upinspect/folder.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
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

/// What a name leads to; a link may lead elsewhere later.
FoundFile named(const std::string& path) {
  struct stat status {};
  FoundFile file{.path = path};
  if (path != "-" && ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
    file.size = static_cast<std::uint64_t>(status.st_size);
  }
  return file;
}

enum class Links : bool { refused, followed };

/// The names in a folder. The folder itself is opened as what it was found to be: not through a link that has taken its
/// place since.
std::vector<fs::path> sorted_entries(const fs::path& folder, Links links, const WalkSink& sink) {
  const int no_links = links == Links::refused ? O_NOFOLLOW : 0;
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | no_links);
  DIR* const stream = descriptor < 0 ? nullptr : ::fdopendir(descriptor);
  std::vector<fs::path> entries;
  errno = stream == nullptr ? errno : 0;
  for (const dirent* entry = nullptr; stream != nullptr && (entry = ::readdir(stream)) != nullptr; errno = 0) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      entries.push_back(folder / name);
    }
  }
  if (errno != 0) {
    const bool replaced = errno == ENOTDIR || errno == ELOOP;
    sink.passed_over(folder.string(), replaced ? "is no longer the folder that it was; not followed"
                                               : std::string("cannot list the folder: ") + std::strerror(errno), true);
  }
  if (stream != nullptr) {
    ::closedir(stream);
  } else if (descriptor >= 0) {
    ::close(descriptor);
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
    auto links = Links::followed;  // what the user names may be a link; what is found may not
    while (!waiting.empty()) {
      const auto folder = std::move(waiting.back());
      waiting.pop_back();
      std::vector<fs::path> below;
      std::error_code error;
      const auto follow = std::exchange(links, Links::refused);
      const bool replaced = follow == Links::refused && fs::is_symlink(fs::symlink_status(folder, error));
      const auto joined = replaced ? std::vector<std::string>() : adapter_files(folder.string());
      m_sink.entered(folder.string());
      if (!joined.empty()) {
        m_sink.adapter(folder.string());
      }
      for (const auto& entry : sorted_entries(folder, follow, m_sink)) {
        if (!std::binary_search(joined.begin(), joined.end(), entry.filename().string())) {
          visit(entry, below);
        }
      }
      m_sink.left();
      waiting.insert(waiting.end(), below.rbegin(), below.rend());
    }
  }

 private:
  void visit(const fs::path& entry, std::vector<fs::path>& below) {
    struct stat status {};
    if (::lstat(entry.c_str(), &status) != 0) {
      m_sink.passed_over(entry.string(), std::strerror(errno), true);
    } else if (S_ISLNK(status.st_mode)) {
      if (stays_inside(entry, m_root)) {
        m_sink.file(named(entry.string()));
      } else {
        m_sink.passed_over(entry.string(), "is a link that leaves the folder or leads to no file; not followed", false);
      }
    } else if (S_ISDIR(status.st_mode)) {
      if (m_descend == Descend::yes) {
        below.push_back(entry);
      }
    } else if (S_ISREG(status.st_mode)) {
      m_sink.file({entry.string(), static_cast<std::uint64_t>(status.st_size), status.st_dev, status.st_ino});
    } else {
      m_sink.passed_over(entry.string(), "is a special file; not opened", false);
    }
  }

  fs::path m_root;
  Descend m_descend;
  const WalkSink& m_sink;
};

}  // namespace

/// A file is opened by its name: what took its place in between is found out afterwards.
bool FoundFile::replaced() const {
  struct stat status {};
  return node != 0 && ::lstat(path.c_str(), &status) == 0 && (status.st_dev != device || status.st_ino != node);
}

void walk(const std::string& path, Descend descend, const WalkSink& sink) {
  std::error_code error;
  if (path != "-" && fs::is_directory(path, error)) {
    Walker(path, descend, sink).run();
  } else {
    sink.file(named(path));
  }
}

bool walk_files(const std::string& path, const std::function<void(const std::string& file)>& tell) {
  bool well = true;
  WalkSink sink;
  sink.file = [&tell](const FoundFile& file) { tell(file.path); };
  sink.adapter = [&tell](const std::string& folder) {
    for (const auto& file : adapter_files(folder)) {
      tell((fs::path(folder) / file).string());
    }
  };
  sink.passed_over = [&well](const std::string& passed, const std::string& why, bool failed) {
    complain(passed, why);
    well = well && !failed;
  };
  walk(path, Descend::yes, sink);
  return well;
}

fs::path plain_path(const fs::path& path) {
  auto whole = fs::absolute(path).lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

}  // namespace upinspect::cli
