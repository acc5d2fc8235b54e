// SPDX-License-Identifier: Apache-2.0
// Every pickle of a file, listed.
#include "analysis/rule.hpp"
#include "bytes/parse_error.hpp"
#include "bytes/source.hpp"
#include "inspect/conduct.hpp"
#include "inspect/members.hpp"
#include "inspect/readings.hpp"
#include "pickle/inner_streams.hpp"
#include "pickle/listing.hpp"
#include "pickle/watcher.hpp"
#include "upinspect/pickle_listing.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace upinspect {

namespace {

// What lists may take, of --max-memory: an opcode is some two hundred bytes, as many as its argument shows and its names.
constexpr std::uint64_t k_memory_of_a_step = 2048;
constexpr std::uint64_t k_memory_of_a_stream = std::uint64_t{64} << 10;
constexpr std::uint64_t k_most_object_lines = 10'000;

class Collector final : public pickle::Watcher {
 public:
  Collector(const PickleListingOptions& options, PickleListing& out)
      : m_steps_left(std::min(options.most_steps, options.inspect.limits.memory / k_memory_of_a_step)),
        m_streams_left(options.inspect.limits.memory / k_memory_of_a_stream),
        m_longest_inner(std::min(pickle::k_longest_inner_stream, options.inspect.limits.memory / 8)),
        m_out(out) {}

  void see(const pickle::Seen& seen) override {
    // Another reading of the same bytes comes by the same pickles.
    const auto place = std::tuple(seen.unpacked_from ? seen.unpacked_from->offset : seen.start, seen.unpacked_from.has_value(),
                                  seen.in_member ? std::pair(std::string(seen.entry), seen.start) : std::pair(std::string(), std::uint64_t{0}));
    if (m_seen.insert(place).second) {
      const Where where{std::string(seen.entry), seen.unpacked_from, std::nullopt};
      const auto program = add(seen.stream, seen.start, seen.options, where);
      add_inner(program.graph, seen.stream, seen.options.limits, where, pickle::k_most_inner_levels);
    }
  }

 private:
  struct Where {
    std::string entry;
    std::optional<ByteRange> unpacked_from;
    std::optional<std::uint64_t> held_at;
  };

  pickle::Program add(const bytes::Source& source, std::uint64_t start, const pickle::Options& options, const Where& where) {
    const bool is_listed = m_streams_left != 0;
    auto listed = pickle::list(source, start, options, {is_listed ? m_steps_left : 0, is_listed ? m_lines_left : 0});
    if (!is_listed) {
      ++m_out.unlisted_streams;
      return std::move(listed.program);
    }
    --m_streams_left;
    m_steps_left -= listed.stream.steps.size();
    m_lines_left -= listed.stream.object.size();
    listed.stream.entry = where.entry;
    listed.stream.unpacked_from = where.unpacked_from;
    listed.stream.held_at = where.held_at;
    m_out.streams.push_back(std::move(listed.stream));
    return std::move(listed.program);
  }

  void add_inner(const pickle::Graph& graph, const bytes::Source& source, const pickle::MachineLimits& limits, Where where, unsigned levels) {
    if (levels == 0) {
      return;
    }
    for (const auto& content : pickle::inner_streams(graph).streams) {
      where.held_at = content.range.offset;
      open(graph, source, content, limits, where, levels - 1);
    }
  }

  void open(const pickle::Graph& graph, const bytes::Source& source, const pickle::BytesRef& content, const pickle::MachineLimits& limits,
            const Where& where, unsigned levels) {
    try {
      const auto bytes = pickle::read_bytes(graph, source, content, m_longest_inner);
      const bytes::MemorySource inner(std::as_bytes(std::span(bytes)));
      pickle::Options options;
      options.limits = limits;
      std::uint64_t next = 0;
      for (unsigned i = 0; i < pickle::k_pickles_of_legacy; ++i) {
        const auto program = add(inner, next, options, where);
        add_inner(program.graph, inner, limits, where, levels);
        if (!program.complete()) {
          break;
        }
        next = program.end;
      }
    } catch (const bytes::ParseError&) {
      // What is no byte string opens no stream; the verdict says so.
    }
  }

  std::uint64_t m_steps_left;
  std::uint64_t m_streams_left;
  std::uint64_t m_lines_left = k_most_object_lines;
  std::uint64_t m_longest_inner;
  PickleListing& m_out;
  std::set<std::tuple<std::uint64_t, bool, std::pair<std::string, std::uint64_t>>> m_seen;
};

}  // namespace

PickleListing list_pickles(const std::string& path, const PickleListingOptions& options) {
  auto reading = options.inspect;
  reading.depth = Depth::full;  // archives behind other bytes are looked for; no tensor is measured
  reading.sha256 = false;
  const bytes::FileSource source(path);
  PickleListing out;
  Collector collector(options, out);
  model::Builder builder(source, reading, path);
  builder.pickle_watcher = &collector;
  inspecting::read_best(builder);
  inspecting::look_into_members(builder);
  builder.artifact.coverage = std::move(builder.coverage).build(source.size(), builder.artifact.tensors);
  analysis::judge(builder);
  builder.close();
  inspecting::sort_findings(builder.artifact.findings);
  out.artifact = std::move(builder.artifact);
  return out;
}

}  // namespace upinspect
