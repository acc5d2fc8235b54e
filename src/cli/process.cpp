// SPDX-License-Identifier: Apache-2.0
#include "cli/process.hpp"

#include "cli/command.hpp"
#include "convert/new_file.hpp"
#include "report/escape.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <memory>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

namespace upinspect::cli {

namespace {

std::atomic<bool> g_stop{false};
std::atomic<int> g_signal{SIGINT};

/// The first signal asks the work to stop; a second one kills, for whoever asks twice does not want to wait, but not
/// before unfinished output is gone.
extern "C" void note_signal(int number) {
  if (g_stop.load()) {
    convert::remove_temporaries();
    ::signal(number, SIG_DFL);
    ::raise(number);
    return;
  }
  g_signal.store(number);
  g_stop.store(true);
}

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

/// What one list gives back is taken for the next, where by default large ones go back to the system, and each page of the next
/// costs a fault: a quarter of the time that a directory of 100,000 entries takes.
void keep_freed_memory() {
#if defined(__GLIBC__)
  constexpr int k_kept = 1 << 30;
  ::mallopt(M_MMAP_THRESHOLD, k_kept);
  ::mallopt(M_TRIM_THRESHOLD, k_kept);
  ::mallopt(M_TOP_PAD, 1 << 20);
#endif
}

/// The heap's first megabytes come in small pages, of which most runs take a few hundred; whoever needs more gets pages of 2 MiB: a list
/// of 100,000 tensors costs some 30 faults for 13,000. Address space alone is taken here, and none where it is rationed.
void grow_in_large_pages() {
#if defined(__GLIBC__) && defined(MADV_HUGEPAGE)
  constexpr std::size_t k_page = std::size_t{2} << 20;
  constexpr std::size_t k_small = std::size_t{2} << 20;
  constexpr std::size_t k_ahead = std::size_t{128} << 20;
  ::rlimit space{};
  if (::getrlimit(RLIMIT_AS, &space) != 0 || space.rlim_cur != RLIM_INFINITY || ::getrlimit(RLIMIT_DATA, &space) != 0 ||
      space.rlim_cur != RLIM_INFINITY) {
    return;
  }
  void* ahead = std::malloc(k_ahead);
  if (ahead == nullptr) {
    return;
  }
  void* first = static_cast<char*>(ahead) + k_small;
  std::size_t length = k_ahead - k_small;
  if (std::align(k_page, k_page, first, length) != nullptr) {
    ::madvise(first, length / k_page * k_page, MADV_HUGEPAGE);
  }
  std::free(ahead);  // the top of the heap from here on: keep_freed_memory
#endif
}

}  // namespace

void prepare_process() {
  keep_freed_memory();
  grow_in_large_pages();
  struct sigaction action {};
  action.sa_handler = note_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  // A limit on the size of files is an error of write(2), like a full disk.
  ::signal(SIGXFSZ, SIG_IGN);
}

const std::atomic<bool>& stop_requested() noexcept { return g_stop; }

int die_of_interrupt() {
  const int number = g_signal.load();
  ::signal(number, SIG_DFL);
  ::raise(number);
  return 128 + number;
}

unsigned terminal_width() {
  const auto columns = environment("COLUMNS");
  unsigned width = 0;
  const auto [end, error] = std::from_chars(columns.data(), columns.data() + columns.size(), width);
  if (error == std::errc{} && end == columns.data() + columns.size() && width > 0) {
    return width;
  }
  struct winsize size {};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return size.ws_col;
  }
  return 80;
}

bool is_terminal(int descriptor) { return ::isatty(descriptor) == 1; }

bool locale_is_utf8() {
  // The variables rather than setlocale: a bare machine has no locale data, and C.UTF-8 is spelled in several ways.
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const auto value = environment(name);
    if (!value.empty()) {
      return value.find("UTF-8") != std::string_view::npos || value.find("utf8") != std::string_view::npos ||
             value.find("UTF8") != std::string_view::npos || value.find("utf-8") != std::string_view::npos;
    }
  }
  return false;
}

bool wants_colour(ColourMode mode) {
  if (mode != ColourMode::automatic) {
    return mode == ColourMode::always;
  }
  return is_terminal(STDOUT_FILENO) && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
}

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto put = ::write(descriptor, text.data(), text.size());
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put < 0 && errno == EPIPE) {
      throw ClosedPipe();
    }
    if (put < 0) {
      throw std::runtime_error(std::string("cannot write the output: ") + std::strerror(errno));
    }
    text.remove_prefix(static_cast<std::size_t>(put));
  }
}

void complain(std::string_view message) {
  const auto charset = locale_is_utf8() ? report::Charset::utf8 : report::Charset::ascii;
  const auto line = "upinspect: " + report::escape_terminal(message, charset) + "\n";
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void complain(std::string_view path, std::string_view message) {
  complain(std::string(path) + ": " + std::string(message));
}

}  // namespace upinspect::cli
