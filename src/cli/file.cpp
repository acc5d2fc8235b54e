// SPDX-License-Identifier: Apache-2.0
// upinspect file: what is this, is it whole, what is in it?
#include "cli/command.hpp"
#include "cli/fail_on.hpp"
#include "cli/file_reports.hpp"
#include "cli/memory_size.hpp"
#include "cli/process.hpp"
#include "cli/progress.hpp"
#include "cli/raw_layout.hpp"
#include "cli/text_look.hpp"
#include "cli/walk.hpp"
#include "inspect/base_model.hpp"
#include "inspect/ordered_work.hpp"
#include "inspect/small_files.hpp"
#include "inspect/triad_files.hpp"
#include "inspect/workers.hpp"
#include "upinspect/folder.hpp"
#include "upinspect/inspect.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <memory>
#include <unistd.h>

namespace upinspect::cli {

namespace {

struct FileOptions {
  std::vector<std::string> paths;
  RawOptions raw;
  std::string format = "text";
  std::string output;
  std::vector<std::string> reports;
  TextLook look;
  std::string fail_on = "never";
  std::vector<std::string> digests;
  std::string tensor;
  std::string base;
  std::string memory = "1G";
  unsigned jobs = 0;
  bool quick = false;
  bool no_sha256 = false;
  bool recursive = false;
};

void declare(::CLI::App& app, FileOptions& options) {
  app.add_option("path", options.paths, "Files, folders, or - for standard input")->required()->type_name("PATH");
  app.add_flag("--quick", options.quick, "Headers only: no tensor byte is read");
  app.add_flag("-r,--recursive", options.recursive, "Go into subfolders");
  app.add_option("--tensor", options.tensor, "Measure and show only tensors whose name matches")->type_name("GLOB");
  app.add_option("--base", options.base, "Hold adapters against this model: a file, a folder or an index")->type_name("PATH");
  app.add_option("--digest", options.digests, "Also compute: content, adapter or sites")->type_name("KIND")
      ->allow_extra_args(false)->check(::CLI::IsMember({"content", "adapter", "sites"}));
  app.add_flag("--no-sha256", options.no_sha256, "Leave out the file's SHA-256, which takes most of the time");
  options.raw.declare(app);
  app.add_option("--format", options.format, "text, json or ndjson")->type_name("FORMAT")
      ->check(::CLI::IsMember({"text", "json", "ndjson"}));
  app.add_option("-o,--output", options.output, "Write the report here, not to standard output")->type_name("FILE");
  app.add_option("--report", options.reports, "Write another report, such as json=report.json")->type_name("FORMAT=FILE")
      ->allow_extra_args(false);
  options.look.declare(app, "One line for each file", "Everything, nothing cut away");
  app.add_option("--fail-on", options.fail_on, "Exit with 1 at findings of this severity")->type_name("SEVERITY")
      ->check(::CLI::IsMember({"note", "warning", "error", "never"}));
  app.add_option("-j,--jobs", options.jobs, "Threads; 0: one for each core")->type_name("N");
  app.add_option("--max-memory", options.memory, "Most that file content may claim, such as 512M")->type_name("BYTES");
}

/// Files up to this size are read several at a time, each by one thread; a larger one by all threads.
constexpr std::uint64_t k_small_file = std::uint64_t{4} << 20;

/// One run over all paths.
class FileRun {
 public:
  explicit FileRun(const FileOptions& options)
      : m_options(options), m_reports(options.look.style()), m_progress(is_terminal(STDERR_FILENO) && !options.look.quiet),
        m_work(inspecting::workers_for(options.jobs, SIZE_MAX)) {}

  Exit run();

 private:
  void set_up();
  [[nodiscard]] bool open_base();
  void add_reports();
  enum class Kind : std::uint8_t { file, folder };
  void found(const FoundFile& file);
  void alone(const std::string& path, Kind kind);
  void begin_small();
  void in_turn(inspecting::OrderedWork::Tell tell);
  void finish_work();
  template <typename Inspect>
  [[nodiscard]] inspecting::OrderedWork::Tell reading_of(const std::string& path, const Inspect& inspect);
  void tell(Artifact& artifact);
  static void keep_first(Artifact& artifact);
  void fail(const std::string& path, const std::string& why);
  void pass_over(const std::string& path, const std::string& why, bool failed);
  void pass_over_replaced(const std::string& path);
  void drop_unasked(Artifact& artifact) const;
  [[nodiscard]] bool asked(const char* kind) const;

  const FileOptions& m_options;
  InspectOptions m_inspect;
  InspectOptions m_inspect_small;
  FileReports m_reports;
  Progress m_progress;
  std::optional<inspecting::BaseModel> m_base;
  bool m_failed = false;
  bool m_found = false;
  std::vector<FoundFile> m_small;  // found, and not begun
  inspecting::OrderedWork m_work;  // last, so that its threads end first
};

void FileRun::add_reports() {
  m_reports.use_threads(m_options.jobs != 1);
  m_reports.add(m_options.format, m_options.output);
  for (const auto& report : m_options.reports) {
    const auto equals = report.find('=');
    if (equals == std::string::npos || equals + 1 == report.size()) {
      throw ::CLI::ValidationError("--report", "expected FORMAT=FILE, found \"" + report + "\"");
    }
    m_reports.add(report.substr(0, equals), report.substr(equals + 1));
  }
}

void FileRun::set_up() {
  m_inspect.depth = m_options.quick ? Depth::headers : Depth::full;
  m_inspect.sha256 = !m_options.no_sha256;
  m_inspect.tensor_sha256 = asked("content") || asked("adapter");
  m_inspect.site_hashes = asked("sites");
  m_inspect.raw = m_options.raw.layout();
  m_inspect.tensor_glob = m_options.tensor;
  m_inspect.jobs = m_options.jobs;
  m_inspect.limits.memory = memory_size(m_options.memory);
  m_inspect.stop = &stop_requested();
  m_inspect_small = m_inspect;
  m_inspect_small.jobs = 1;
  m_inspect.progress = [this](std::uint64_t done, std::uint64_t total) { m_progress.update(done, total); };
  add_reports();
}

/// Without its base nothing can be said that was asked for.
bool FileRun::open_base() {
  try {
    if (!m_options.base.empty()) {
      m_base.emplace(m_options.base, m_inspect);
    }
    return true;
  } catch (const InputError& error) {
    complain(m_options.base, error.what());
    return false;
  }
}

bool FileRun::asked(const char* kind) const {
  return std::find(m_options.digests.begin(), m_options.digests.end(), kind) != m_options.digests.end();
}

/// Both digests come of the tensors' SHA-256; shown is what was asked for.
void FileRun::drop_unasked(Artifact& artifact) const {
  if (!asked("content")) {
    artifact.digests.content.reset();
  }
  if (artifact.adapter && !asked("adapter")) {
    artifact.adapter->digest.clear();
  }
}

void FileRun::found(const FoundFile& file) {
  if (file.size.value_or(UINT64_MAX) > k_small_file) {
    finish_work();
    alone(file.path, Kind::file);
    if (file.replaced()) {
      pass_over_replaced(file.path);
    }
    return;
  }
  m_small.push_back(file);
  if (m_small.size() == inspecting::SmallFiles::k_together) {
    begin_small();
  }
}

/// Hands the small files that wait to a thread.
void FileRun::begin_small() {
  if (m_small.empty()) {
    return;
  }
  m_work.add([this, files = std::exchange(m_small, {})]() -> inspecting::OrderedWork::Tell {
    std::vector<std::string> paths(files.size());
    std::transform(files.begin(), files.end(), paths.begin(), [](const FoundFile& file) { return file.path; });
    const inspecting::SmallFiles read(paths, m_inspect_small);
    std::vector<inspecting::OrderedWork::Tell> tells;
    for (std::size_t i = 0; i < files.size(); ++i) {
      tells.push_back(reading_of(paths[i], [&read, i] { return read.inspect(i); }));
      if (files[i].replaced()) {
        tells.push_back([this, path = paths[i]] { pass_over_replaced(path); });
      }
    }
    return [tells = std::move(tells)] {
      for (const auto& tell : tells) {
        tell();
      }
    };
  });
}

/// Something to be told when all that was found so far is.
void FileRun::in_turn(inspecting::OrderedWork::Tell tell) {
  begin_small();
  m_work.in_turn(std::move(tell));
}

void FileRun::finish_work() {
  begin_small();
  m_work.finish();
}

/// By all threads.
void FileRun::alone(const std::string& path, Kind kind) {
  m_progress.start(path);
  reading_of(path, [&] {
    return kind == Kind::folder ? inspect_adapter_folder(path, m_inspect)
           : path == "-"        ? inspect_stream(STDIN_FILENO, "-", m_inspect)
                                : inspect_file(path, m_inspect);
  })();
}

/// Inspects, on any thread; what is returned tells of it.
template <typename Inspect>
inspecting::OrderedWork::Tell FileRun::reading_of(const std::string& path, const Inspect& inspect) {
  if (stop_requested()) {
    throw Stopped();
  }
  std::string why;
  try {
    const auto artifact = std::make_shared<Artifact>(inspect());
    if (m_base) {
      m_base->judge(*artifact);
    }
    return [this, artifact] { tell(*artifact); };
  } catch (const InputError& error) {
    why = error.what();
  } catch (const std::bad_alloc&) {
    why = "there is not enough memory to read it; a smaller --max-memory reads less of it";
  }
  return [this, path, why] { fail(path, why); };
}

void FileRun::tell(Artifact& artifact) {
  drop_unasked(artifact);
  m_progress.clear();
  m_reports.artifact(artifact);
  m_found = m_found || any_as_bad(artifact.findings, m_options.fail_on);
  keep_first(artifact);
}

/// The first stays until the process is gone: a hundred thousand tensors would be taken apart one by one for nothing.
void FileRun::keep_first(Artifact& artifact) {
  static Artifact* kept = nullptr;
  if (kept == nullptr) {
    kept = new Artifact(std::move(artifact));
  }
}

void FileRun::fail(const std::string& path, const std::string& why) {
  m_progress.clear();
  complain(path, why);
  m_failed = true;
}

void FileRun::pass_over(const std::string& path, const std::string& why, bool failed) {
  m_progress.clear();
  complain(path, why);
  m_reports.passed_over(path, why);
  m_failed = m_failed || failed;
}

void FileRun::pass_over_replaced(const std::string& path) {
  pass_over(path, "was replaced while it was read; what is told of it may be another file's", true);
}

Exit FileRun::run() {
  set_up();
  if (!open_base()) {
    return Exit::failure;
  }
  WalkSink sink;
  sink.file = [this](const FoundFile& file) { found(file); };
  sink.adapter = [this](const std::string& folder) {
    finish_work();
    alone(folder, Kind::folder);
  };
  sink.entered = [this](const std::string& folder) {
    in_turn([this, folder] { m_reports.enter(folder, inspecting::whole_weights(folder)); });
  };
  sink.left = [this] { in_turn([this] { m_reports.leave(); }); };
  sink.passed_over = [this](const std::string& path, const std::string& why, bool failed) {
    in_turn([this, path, why, failed] { pass_over(path, why, failed); });
  };
  for (const auto& path : m_options.paths) {
    walk(path, m_options.recursive ? Descend::yes : Descend::no, sink);
  }
  finish_work();
  m_reports.finish();
  return m_failed ? Exit::failure : m_found ? Exit::findings : Exit::ok;
}

}  // namespace

std::function<Exit()> add_file(::CLI::App& app) {
  auto options = std::make_shared<FileOptions>();
  declare(app, *options);
  return [options] { return FileRun(*options).run(); };
}

}  // namespace upinspect::cli
