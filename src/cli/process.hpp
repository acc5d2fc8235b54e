// SPDX-License-Identifier: Apache-2.0
// The process around a command: signals, the terminal, standard output.
#pragma once

#include <atomic>
#include <exception>
#include <string>
#include <string_view>

namespace upinspect::cli {

/// The reader of our output went away: no error, but nothing is left to do.
struct ClosedPipe : std::exception {};

/// Makes SIGINT and SIGTERM set `stop_requested()` and a closed pipe an error of write(2) rather than a signal.
void prepare_process();

/// Set once the user asked to stop.
[[nodiscard]] const std::atomic<bool>& stop_requested() noexcept;

/// Ends the process as the signal itself would have, so that shells see an interruption. Does not return normally.
int die_of_interrupt();

enum class ColourMode { automatic, always, never };

/// Columns of the terminal on stdout: COLUMNS where it is set, else what the terminal says, else 80.
[[nodiscard]] unsigned terminal_width();
[[nodiscard]] bool is_terminal(int descriptor);
/// True where the locale's character set is UTF-8.
[[nodiscard]] bool locale_is_utf8();
/// Colour on stdout: as asked; where automatic, on a terminal that is not dumb and without NO_COLOR.
[[nodiscard]] bool wants_colour(ColourMode mode);

/// Writes all of `text` to `descriptor`. Throws ClosedPipe, or std::runtime_error where it cannot be written.
void write_all(int descriptor, std::string_view text);

}  // namespace upinspect::cli
