// SPDX-License-Identifier: Apache-2.0
#include "pickle/verdict.hpp"

#include "bytes/parse_error.hpp"
#include "pickle/inner_streams.hpp"
#include "pickle/known_globals.hpp"
#include "pickle/machine.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace upinspect::pickle {

namespace {

void worsen(PickleVerdict& verdict, PickleVerdict other) { verdict = std::max(verdict, other); }

/// What no list of names can answer: objects that are called without being globals.
bool calls_the_unknown(const Graph& graph, NodeId id) {
  const auto* call = graph.call(id);
  return call != nullptr && !graph.is(call->callable, Kind::global);
}

/// Items that are set on what a call made, where that is no mapping: a method of its class runs, and torch's reader was led
/// astray by it (CVE-2026-24747).
bool sets_items_of_no_mapping(const Graph& graph, NodeId id) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> k_mappings{{
      {"collections", "OrderedDict"}, {"collections", "Counter"}, {"collections", "defaultdict"}, {"builtins", "dict"}, {"__builtin__", "dict"},
      {"copyreg", "_reconstructor"}, {"copy_reg", "_reconstructor"}, {"copyreg", "__newobj__"}, {"copy_reg", "__newobj__"}, {"copyreg", "__newobj_ex__"}}};
  const auto* added = graph.additions(id);
  const auto* callee = graph.callee(id);
  return added != nullptr && !added->items.empty() && callee != nullptr &&
         std::none_of(k_mappings.begin(), k_mappings.end(), [callee](const auto& row) { return callee->is(row.first, row.second); });
}

PickleGlobal told(const Program& program, const GlobalUse& use) {
  const auto& name = program.name_of(use);
  return {name.module, name.name, use.offset, use.called(), judge(name)};
}

class Judge {
 public:
  explicit Judge(unsigned depth) : m_depth(depth) {}

  void add(const Program& program, const bytes::Source& source) {
    const auto& odd = program.anomalies;
    const bool ambiguous = std::any_of(odd.begin(), odd.end(), [](const Anomaly& anomaly) {
      return anomaly.id == "frame-crossed" || anomaly.id == "frame-overlap";
    });
    if (!program.complete() || ambiguous) {
      worsen(m_verdict, PickleVerdict::unknown);
    }
    for (const auto& use : program.globals) {
      add_global(told(program, use));
      worsen(m_verdict, use.changed ? PickleVerdict::unknown : PickleVerdict::inert);
    }
    for (NodeId id = 0; id < program.graph.size(); ++id) {
      const bool foreign = program.graph.is(id, Kind::extension) || calls_the_unknown(program.graph, id) || sets_items_of_no_mapping(program.graph, id);
      worsen(m_verdict, foreign ? PickleVerdict::unknown : PickleVerdict::inert);
    }
    add_inner(program.graph, source);
  }

  PickleVerdict verdict() const { return m_verdict; }
  std::vector<PickleGlobal> take_globals() { return std::move(m_globals); }

 private:
  /// Inside of inner streams, offsets are those of the bytes that hold them.
  void add_global(PickleGlobal global) {
    const bool opens_stream = global.module == "torch.storage" && global.name == "_load_from_bytes";
    if (opens_stream) {
      global.verdict = PickleVerdict::inert;  // as far as what it opens is: that is looked into
    }
    global.offset = m_inner_offset.value_or(global.offset);
    worsen(m_verdict, global.verdict);
    m_globals.push_back(std::move(global));
  }

  void add_inner(const Graph& graph, const bytes::Source& source) {
    const auto inner = inner_streams(graph);
    const bool too_deep = m_depth == 0 && !inner.streams.empty();
    worsen(m_verdict, too_deep || !inner.all_found ? PickleVerdict::unknown : PickleVerdict::inert);
    for (std::size_t i = 0; i < inner.streams.size() && !too_deep; ++i) {
      worsen(m_verdict, run_inner(graph, source, inner.streams[i]) ? PickleVerdict::inert : PickleVerdict::unknown);
    }
  }

  /// False where the stream is not what torch.save writes there.
  bool run_inner(const Graph& graph, const bytes::Source& source, const BytesRef& content) {
    if (content.form == BytesForm::plain) {
      return run_stream(source, content.range, content.range.offset);
    }
    std::string bytes;
    try {
      bytes = read_bytes(graph, source, content, k_longest_inner_stream);
    } catch (const bytes::ParseError&) {
      return false;
    }
    const bytes::MemorySource inner(std::as_bytes(std::span(bytes)));
    return run_stream(inner, ByteRange{0, inner.size()}, content.range.offset);
  }

  bool run_stream(const bytes::Source& inner, ByteRange range, std::uint64_t held_at) {
    const auto outer_offset = m_inner_offset;
    m_inner_offset = outer_offset.value_or(held_at);
    --m_depth;
    Options options;
    options.end = range.end();
    std::uint64_t next = range.offset;
    bool complete = true;
    for (unsigned i = 0; i < k_pickles_of_legacy && complete; ++i) {
      const auto program = run(inner, next, options);
      complete = program.complete();
      next = program.end;
      add(program, inner);
    }
    ++m_depth;
    m_inner_offset = outer_offset;
    return complete;
  }

  unsigned m_depth;
  PickleVerdict m_verdict = PickleVerdict::inert;
  std::vector<PickleGlobal> m_globals;
  std::optional<std::uint64_t> m_inner_offset;
};

}  // namespace

PickleVerdict judge(const Program& program, const bytes::Source& source, unsigned depth) {
  Judge judge(depth);
  judge.add(program, source);
  return judge.verdict();
}

PickleReport report(const Program& program, const bytes::Source& source, const WeightsOnly& loads) {
  Judge judge(k_most_inner_levels);
  judge.add(program, source);
  PickleReport out;
  out.verdict = judge.verdict();
  // Read from a file it is another program, and not the same for every reader: see frames.hpp.
  const bool crossed = std::any_of(program.anomalies.begin(), program.anomalies.end(),
                                   [](const Anomaly& anomaly) { return anomaly.id == "frame-crossed"; });
  worsen(out.verdict, crossed ? PickleVerdict::unknown : PickleVerdict::inert);
  out.weights_only_loads = loads.loads;
  out.weights_only_reason = loads.reason;
  out.weights_only_offset = loads.offset;
  out.globals = judge.take_globals();
  return out;
}

void merge(PickleReport& into, const PickleReport& next) {
  worsen(into.verdict, next.verdict);
  if (into.weights_only_loads && !next.weights_only_loads) {
    into.weights_only_loads = false;
    into.weights_only_reason = next.weights_only_reason;
    into.weights_only_offset = next.weights_only_offset;
  }
  into.globals.insert(into.globals.end(), next.globals.begin(), next.globals.end());
}

}  // namespace upinspect::pickle
