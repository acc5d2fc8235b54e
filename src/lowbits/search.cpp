// SPDX-License-Identifier: Apache-2.0
// The order of things: planes and provenance of every tensor, its values, the blind search, what the container hides.
#include "inspect/workers.hpp"
#include "forensics/blind_search.hpp"
#include "forensics/honest_planes.hpp"
#include "forensics/value_origin.hpp"
#include "inspect/opened.hpp"
#include "lowbits/carriers.hpp"
#include "lowbits/container.hpp"
#include "lowbits/explain.hpp"
#include "upinspect/low_bits.hpp"

#include <algorithm>
#include <bit>

namespace upinspect {
namespace {

using forensics::ElementRun;
using lowbits::Group;
using lowbits::Loaded;

constexpr std::uint64_t k_longest_honest_run = 128;

/// What a piece of a tensor's values tells.
struct PartFacts {
  std::optional<forensics::EvenStretch> even;
  std::optional<forensics::BrokenUpcast> broken;
  Stretch prefix_run;
  forensics::Repetition repeated;
  bool lattice = false;
};

class Search {
 public:
  Search(const std::string& path, const LowBitsOptions& options) : m_options(options), m_path(path), m_opened(path, measured(options)) {}

  LowBits run();

 private:
  static InspectOptions measured(const LowBitsOptions& options) {
    auto inspect = options.inspect;
    inspect.depth = Depth::full;
    inspect.sha256 = false;
    return inspect;
  }

  void describe();
  void search_group(const Group& group, std::uint64_t readings);
  void search_carrier(const Loaded& loaded, std::uint64_t readings);
  void scan(forensics::BlindSearch& search);
  void note(const Loaded& loaded, std::size_t part, const PartFacts& facts);
  void note_broken(const Loaded& loaded, std::size_t part, const forensics::BrokenUpcast& broken);
  void add(std::string id, Severity severity, std::string message, const std::string& tensor);
  void check_stop() const {
    if (m_options.inspect.stop != nullptr && *m_options.inspect.stop) {
      throw Stopped();
    }
  }

  const LowBitsOptions& m_options;
  std::string m_path;
  inspecting::Opened m_opened;
  std::vector<std::size_t> m_place;   ///< of each tensor in m_result.tensors
  LowBits m_result;
};

void Search::add(std::string id, Severity severity, std::string message, const std::string& tensor) {
  Finding finding;
  finding.id = std::move(id);
  finding.severity = severity;
  finding.message = std::move(message);
  finding.tensor = tensor;
  m_result.findings.push_back(std::move(finding));
}

/// The planes that the one pass over the file counted.
void Search::describe() {
  const auto& tensors = m_opened.artifact().tensors;
  m_place.assign(tensors.size(), tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto& tensor = tensors[i];
    if (!tensor.entropy) {
      continue;
    }
    TensorPlanes planes;
    planes.name = tensor.name;
    planes.dtype = tensor.dtype_name;
    planes.shape = tensor.shape;
    planes.elements = tensor.elements;
    planes.provenance = tensor.provenance;
    const auto fraction = forensics::fraction_bits(tensor.dtype);
    const auto& ones = tensor.entropy->bit_ones;
    const auto odd = tensor.stats ? tensor.stats->nans + tensor.stats->infs : 0;
    const auto zeros = tensor.stats && fraction != 0 ? tensor.stats->zeros : 0;
    planes.counted = tensor.entropy->elements - std::min(tensor.entropy->elements, zeros + odd);
    // The bits of NaN and infinities are in the counts: with them there is nothing to hold them against.
    planes.planes = forensics::judge_planes(ones, planes.counted, odd == 0 && ones.size() > fraction ? fraction : 0);
    lowbits::explain_planes(planes, odd == 0 ? fraction : 0);
    m_place[i] = m_result.tensors.size();
    m_result.tensors.push_back(std::move(planes));
  }
}

PartFacts facts_of(const ElementRun& run, unsigned fraction) {
  PartFacts facts;
  if (fraction != 23) {
    return facts;
  }
  facts.even = forensics::even_stretch(run);
  facts.broken = forensics::broken_upcast(run);
  facts.prefix_run = forensics::longest_prefix_run(run);
  facts.repeated = forensics::repetition_of(run);
  facts.lattice = forensics::is_on_lattice(run);
  return facts;
}

ElementRun part_of(const Loaded& loaded, std::size_t index) {
  const auto& part = loaded.carrier.parts[index];
  const auto width = std::size_t{loaded.carrier.width};
  return {std::span(loaded.carrier.bytes).subspan(part.start * width, part.count * width), loaded.carrier.width};
}

void Search::note_broken(const Loaded& loaded, std::size_t part, const forensics::BrokenUpcast& broken) {
  const auto& name = loaded.carrier.parts[part].tensor;
  const auto first = loaded.carrier.parts[part].first;
  const bool f16 = broken.origin == Provenance::upcast_f16;
  auto message = std::to_string(broken.conforming) + " numbers were widened from " + (f16 ? "float16" : "bfloat16") + ", but of " +
                 std::to_string(broken.touched) + " the lowest bits, up to bit " + std::to_string(std::bit_width(broken.low_bits) - 1) +
                 ", are not clear: elements";
  for (std::size_t i = 0; i < std::min<std::size_t>(broken.elements.size(), 64); ++i) {
    message += (i == 0 ? " " : ", ") + std::to_string(first + broken.elements[i]);
  }
  message += broken.touched > 64 ? ", … to " + std::to_string(first + broken.last) : "";
  add("lsb.broken-upcast", Severity::warning, std::move(message), name);
}

void Search::note(const Loaded& loaded, std::size_t index, const PartFacts& facts) {
  const auto& part = loaded.carrier.parts[index];
  const auto place = m_place[loaded.tensors[index]];
  if (facts.broken) {
    note_broken(loaded, index, *facts.broken);
  }
  const auto run = facts.prefix_run.last - facts.prefix_run.first + 1;
  if (run >= k_longest_honest_run) {
    add("lsb.marked-run", Severity::warning, std::to_string(run) + " elements in a row from " + std::to_string(part.first + facts.prefix_run.first) +
        " on have one highest byte but for the sign, as fast substitution (EvilModel) leaves them; honest weights show 88 at most", part.tensor);
  }
  if (place >= m_result.tensors.size()) {
    return;
  }
  auto& tensor = m_result.tensors[place];
  const auto say = [&tensor](std::string_view id) {
    if (std::find(tensor.explanations.begin(), tensor.explanations.end(), id) == tensor.explanations.end()) {
      tensor.explanations.emplace_back(id);
    }
  };
  const bool known = tensor.provenance != Provenance::native && tensor.provenance != Provenance::unknown;
  if (!known && facts.lattice && !facts.broken) {
    say(lowbits::k_lattice);
  }
  const auto& repeated = facts.repeated;
  const bool grid = !known && !facts.broken && repeated.sample >= 256 && repeated.distinct < 0.8;
  if (grid) {
    say(lowbits::k_grid);
  } else if (!known && repeated.most_frequent >= 0.005 && repeated.sample >= 1000) {
    say(lowbits::k_repeated);
  }
  if (facts.even && !known && !grid && !tensor.uniform) {
    tensor.uniform_bits = facts.even->bits;
    tensor.uniform = Stretch{part.first + facts.even->where.first, part.first + facts.even->where.last};
  }
}

void Search::scan(forensics::BlindSearch& search) {
  const auto workers = inspecting::workers_for(m_options.inspect.jobs, search.layouts());
  inspecting::run_pieces(search.layouts(), workers, [&](unsigned, std::size_t layout) {
    check_stop();
    search.scan(layout);
  });
}

void Search::search_carrier(const Loaded& loaded, std::uint64_t readings) {
  const auto& carrier = loaded.carrier;
  std::vector<PartFacts> facts(carrier.parts.size());
  inspecting::run_pieces(facts.size(), inspecting::workers_for(m_options.inspect.jobs, facts.size()),
                   [&](unsigned, std::size_t part) { facts[part] = facts_of(part_of(loaded, part), carrier.fraction); });
  for (std::size_t part = 0; part < facts.size(); ++part) {
    note(loaded, part, facts[part]);
  }
  m_result.elements_searched += carrier.run().count();
  if (!m_options.payloads) {
    return;
  }
  forensics::BlindSearch search(carrier);
  scan(search);
  for (auto& payload : search.read_out(readings)) {
    m_result.payloads.push_back(std::move(payload));
  }
  if (search.cut_short()) {
    add("lsb.search-cut-short", Severity::note, "one reading has so many places that look like text that only the first ones were read", "");
  }
}

void Search::search_group(const Group& group, std::uint64_t readings) {
  lowbits::load_group(
      m_opened, group, m_options.inspect.limits.memory / 4, [&](Loaded& loaded) { search_carrier(loaded, readings); },
      [&](std::size_t tensor, const std::string& why) {
        add("lsb.unread-tensor", Severity::error, "cannot be searched: " + why, m_opened.artifact().tensors[tensor].name);
      });
}

LowBits Search::run() {
  describe();
  const auto groups = lowbits::groups_of(m_opened.artifact(), m_options.inspect.tensor_glob);
  std::uint64_t readings = 0;
  for (const auto& group : groups) {
    readings += lowbits::carriers_of(group, m_options.inspect.limits.memory / 4) * forensics::blind_readings(lowbits::width_of(group));
  }
  m_result.candidates_tried = m_options.payloads ? readings : 0;
  for (const auto& group : groups) {
    search_group(group, readings);
  }
  if (m_options.payloads) {
    lowbits::search_container(m_path, m_opened.artifact(), m_options.inspect.limits.memory / 4, m_result);
  }
  std::stable_sort(m_result.payloads.begin(), m_result.payloads.end(), [](const Payload& a, const Payload& b) { return a.evidence > b.evidence; });
  m_result.explanations = lowbits::gather_explanations(m_result.tensors);
  lowbits::add_findings(m_result);
  m_result.blind_spots = lowbits::blind_spots(m_result);
  if (m_opened.changed_since_opened()) {
    add("container.changed-while-read", Severity::error, "the file was changed while it was read; figures may mix two states of it", "");
  }
  m_result.artifact = m_opened.artifact();
  return std::move(m_result);
}

}  // namespace

LowBits search_low_bits(const std::string& path, const LowBitsOptions& options) { return Search(path, options).run(); }

}  // namespace upinspect
