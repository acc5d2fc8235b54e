// SPDX-License-Identifier: Apache-2.0
// pickle: what pickle.dump and joblib.dump write. A pickle is a program for a small machine that ends with STOP:
//
//   [PROTO version]  since protocol 2      opcodes ...      STOP
//
// Several may stand one after another; pickle.load reads the first. numpy arrays and torch storages are byte strings in
// the stream; joblib's arrays stand between its opcodes. Nothing here is run: see src/pickle.
#include "bytes/checked.hpp"
#include "formats/format.hpp"
#include "formats/joblib_arrays.hpp"
#include "formats/legacy_stream.hpp"
#include "formats/pickled.hpp"
#include "pickle/verdict.hpp"

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace upinspect::formats::pickles {

namespace {

constexpr std::uint64_t k_sniffed_bytes = std::uint64_t{16} << 20;
constexpr std::uint64_t k_sniffed_opcodes = 65536;
constexpr std::uint64_t k_sniffed_pickles = 64;
constexpr std::size_t k_most_pickles = 10'000;
constexpr std::uint8_t k_proto = 0x80;
constexpr std::uint8_t k_newest_protocol = 5;

// --- Sniffing: text, numbers and other formats must not pass for pickles of the protocols without a mark ------------

pickle::Options sniffing_options(std::uint64_t start, std::uint64_t memory) {
  pickle::Options options;
  options.end = bytes::checked_add(start, k_sniffed_bytes).value_or(UINT64_MAX);
  options.limits.opcodes = k_sniffed_opcodes;
  options.limits.memory = std::min(std::uint64_t{64} << 20, memory / 8);
  options.arguments.legacy_strings = pickle::LegacyStrings::latin1;
  return options;
}

bool is_identifier(std::string_view name) {
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.';
         });
}

/// True where the stream calls something whose name could be one in Python.
bool calls_by_name(const pickle::Program& program) {
  return std::any_of(program.globals.begin(), program.globals.end(), [&program](const pickle::GlobalUse& use) {
    const auto& name = program.name_of(use);
    return use.called() && is_identifier(name.module) && is_identifier(name.name);
  });
}

bool left_something(const pickle::Program& program) {
  return std::any_of(program.anomalies.begin(), program.anomalies.end(),
                     [](const pickle::Anomaly& anomaly) { return anomaly.id == "stack-left-over"; });
}

/// True where the looking stopped before the pickle did.
bool goes_on(const pickle::Program& program, const bytes::Source& source) {
  const bool cut = source.size() - program.start > k_sniffed_bytes;
  return program.failure && (program.failure->limit || (program.failure->truncated && cut));
}

Claim sniff_marked(const pickle::Program& program, const bytes::Source& source) {
  constexpr std::uint64_t k_convincing = 3;
  if (program.complete() || goes_on(program, source)) {
    return Claim::certain;
  }
  const bool convincing = program.opcodes >= k_convincing && (program.failure->truncated || !program.globals.empty());
  return convincing ? Claim::certain : program.opcodes >= k_convincing ? Claim::likely : Claim::none;
}

/// True where clean pickles fill the file from `program` on.
bool fill_the_file(const pickle::Program& program, const bytes::Source& source, std::uint64_t memory) {
  auto end = program.end;
  bool clean = program.complete() && !left_something(program);
  for (std::uint64_t i = 1; clean && end < source.size() && i < k_sniffed_pickles; ++i) {
    const auto next = pickle::run(source, end, sniffing_options(end, memory));
    clean = next.complete() && !left_something(next);
    end = next.end;
  }
  return clean && end == source.size();
}

Claim sniff_unmarked(const pickle::Program& program, const bytes::Source& source, std::uint64_t memory) {
  const bool long_and_good = goes_on(program, source) && program.opcodes >= k_sniffed_opcodes;
  const bool certain = calls_by_name(program) || long_and_good || fill_the_file(program, source, memory);
  return certain ? Claim::certain : Claim::none;
}

bool can_begin(std::uint8_t byte) noexcept {
  constexpr std::string_view k_first = "(])}cIJKLMNSTUVXFG\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\x95" "BC";
  return k_first.find(static_cast<char>(byte)) != std::string_view::npos;
}

Claim looks_like_pickle(const bytes::Source& source, std::uint64_t offset, std::uint64_t memory) {
  std::byte lead[2] = {};
  const auto there = std::min<std::uint64_t>(source.size() - offset, 2);
  source.read_at(offset, std::span(lead).first(static_cast<std::size_t>(there)));
  const auto first = std::to_integer<std::uint8_t>(lead[0]);
  const bool marked = first == k_proto && std::to_integer<std::uint8_t>(lead[1]) <= k_newest_protocol;
  if (there < 2 || (!marked && !can_begin(first)) || starts_as_legacy(source)) {
    return Claim::none;
  }
  const auto program = pickle::run(source, offset, sniffing_options(offset, memory));
  return marked ? sniff_marked(program, source) : sniff_unmarked(program, source, memory);
}

// --- Reading --------------------------------------------------------------------------------------------------------

class PickleReader {
 public:
  explicit PickleReader(model::Builder& builder) : m_builder(builder), m_source(builder.source()) {
    m_options = pickle_options(builder.options());
    m_options.arguments.legacy_strings = pickle::LegacyStrings::latin1;
  }

  void read();

 private:
  struct Run {
    std::unique_ptr<JoblibArrays> joblib;
    pickle::Program program;
  };

  [[nodiscard]] Run run_at(std::uint64_t start) const;
  void take(const Run& run, const std::string& prefix);
  void add(const pickle::Program& program, const JoblibArrays& joblib, const std::string& prefix);
  void judge(const pickle::Program& program, const JoblibArrays& joblib);
  void refuse_weights_only();
  [[nodiscard]] std::optional<std::uint64_t> another_behind(std::uint64_t offset) const;
  [[nodiscard]] pickle::Options carrying() const;
  void follow_carried(const pickle::Program& alone, std::uint64_t start);
  void make_unknown();

  model::Builder& m_builder;
  const bytes::Source& m_source;
  pickle::Options m_options;
  std::optional<pickle::Program> m_carried;  ///< the last pickle, as one Unpickler reads all of them
  bool m_joblib = false;
  int m_protocol = 0;
};

/// Where another pickle begins at or behind `offset`: the rules of the sniffer hold for it, not everything behind a STOP is a
/// pickle. Line ends between pickles are passed over, as programs do that write one on a line.
std::optional<std::uint64_t> PickleReader::another_behind(std::uint64_t offset) const {
  constexpr std::uint64_t k_most_line_ends = 64;
  const auto memory = m_builder.options().limits.memory;
  for (auto at = offset; at < m_source.size() && at - offset <= k_most_line_ends; ++at) {
    if (looks_like_pickle(m_source, at, memory) == Claim::certain) {
      return at;
    }
    std::byte byte{};
    m_source.read_at(at, std::span(&byte, 1));
    if (byte != std::byte{'\n'} && byte != std::byte{'\r'}) {
      break;
    }
  }
  return std::nullopt;
}

void PickleReader::judge(const pickle::Program& program, const JoblibArrays& joblib) {
  PickleSetting setting;
  setting.stream = &m_source;
  judge_stream(m_builder, program, setting, program.start, m_options);
  for (const auto& [node, inner] : joblib.inner()) {
    judge_stream(m_builder, pickle::run(m_source, inner.offset, m_options), setting, inner.offset, m_options);
  }
}

void PickleReader::add(const pickle::Program& program, const JoblibArrays& joblib, const std::string& prefix) {
  PickleSetting setting;
  setting.stream = &m_source;
  setting.prefix = prefix;
  setting.inline_arrays = &joblib.arrays();
  setting.inline_pickles = &joblib.inner();
  auto added = add_objects(m_builder, program, setting);
  for (const auto& padding : joblib.padding()) {
    added.inside.push_back(Region{padding, RegionKind::padding, "joblib padding"});
  }
  const auto what = prefix.empty() ? "pickle" : "pickle " + prefix;
  auto from = program.start;
  for (const auto& [node, inner] : joblib.inner()) {
    label_around(m_builder, ByteRange{from, inner.offset - from}, RegionKind::payload, what, added.inside);
    label_around(m_builder, inner, RegionKind::payload, "pickle of Python objects", added.inside);
    from = inner.end();
  }
  label_around(m_builder, ByteRange{from, program.end - from}, RegionKind::payload, what, std::move(added.inside));
}

PickleReader::Run PickleReader::run_at(std::uint64_t start) const {
  Run out;
  out.joblib = std::make_unique<JoblibArrays>(m_source);
  auto options = m_options;
  options.inline_data = [&joblib = *out.joblib](const pickle::Graph& graph, pickle::NodeId object, std::uint64_t offset) {
    return joblib.measure(graph, object, offset);
  };
  out.program = pickle::run(m_source, start, options);
  return out;
}

void PickleReader::take(const Run& run, const std::string& prefix) {
  report_stream(m_builder, run.program, prefix.empty() ? "pickle" : "pickle " + prefix);
  judge(run.program, *run.joblib);
  add(run.program, *run.joblib, prefix);
  m_joblib = m_joblib || !run.joblib->arrays().empty();
  m_protocol = std::max(m_protocol, run.program.protocol);
}

pickle::Options PickleReader::carrying() const {
  auto options = m_options;
  options.keep_memo = true;
  return options;
}

/// True where both fetch the same globals in the same order, and call the same of them.
bool fetch_alike(const pickle::Program& one, const pickle::Program& other) {
  return std::equal(one.globals.begin(), one.globals.end(), other.globals.begin(), other.globals.end(),
                    [&](const pickle::GlobalUse& a, const pickle::GlobalUse& b) {
                      return one.name_of(a) == other.name_of(b) && a.called() == b.called();
                    });
}

/// An Unpickler that is used again keeps its memo: what a pickle takes from it may then be what another one put there.
void PickleReader::follow_carried(const pickle::Program& alone, std::uint64_t start) {
  if (!m_carried || !m_carried->complete()) {
    return;
  }
  m_carried->end = start;
  m_carried = pickle::run_next(std::move(*m_carried), m_source, carrying());
  if (fetch_alike(alone, *m_carried)) {
    return;
  }
  m_builder.find("pickle.carried-memo", Severity::error,
                 "the pickle at offset " + std::to_string(start) + " names other globals where its Unpickler has read those before it; both are judged",
                 ByteRange{start, 0});
  pickle::merge(*m_builder.artifact.pickle, pickle::report(*m_carried, m_source, {true, {}, {}}));
  make_unknown();
}

void PickleReader::make_unknown() {
  auto& verdict = m_builder.artifact.pickle->verdict;
  verdict = std::max(verdict, PickleVerdict::unknown);
}

/// torch.load takes a pickle for a legacy file and wants the magic integer first.
void PickleReader::refuse_weights_only() {
  auto& report = m_builder.artifact.pickle;
  if (report && report->weights_only_loads) {
    report->weights_only_loads = false;
    report->weights_only_reason = "Invalid magic number; corrupt file? (a plain pickle is no file of torch.save)";
    report->weights_only_offset = 0;
  }
}

void PickleReader::read() {
  auto run = run_at(0);
  auto next = run.program.complete() ? another_behind(run.program.end) : std::nullopt;
  take(run, next ? "0" : "");
  if (next && !m_joblib) {
    m_carried = pickle::run(m_source, 0, carrying());
  }
  std::size_t count = 1;
  for (; next && count < k_most_pickles; ++count) {
    run = run_at(*next);
    take(run, std::to_string(count));
    follow_carried(run.program, *next);
    next = run.program.complete() ? another_behind(run.program.end) : std::nullopt;
  }
  if (next) {
    m_builder.find("limit.reached", Severity::error, "more than " + std::to_string(k_most_pickles) + " pickles: the rest was not judged", ByteRange{*next, 0});
    make_unknown();
  }
  const auto end = run.program.end;
  refuse_weights_only();
  m_builder.detail("protocol", m_protocol);
  m_builder.detail("pickles", static_cast<std::uint64_t>(count));
  if (m_joblib) {
    m_builder.artifact.format.title = "joblib pickle";
  }
  if (run.program.complete() && end < m_source.size()) {
    m_builder.find("pickle.trailing-bytes", Severity::warning,
                   std::to_string(m_source.size() - end) + " bytes follow the last STOP; pickle.load does not look at them",
                   ByteRange{end, m_source.size() - end});
  }
}

}  // namespace

Claim sniff(const Probe& probe) noexcept {
  try {
    return looks_like_pickle(probe.source(), 0, probe.options().limits.memory);
  } catch (...) {
    return Claim::none;
  }
}

void read(const Probe&, model::Builder& builder) { PickleReader(builder).read(); }

}  // namespace upinspect::formats::pickles
