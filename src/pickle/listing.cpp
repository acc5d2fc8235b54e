// SPDX-License-Identifier: Apache-2.0
#include "pickle/listing.hpp"

#include "pickle/expression.hpp"
#include "pickle/known_globals.hpp"

#include <algorithm>
#include <unordered_map>

namespace upinspect::pickle {

namespace {

constexpr std::size_t k_longest_argument = 200;

const char* word_of(PickleVerdict verdict) {
  switch (verdict) {
    case PickleVerdict::inert: return "inert";
    case PickleVerdict::unknown: return "unknown";
    case PickleVerdict::dangerous: return "dangerous";
  }
  return "dangerous";
}

class Lister {
 public:
  Lister(std::uint64_t most, PickleStream& out) : m_most(most), m_out(out) {}

  void see(const Step& step) {
    const auto index = memo_index(step);
    if (index && !step.stack.empty()) {
      m_memo[*index] = step.stack.back();
    }
    if (m_out.steps.size() >= m_most) {
      return;
    }
    PickleStep row;
    row.offset = step.offset;
    row.opcode = step.opcode.name;
    row.argument = describe(step.opcode, step.argument, k_longest_argument);
    row.effect = step.opcode.effect;
    row.stack = step.stack.size();
    row.marks = step.marks.size();
    row.comment = comment(step, index);
    m_out.steps.push_back(std::move(row));
  }

  /// What is known only once the opcode has run.
  void explain(const Program& program) {
    for (const auto& use : program.globals) {
      if (auto* step = step_at(use.offset)) {
        tell(*step, fetched(program.name_of(use)));
      }
    }
    const auto& graph = program.graph;
    for (NodeId id = 0; id < graph.size(); ++id) {
      const bool acts = graph.is(id, Kind::call) || graph.is(id, Kind::persistent) || graph.is(id, Kind::extension);
      if (auto* step = acts ? step_at(graph.offset(id)) : nullptr) {
        tell(*step, deed(graph, id));
      }
    }
  }

 private:
  /// Where the opcode stores what is on top of the stack.
  std::optional<std::uint64_t> memo_index(const Step& step) const {
    switch (step.opcode.code) {
      case Opcode::put: return written_index(step);
      case Opcode::binput:
      case Opcode::long_binput: return step.argument.number;
      case Opcode::memoize: return m_memo.size();
      default: return std::nullopt;
    }
  }

  /// A negative or huge index is an error that the machine meets.
  static std::optional<std::uint64_t> written_index(const Step& step) {
    const auto& number = step.argument.integer;
    return number.fits && number.value >= 0 ? std::optional(static_cast<std::uint64_t>(number.value)) : std::nullopt;
  }

  std::string comment(const Step& step, std::optional<std::uint64_t> index) const {
    if (index) {
      return "memo " + std::to_string(*index);
    }
    switch (step.opcode.code) {
      case Opcode::get:
      case Opcode::binget:
      case Opcode::long_binget: return from_memo(step);
      case Opcode::build: return step.stack.size() < 2 ? "" : "sets the state of " + named(step, step.stack[step.stack.size() - 2]);
      case Opcode::setitems: return counted(step, 2, "item");
      case Opcode::appends:
      case Opcode::additems: return counted(step, 1, "element");
      case Opcode::stop: return step.stack.empty() ? "" : "returns " + named(step, step.stack.back());
      default: return {};
    }
  }

  std::string from_memo(const Step& step) const {
    const auto index = step.opcode.code == Opcode::get ? written_index(step) : step.argument.number;
    const auto found = index ? m_memo.find(*index) : m_memo.end();
    return found == m_memo.end() ? "memo has no such entry" : named(step, found->second);
  }

  static std::string named(const Step& step, NodeId id) { return brief(step.graph, id, 48).text; }

  static std::string counted(const Step& step, std::size_t each, const char* what) {
    if (step.marks.empty() || step.marks.back() > step.stack.size()) {
      return {};
    }
    const auto count = (step.stack.size() - step.marks.back()) / each;
    return "adds " + std::to_string(count) + " " + what + (count == 1 ? "" : "s");
  }

  static std::string fetched(const GlobalName& name) {
    const bool renamed = name.module != name.written_module || name.name != name.written_name;
    return "fetches " + (name.computed ? "a name that is computed" : name.dotted()) + ": " + word_of(judge(name)) +
           (renamed && !name.written_module.empty() ? ", written as " + name.written_module + "." + name.written_name : "");
  }

  static std::string deed(const Graph& graph, NodeId id) {
    if (graph.is(id, Kind::call)) {
      return "calls " + brief(graph, id).text;
    }
    return graph.is(id, Kind::persistent) ? "asks the loader for " + brief(graph, id).text : "fetches what copyreg has under that number";
  }

  /// The listed step at an offset of the stream; null where it is not listed.
  PickleStep* step_at(std::uint64_t offset) {
    auto& steps = m_out.steps;
    const auto found = std::lower_bound(steps.begin(), steps.end(), offset,
                                        [](const PickleStep& step, std::uint64_t wanted) { return step.offset < wanted; });
    return found == steps.end() || found->offset != offset ? nullptr : &*found;
  }

  static void tell(PickleStep& step, std::string comment) { step.comment += (step.comment.empty() ? "" : "; ") + std::move(comment); }

  std::uint64_t m_most;
  PickleStream& m_out;
  std::unordered_map<std::uint64_t, NodeId> m_memo;
};

}  // namespace

Listed list(const bytes::Source& source, std::uint64_t start, const Options& options, ListingLimits most) {
  Listed out;
  Lister lister(most.steps, out.stream);
  auto watched = options;
  watched.observer = [&lister](const Step& step) {
    lister.see(step);
    return Continue::yes;
  };
  out.program = run(source, start, watched);
  lister.explain(out.program);
  const auto& program = out.program;
  out.stream.start = program.start;
  out.stream.end = program.end;
  out.stream.protocol = program.protocol;
  out.stream.opcodes = program.opcodes;
  if (program.failure) {
    out.stream.failure = (program.failure->opcode.empty() ? "" : program.failure->opcode + ": ") + program.failure->message;
    out.stream.failed_at = program.failure->offset;
  }
  auto object = expression(program.graph, program.root, most.object_lines);
  out.stream.object = std::move(object.lines);
  out.stream.object_whole = object.whole;
  return out;
}

}  // namespace upinspect::pickle
