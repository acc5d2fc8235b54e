// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.hpp"

#include "cli/process.hpp"
#include "report/escape.hpp"

#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>

namespace upinspect::cli {

namespace {

constexpr auto k_patience = std::chrono::milliseconds(500);
constexpr auto k_redraw = std::chrono::milliseconds(100);

std::size_t columns_of_stderr() {
  struct winsize size {};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string line_text(const std::string& name, double seconds, std::uint64_t done, std::uint64_t total) {
  constexpr double k_mib = 1024.0 * 1024.0;
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  const double left = rate > 0 ? static_cast<double>(total - done) / rate : 0;
  char figures[128];
  const int length = std::snprintf(figures, sizeof figures, "%3.0f %%  %.0f of %.0f MiB  %.0f MiB/s  %.0f s left",
                                   total > 0 ? 100.0 * static_cast<double>(done) / static_cast<double>(total) : 100.0,
                                   static_cast<double>(done) / k_mib, static_cast<double>(total) / k_mib, rate / k_mib, left);
  const std::string numbers(figures, static_cast<std::size_t>(length));
  const auto room = columns_of_stderr() - 1;
  auto shown = report::escape_terminal(name, report::Charset::ascii);
  if (shown.size() + 2 + numbers.size() > room) {
    const auto keep = room > numbers.size() + 5 ? room - numbers.size() - 5 : 0;
    shown = "..." + shown.substr(shown.size() - std::min(keep, shown.size()));
  }
  return (shown + "  " + numbers).substr(0, room);
}

}  // namespace

Progress::Progress(bool enabled) : m_enabled(enabled) {}

void Progress::start(std::string name) {
  m_name = std::move(name);
  m_started = Clock::now();
  m_drawn = m_started;
}

void Progress::update(std::uint64_t done, std::uint64_t total) {
  if (!m_enabled) {
    return;
  }
  const auto now = Clock::now();
  if (now - m_started < k_patience || now - m_drawn < k_redraw) {
    return;
  }
  m_drawn = now;
  m_shown = true;
  const double seconds = std::chrono::duration<double>(now - m_started).count();
  const auto line = "\r\x1b[K" + line_text(m_name, seconds, done, total);
  static_cast<void>(!::write(STDERR_FILENO, line.data(), line.size()));
}

void Progress::clear() {
  if (m_shown) {
    static_cast<void>(!::write(STDERR_FILENO, "\r\x1b[K", 4));
    m_shown = false;
  }
}

}  // namespace upinspect::cli
