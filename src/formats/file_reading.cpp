// SPDX-License-Identifier: Apache-2.0
#include "formats/file_reading.hpp"

#include "pickle/frames.hpp"
#include "pickle/verdict.hpp"

#include <algorithm>

namespace upinspect::formats {

namespace {

bool crosses_frames(const pickle::Program& program) {
  return std::any_of(program.anomalies.begin(), program.anomalies.end(), [](const pickle::Anomaly& anomaly) {
    return anomaly.id == "frame-crossed" || anomaly.id == "frame-overlap";
  });
}

const char* name_of(PickleVerdict verdict) {
  return verdict == PickleVerdict::inert ? "inert" : verdict == PickleVerdict::unknown ? "unknown" : "dangerous";
}

std::string outcome(const pickle::Program& program, PickleVerdict verdict, const pickle::SplicedSource* spliced) {
  std::string out = name_of(verdict);
  if (program.failure) {
    const auto at = spliced == nullptr ? program.failure->offset : spliced->original(program.failure->offset);
    out += ", and fails at " + std::to_string(at) + ": " + program.failure->message;
  }
  return out;
}

/// The program that a file gives, brought back to the offsets of the stream.
class FileProgram {
 public:
  FileProgram(const PickleSetting& setting, std::uint64_t start, const pickle::Options& options, pickle::FileReading reading)
      : m_lost(reading.lost), m_source(*setting.stream, std::move(reading.lost)), m_program(run(start, options, reading.end)) {}

  [[nodiscard]] PickleReport report() const {
    auto out = pickle::report(m_program, m_source, {});
    for (auto& global : out.globals) {
      global.offset = m_source.original(global.offset);
    }
    return out;
  }

  [[nodiscard]] std::string told(PickleVerdict verdict) const { return outcome(m_program, verdict, &m_source); }
  [[nodiscard]] const std::vector<ByteRange>& lost() const noexcept { return m_lost; }

 private:
  [[nodiscard]] pickle::Program run(std::uint64_t start, pickle::Options options, std::uint64_t end) const {
    options.ignore_frames = true;
    options.end = m_source.spliced(end);
    options.inline_data = nullptr;
    options.observer = nullptr;
    return pickle::run(m_source, start, options);
  }

  std::vector<ByteRange> m_lost;
  pickle::SplicedSource m_source;
  pickle::Program m_program;
};

/// What the stream is from memory alone: that it is ambiguous is told besides.
PickleVerdict verdict_from_memory(const pickle::Program& program, const bytes::Source& stream, std::uint64_t start,
                                  pickle::Options options) {
  options.ignore_frames = true;
  const auto verdict = pickle::judge(pickle::run(stream, start, options), stream);
  return program.complete() ? verdict : std::max(verdict, PickleVerdict::unknown);
}

/// Adds what `report` does not have yet; gives the names of what is new, the worst first.
std::vector<PickleGlobal> adopt(PickleReport& report, const PickleReport& other) {
  std::vector<PickleGlobal> fresh;
  for (const auto& global : other.globals) {
    if (std::find(report.globals.begin(), report.globals.end(), global) == report.globals.end()) {
      fresh.push_back(global);
    }
  }
  report.globals.insert(report.globals.end(), fresh.begin(), fresh.end());
  report.verdict = std::max(report.verdict, other.verdict);
  std::stable_sort(fresh.begin(), fresh.end(), [](const PickleGlobal& a, const PickleGlobal& b) { return a.verdict > b.verdict; });
  return fresh;
}

std::string named(const std::vector<PickleGlobal>& globals) {
  constexpr std::size_t k_shown = 3;
  std::string out;
  for (std::size_t i = 0; i < std::min(globals.size(), k_shown); ++i) {
    const auto& global = globals[i];
    out += (i == 0 ? "; only from a file: " : ", ") + global.module + "." + global.name + (global.called ? " called" : "") + " (at " +
           std::to_string(global.offset) + ")";
  }
  return out + (globals.size() > k_shown ? " and " + std::to_string(globals.size() - k_shown) + " more" : "");
}

}  // namespace

void judge_file_reading(model::Builder& builder, const pickle::Program& program, const PickleSetting& setting,
                        std::uint64_t start, const pickle::Options& options, PickleReport& report) {
  if (!crosses_frames(program)) {
    return;
  }
  const auto& stream = *setting.stream;
  auto reading = pickle::read_as_file(stream, start, std::min(options.end, stream.size()), options.limits.opcodes);
  if (reading.lost.empty()) {
    return;
  }
  const FileProgram other(setting, start, options, std::move(reading));
  const auto second = other.report();
  const auto first_verdict = verdict_from_memory(program, stream, start, options);
  const auto fresh = adopt(report, second);
  const auto& lost = other.lost();
  std::uint64_t bytes = 0;
  for (const auto& range : lost) {
    bytes += range.length;
  }
  // Only what acts is worse than what fails.
  const bool worse = second.verdict == PickleVerdict::dangerous && first_verdict != PickleVerdict::dangerous;
  builder.find("pickle.two-readings", worse ? Severity::error : Severity::warning,
               "CPython reads two programs here: from memory it is " + outcome(program, first_verdict, nullptr) +
                   "; from a file, which loses " + std::to_string(bytes) + " bytes to short frames from " +
                   std::to_string(lost.front().offset) + " on, it is " + other.told(second.verdict) + named(fresh),
               setting.unpacked_from ? std::nullopt : std::optional(lost.front()));
}

}  // namespace upinspect::formats
