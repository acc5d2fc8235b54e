// SPDX-License-Identifier: Apache-2.0
// upinspect lock: write down what files are, for upinspect check.
#include "cli/command.hpp"
#include "cli/memory_size.hpp"
#include "cli/output.hpp"
#include "cli/process.hpp"
#include "cli/walk.hpp"
#include "inspect/workers.hpp"
#include "report/lock_json.hpp"
#include "upinspect/integrity.hpp"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <map>
#include <memory>

namespace upinspect::cli {
namespace {

namespace fs = std::filesystem;

struct LockArguments {
  std::vector<std::string> paths;
  std::string output;
  std::string memory = "1G";
  unsigned jobs = 0;
};

void declare(::CLI::App& app, LockArguments& options) {
  app.add_option("path", options.paths, "Files and folders, with their subfolders")->required()->type_name("PATH");
  app.add_option("-o,--output", options.output, "Write the lock here, not to standard output; paths are taken from its folder")->type_name("FILE");
  app.add_option("-j,--jobs", options.jobs, "Threads; 0: one for each core")->type_name("N");
  app.add_option("--max-memory", options.memory, "Most that file content may claim, such as 512M")->type_name("BYTES");
}

/// Files by their path from the folder of the lock, which sorts them.
class LockList {
 public:
  explicit LockList(const LockArguments& options) : m_options(options) {
    const bool to_file = !options.output.empty() && options.output != "-";
    m_own = to_file ? plain_path(options.output) : fs::path();
    m_folder = to_file ? m_own.parent_path() : plain_path(".");
  }

  [[nodiscard]] bool gather() {
    for (const auto& path : m_options.paths) {
      m_failed = !walk_files(path, [this](const std::string& file) { add(file); }) || m_failed;
    }
    return !m_failed;
  }

  [[nodiscard]] const std::map<std::string, std::string>& files() const noexcept { return m_files; }

 private:
  void add(const std::string& file) {
    const auto place = plain_path(file);
    if (place == m_own) {
      return;
    }
    const auto from_folder = place.lexically_relative(m_folder).generic_string();
    if (from_folder.empty() || from_folder == "." || from_folder == ".." || from_folder.starts_with("../")) {
      complain(file, "lies outside of the folder of the lock, " + m_folder.string());
      m_failed = true;
      return;
    }
    m_files.emplace(from_folder, file);
  }

  const LockArguments& m_options;
  fs::path m_own;
  fs::path m_folder;
  std::map<std::string, std::string> m_files;
  bool m_failed = false;
};

/// Describes all files on a few threads; false where one cannot be read.
bool describe_all(const LockList& list, const LockArguments& options, std::vector<LockedFile>& out) {
  const std::vector<std::pair<std::string, std::string>> files(list.files().begin(), list.files().end());
  const auto workers = inspecting::workers_for(options.jobs, files.size());
  InspectOptions inspect;
  inspect.jobs = workers > 1 ? 1 : options.jobs;
  inspect.limits.memory = memory_size(options.memory);
  inspect.stop = &stop_requested();
  out.resize(files.size());
  std::vector<std::string> failures(files.size());
  inspecting::run_pieces(files.size(), workers, [&](unsigned, std::size_t index) {
    try {
      out[index] = describe_for_lock(files[index].second, files[index].first, inspect);
    } catch (const InputError& error) {
      failures[index] = error.what();
    }
  });
  bool well = true;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!failures[i].empty()) {
      complain(files[i].second, failures[i]);
      well = false;
    }
  }
  return well;
}

Exit run(const LockArguments& options) {
  LockList list(options);
  std::vector<LockedFile> files;
  if (!list.gather() || !describe_all(list, options, files)) {
    complain("no lock was written");
    return Exit::failure;
  }
  Output output(options.output);
  report::JsonWriter writer([&output](std::string_view piece) { output.write(piece); }, report::JsonLayout::pretty);
  report::write_lock(writer, files);
  output.commit();
  return Exit::ok;
}

}  // namespace

std::function<Exit()> add_lock(::CLI::App& app) {
  auto options = std::make_shared<LockArguments>();
  declare(app, *options);
  return [options] { return run(*options); };
}

}  // namespace upinspect::cli
