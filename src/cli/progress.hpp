// SPDX-License-Identifier: Apache-2.0
// The progress line: on a terminal's stderr only, and only for work that takes more than half a second.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace upinspect::cli {

class Progress {
 public:
  /// `enabled` is false where stderr is no terminal or the user asked for quiet.
  explicit Progress(bool enabled);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Starts the clock for one file.
  void start(std::string name);
  void update(std::uint64_t done, std::uint64_t total);
  /// Wipes the line, before anything else is written to the terminal.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  bool m_enabled;
  bool m_shown = false;
  std::string m_name;
  Clock::time_point m_started;
  Clock::time_point m_drawn;
};

}  // namespace upinspect::cli
