// SPDX-License-Identifier: Apache-2.0
// Every pickle of a file, listed.
#include "analysis/rule.hpp"
#include "bytes/parse_error.hpp"
#include "bytes/source.hpp"
#include "inspect/conduct.hpp"
#include "inspect/readings.hpp"
#include "pickle/listing.hpp"
#include "pickle/stored_bytes.hpp"
#include "pickle/watcher.hpp"
#include "upinspect/pickle_listing.hpp"

#include <set>
#include <tuple>

namespace upinspect {

namespace {

constexpr unsigned k_most_levels = 4;
constexpr unsigned k_pickles_of_legacy = 5;  // magic, version, system, object, keys
constexpr std::uint64_t k_longest_inner_stream = std::uint64_t{256} << 20;

class Collector final : public pickle::Watcher {
 public:
  Collector(std::uint64_t most, std::vector<PickleStream>& out) : m_left(most), m_out(out) {}

  void see(const pickle::Seen& seen) override {
    // Another reading of the same bytes comes by the same pickles.
    const auto place = std::tuple(seen.unpacked_from ? seen.unpacked_from->offset : seen.start, seen.unpacked_from.has_value());
    if (!m_seen.insert(place).second) {
      return;
    }
    const auto listed = add(seen.stream, seen.start, seen.options);
    m_out.back().entry = seen.entry;
    m_out.back().unpacked_from = seen.unpacked_from;
    add_inner(listed, seen.stream, m_out.back(), k_most_levels);
  }

 private:
  pickle::Program add(const bytes::Source& source, std::uint64_t start, const pickle::Options& options) {
    auto listed = pickle::list(source, start, options, m_left);
    m_left -= listed.stream.steps.size();
    m_out.push_back(std::move(listed.stream));
    return std::move(listed.program);
  }

  /// Streams in byte strings that torch.storage._load_from_bytes is called with.
  void add_inner(const pickle::Program& program, const bytes::Source& source, const PickleStream& outer, unsigned levels) {
    const auto& graph = program.graph;
    const auto where = std::pair(outer.entry, outer.unpacked_from);
    std::set<pickle::NodeId> opened;
    for (pickle::NodeId id = 0; id < graph.size() && levels > 0; ++id) {
      const auto* callee = graph.callee(id);
      if (callee == nullptr || !callee->is("torch.storage", "_load_from_bytes")) {
        continue;
      }
      const auto arguments = graph.items(graph.call(id)->arguments);
      const auto content = arguments.empty() ? std::nullopt : pickle::find_bytes(graph, arguments[0]);
      if (content && opened.insert(content->node).second) {
        open(graph, source, *content, where, levels - 1);
      }
    }
  }

  using Where = std::pair<std::string, std::optional<ByteRange>>;

  void open(const pickle::Graph& graph, const bytes::Source& source, const pickle::BytesRef& content, const Where& where, unsigned levels) {
    try {
      const auto bytes = pickle::read_bytes(graph, source, content, k_longest_inner_stream);
      const bytes::MemorySource inner(std::as_bytes(std::span(bytes)));
      std::uint64_t next = 0;
      for (unsigned i = 0; i < k_pickles_of_legacy; ++i) {
        const auto program = add(inner, next, {});
        m_out.back().entry = where.first;
        m_out.back().unpacked_from = where.second;
        m_out.back().held_at = content.range.offset;
        add_inner(program, inner, m_out.back(), levels);
        if (!program.complete()) {
          break;
        }
        next = program.end;
      }
    } catch (const bytes::ParseError&) {
      // What is no byte string opens no stream; the verdict says so.
    }
  }

  std::uint64_t m_left;
  std::vector<PickleStream>& m_out;
  std::set<std::tuple<std::uint64_t, bool>> m_seen;
};

}  // namespace

PickleListing list_pickles(const std::string& path, const PickleListingOptions& options) {
  auto headers = options.inspect;
  headers.depth = Depth::headers;
  headers.sha256 = false;
  const bytes::FileSource source(path);
  PickleListing out;
  Collector collector(options.most_steps, out.streams);
  model::Builder builder(source, headers, path);
  builder.pickle_watcher = &collector;
  inspecting::read_best(builder);
  builder.artifact.coverage = std::move(builder.coverage).build(source.size());
  analysis::judge(builder);
  builder.close();
  inspecting::sort_findings(builder.artifact.findings);
  out.artifact = std::move(builder.artifact);
  return out;
}

}  // namespace upinspect
