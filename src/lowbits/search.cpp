// SPDX-License-Identifier: Apache-2.0
// The order of things: planes and provenance of every tensor, its values, the blind search, what the container hides.
#include "forensics/blind_search.hpp"
#include "forensics/even_planes.hpp"
#include "forensics/honest_planes.hpp"
#include "forensics/structure_scan.hpp"
#include "forensics/value_origin.hpp"
#include "inspect/opened.hpp"
#include "inspect/workers.hpp"
#include "lowbits/carriers.hpp"
#include "lowbits/container.hpp"
#include "lowbits/even_file.hpp"
#include "lowbits/explain.hpp"
#include "lowbits/field_payload.hpp"
#include "lowbits/part_facts.hpp"
#include "upinspect/low_bits.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <numeric>

namespace upinspect {
namespace {

using lowbits::Group;
using lowbits::Loaded;
using lowbits::PartFacts;

/// How unlikely bits must be that are called structured, though nothing reads in them.
constexpr double k_structured = 2e-4;

/// What must be known of the tensor around a structure.
enum class Rest {
  honest,    ///< the tensor's planes are as in trained weights, the structure's bits among them
  to_tell,   ///< they are not, which the structure itself may have done: then the elements around it must be trained
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
  void search_group(const Group& group, const forensics::Readings& readings);
  void count_fractions(const Loaded& loaded, const std::vector<PartFacts>& facts);
  void judge_even_file();
  void search_carrier(const Loaded& loaded, const forensics::Readings& readings);
  void scan(forensics::BlindSearch& search);
  void note(const Loaded& loaded, std::size_t part, const PartFacts& facts);
  void add_structure(const Loaded& loaded, const std::vector<std::size_t>& parts, Rest rest);
  void add_program(const Loaded& loaded, const std::vector<PartFacts>& facts);
  void add_payloads(const Loaded& loaded, const std::vector<PartFacts>& facts, std::vector<Payload> read);
  [[nodiscard]] std::vector<std::size_t> unexplained(const Loaded& loaded, const std::vector<PartFacts>& facts, Rest rest) const;
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
  std::vector<Payload> m_fields;      ///< of the carrier at hand, that were written but not read
  std::uint64_t m_elements = 0;       ///< of all that is searched
  forensics::LevelledCounts m_fractions;
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
    const auto ones = tensor.entropy->bit_ones;
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

void Search::note(const Loaded& loaded, std::size_t index, const PartFacts& facts) {
  lowbits::add_part_findings(loaded, index, facts, m_result, m_fields);
  const auto place = m_place[loaded.tensors[index]];
  if (place < m_result.tensors.size()) {
    lowbits::explain_part(loaded, index, facts, m_result.tensors[place]);
  }
}

void Search::scan(forensics::BlindSearch& search) {
  const auto workers = inspecting::workers_for(m_options.inspect.jobs, search.layouts());
  inspecting::run_pieces(search.layouts(), workers, [&](unsigned, std::size_t layout) {
    check_stop();
    search.scan(layout);
  });
}

void Search::search_carrier(const Loaded& loaded, const forensics::Readings& readings) {
  const auto& carrier = loaded.carrier;
  std::vector<PartFacts> facts(carrier.parts.size());
  inspecting::run_pieces(facts.size(), inspecting::workers_for(m_options.inspect.jobs, facts.size()),
                   [&](unsigned, std::size_t part) { facts[part] = lowbits::facts_of(lowbits::part_of(loaded, part), carrier.fraction, m_elements); });
  for (std::size_t part = 0; part < facts.size(); ++part) {
    note(loaded, part, facts[part]);
  }
  count_fractions(loaded, facts);
  m_result.elements_searched += carrier.run().count();
  if (!m_options.payloads) {
    return;
  }
  forensics::BlindSearch search(carrier);
  scan(search);
  add_payloads(loaded, facts, search.read_out(readings));
  if (search.cut_short()) {
    add("lsb.search-cut-short", Severity::note, "one reading has so many places that look like text that only the first ones were read", "");
  }
}

/// Parts whose low bits nothing explains, so that they must be even; or nothing but that they do not look trained.
std::vector<std::size_t> Search::unexplained(const Loaded& loaded, const std::vector<PartFacts>& facts, Rest rest) const {
  std::vector<std::size_t> parts;
  for (std::size_t part = 0; part < loaded.tensors.size() && loaded.carrier.fraction != 0; ++part) {
    const auto place = m_place[loaded.tensors[part]];
    if (facts[part].broken || place >= m_result.tensors.size()) {
      continue;
    }
    const auto& tensor = m_result.tensors[place];
    if (rest == Rest::honest ? lowbits::has_even_low_bits(tensor) : loaded.carrier.fraction == 23 && lowbits::is_only_untrained(tensor)) {
      parts.push_back(part);
    }
  }
  return parts;
}

/// Every tensor that the structure meets is as trained weights are around it.
bool is_in_trained(const Loaded& loaded, const std::vector<std::size_t>& parts, const forensics::Structure& found) {
  return std::all_of(parts.begin(), parts.end(), [&](std::size_t index) {
    const auto& part = loaded.carrier.parts[index];
    const auto end = part.start + part.count;
    if (found.first >= end || found.last < part.start) {
      return true;
    }
    const Stretch within{std::max(found.first, part.start) - part.start, std::min(found.last, end - 1) - part.start};
    return forensics::is_trained_without(lowbits::part_of(loaded, index), within);
  });
}

/// Of all widths the one that chance explains least, if arithmetic does not explain any of them.
void Search::add_structure(const Loaded& loaded, const std::vector<std::size_t>& parts, Rest rest) {
  const auto count = std::accumulate(parts.begin(), parts.end(), std::size_t{0}, [&loaded](std::size_t sum, std::size_t part) { return sum + loaded.carrier.parts[part].count; });
  if (count == 0) {
    return;
  }
  const auto share = static_cast<double>(count) / static_cast<double>(std::max<std::uint64_t>(m_elements, 1));
  constexpr auto& widths = forensics::k_structure_widths;
  std::array<std::optional<forensics::Structure>, widths.size()> found;
  inspecting::run_pieces(widths.size(), inspecting::workers_for(m_options.inspect.jobs, widths.size()), [&](unsigned, std::size_t i) {
    found[i] = forensics::find_structure(loaded.carrier, parts, widths[i], k_structured * share);
  });
  const auto best = std::min_element(found.begin(), found.end(), [](const auto& a, const auto& b) { return a && (!b || a->log_p < b->log_p); });
  const bool arithmetic = std::any_of(found.begin(), found.end(), [](const auto& one) { return one && one->arithmetic; });
  const bool schedule = *best && forensics::is_monotone(loaded.carrier.run(), loaded.carrier.fraction != 0, (*best)->first, (*best)->last);
  if (*best && !arithmetic && !schedule && (rest == Rest::honest || is_in_trained(loaded, parts, **best))) {
    auto payload = lowbits::structured_payload(loaded.carrier, **best);
    payload.p_value = std::min(1.0, payload.p_value / share);
    m_fields.push_back(std::move(payload));
  }
}

/// Where hardly any tensor looks trained, a program may have been written over all of them.
void Search::add_program(const Loaded& loaded, const std::vector<PartFacts>& facts) {
  const auto elements_in = [&](Rest rest) {
    std::uint64_t sum = 0;
    for (const auto part : unexplained(loaded, facts, rest)) {
      sum += loaded.carrier.parts[part].count;
    }
    return sum;
  };
  const auto all = loaded.carrier.run().count();
  const auto untrained = elements_in(Rest::to_tell);
  if (loaded.carrier.fraction != 23 || untrained * 2 < all || (untrained + elements_in(Rest::honest)) * 10 < all * 9) {
    return;
  }
  if (const auto program = forensics::find_program(loaded.carrier)) {
    m_fields.push_back(lowbits::structured_payload(loaded.carrier, *program));
  }
}

/// What was read, then fields of tensors in which nothing was.
void Search::add_payloads(const Loaded& loaded, const std::vector<PartFacts>& facts, std::vector<Payload> read) {
  const auto known = m_fields.size();
  for (const auto rest : {Rest::honest, Rest::to_tell}) {
    add_structure(loaded, unexplained(loaded, facts, rest), rest);
  }
  if (m_fields.size() == known) {
    add_program(loaded, facts);
  }
  for (auto& field : m_fields) {
    if (std::none_of(read.begin(), read.end(), [&field](const Payload& other) { return lowbits::mostly_covers(other, field); })) {
      field.candidates_tried = m_result.candidates_tried;
      read.push_back(std::move(field));
    }
  }
  m_fields.clear();
  std::move(read.begin(), read.end(), std::back_inserter(m_result.payloads));
}

void Search::search_group(const Group& group, const forensics::Readings& readings) {
  lowbits::load_group(
      m_opened, group, m_options.inspect.limits.memory / 4, [&](Loaded& loaded) { search_carrier(loaded, readings); },
      [&](std::size_t tensor, const std::string& why) {
        add("lsb.unread-tensor", Severity::error, "cannot be searched: " + why, m_opened.artifact().tensors[tensor].name);
      });
}

/// Of tensors that nothing explains, or nothing but that they do not look trained: from the three highest planes on random bits make it so.
void Search::count_fractions(const Loaded& loaded, const std::vector<PartFacts>& facts) {
  if (loaded.carrier.fraction != 23) {
    return;
  }
  auto parts = unexplained(loaded, facts, Rest::honest);
  const auto untrained = unexplained(loaded, facts, Rest::to_tell);
  parts.insert(parts.end(), untrained.begin(), untrained.end());
  const auto workers = inspecting::workers_for(m_options.inspect.jobs, parts.size());
  std::vector<forensics::LevelledCounts> each(workers);
  inspecting::run_pieces(parts.size(), workers, [&](unsigned worker, std::size_t i) {
    check_stop();
    const auto& tensor = m_result.tensors[m_place[loaded.tensors[parts[i]]]];
    each[worker].add(lowbits::part_of(loaded, parts[i]), lowbits::honest_planes(tensor));
  });
  for (const auto& one : each) {
    m_fractions.merge(one);
  }
}

void Search::judge_even_file() {
  const auto evidence = forensics::plane_evidence(m_fractions);
  m_result.blind_spots = lowbits::blind_spots(m_result, evidence);
  if (const auto even = forensics::even_planes(m_fractions, evidence)) {
    add("lsb.even-planes", Severity::warning, lowbits::even_words(24 - even->top, "float32"), "");
  }
}

LowBits Search::run() {
  describe();
  const auto groups = lowbits::groups_of(m_opened.artifact(), m_options.inspect.tensor_glob);
  forensics::Readings readings;
  for (const auto& group : groups) {
    m_elements += group.bytes / lowbits::width_of(group);
    const auto carriers = lowbits::carriers_of(group, m_options.inspect.limits.memory / 4);
    const auto each = forensics::blind_readings(lowbits::width_of(group));
    readings.likely += carriers * each.likely;
    readings.plain += carriers * each.plain;
    readings.other += carriers * each.other;
  }
  m_result.candidates_tried = m_options.payloads ? readings.all() : 0;
  for (const auto& group : groups) {
    search_group(group, readings);
  }
  if (m_options.payloads) {
    lowbits::search_container(m_path, m_opened, m_options.inspect.limits.memory / 4, m_result);
  }
  judge_even_file();
  std::stable_sort(m_result.payloads.begin(), m_result.payloads.end(), [](const Payload& a, const Payload& b) { return a.evidence > b.evidence; });
  m_result.explanations = lowbits::gather_explanations(m_result.tensors);
  lowbits::add_findings(m_result);
  if (m_opened.changed_since_opened()) {
    add("container.changed-while-read", Severity::error, "the file was changed while it was read; figures may mix two states of it", "");
  }
  m_result.artifact = m_opened.artifact();
  return std::move(m_result);
}

}  // namespace

LowBits search_low_bits(const std::string& path, const LowBitsOptions& options) { return Search(path, options).run(); }

}  // namespace upinspect
