// SPDX-License-Identifier: Apache-2.0
#include "diff/messages.hpp"

#include "diff/gather.hpp"
#include "inspect/workers.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>

namespace upinspect::diff {
namespace {

using forensics::Characters;
using forensics::Field;
using forensics::PayloadSearch;
using forensics::SearchRun;

/// Tensors that are searched one by one where they say nothing together.
constexpr std::size_t k_most_alone = 64;

/// A field that is not proven may be any; among so many elements all are tried.
constexpr std::uint64_t k_most_blind = 1U << 18U;

struct Width {
  unsigned bits;
  unsigned base;

  friend bool operator==(const Width&, const Width&) = default;
};

/// What the flipped bits suggest: exactly them, then a little wider ones, as the highest bits of a message may never have
/// differed; then the same from the lowest bit.
std::vector<Width> suggested(std::uint64_t flipped, unsigned width) {
  const auto base = static_cast<unsigned>(std::countr_zero(flipped));
  const auto end = static_cast<unsigned>(std::bit_width(flipped));
  std::vector<Width> result;
  const auto add = [&](unsigned bits, unsigned from) {
    const Width candidate{bits, from};
    if (bits >= 1 && bits <= 32 && bits + from <= width * 8 && std::find(result.begin(), result.end(), candidate) == result.end()) {
      result.push_back(candidate);
    }
  };
  add(end - base, base);
  for (const auto from : {base, base / 8 * 8, 0U}) {
    for (const auto bits : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 12U, 16U, 20U, 24U}) {
      const auto least = end - from;
      if (bits >= least && bits <= std::max(8U, least + 4)) {
        add(bits, from);
      }
    }
  }
  return result;
}

/// All orders of bits and elements: text that is read backwards looks like text, too, only less so.
void try_orders(PayloadSearch& search, const SearchRun& run, PayloadStream stream, Field field, Characters characters) {
  std::vector<Field> orders;
  for (const bool reversed : {false, true}) {
    field.reversed = reversed;
    for (const auto byte_order : {BitOrder::msb, BitOrder::lsb}) {
      field.byte_order = byte_order;
      for (const auto field_order : {byte_order, byte_order == BitOrder::msb ? BitOrder::lsb : BitOrder::msb}) {
        field.field_order = field_order;
        if (field.bits != 1 || field_order == byte_order) {
          orders.push_back(field);
        }
      }
    }
  }
  search.try_fields(run, stream, orders, characters);
}

/// Streams that do not depend on the width of a field.
void try_marks(PayloadSearch& search, const Gathered& gathered, const numeric::ElementFormat& format, std::size_t step) {
  SearchRun mask;
  const auto flags = change_flags(gathered, step);
  mask.elements = mask.flips = {flags, 1};
  for (std::size_t i = 0; i < flags.size(); ++i) {
    mask.origin.push_back(i * step);
  }
  try_orders(search, mask, PayloadStream::change_mask, Field{}, Characters::eight_and_seven);
  const auto only = only_changed(gathered, format);
  for (const auto* signs : {&only.rises, &only.grows}) {
    SearchRun sign;
    sign.elements = {*signs, 1};
    sign.origin = only.places;
    sign.all_touched = true;
    try_orders(search, sign, PayloadStream::delta_sign, Field{}, Characters::eight_and_seven);
  }
}

void try_changed_only(PayloadSearch& search, const Gathered& gathered, const numeric::ElementFormat& format, const Width& width) {
  const auto only = only_changed(gathered, format);
  SearchRun run;
  run.elements = {only.elements, gathered.width};
  run.origin = only.places;
  run.all_touched = true;
  Field field;
  field.bits = width.bits;
  field.base = width.base;
  try_orders(search, run, PayloadStream::changed_only, field, Characters::eight_and_seven);
}

/// Two planes or more, a part of the payload in each; from the first changed element to the last, so that each part
/// joins the next.
void try_planar(PayloadSearch& search, const Gathered& gathered) {
  const auto flips = gathered.flipped();
  std::size_t first = 0;
  std::size_t end = flips.count();
  while (first < end && flips.at(first) == 0) {
    ++first;
  }
  while (end > first && flips.at(end - 1) == 0) {
    --end;
  }
  SearchRun run;
  const auto width = std::size_t{gathered.width};
  run.elements = {std::span(gathered.after).subspan(first * width, (end - first) * width), gathered.width};
  run.flips = {std::span(gathered.flips).subspan(first * width, (end - first) * width), gathered.width};
  for (auto i = first; i < end; ++i) {
    run.origin.push_back(i);
  }
  std::vector<unsigned> bases;
  for (unsigned plane = 0; plane < gathered.width && first < end; ++plane) {
    bases.push_back(8 * plane);
    if (bases.size() > 1) {
      search.try_planes(run, bases);
    }
  }
}

class Candidates {
 public:
  Candidates(PayloadSearch& search, const Gathered& gathered, const numeric::ElementFormat& format, std::size_t step)
      : m_search(search), m_gathered(gathered), m_format(format), m_step(step) {
    m_run.elements = gathered.now();
    m_run.flips = gathered.flipped();
    m_xor.elements = m_xor.flips = gathered.flipped();
    m_run.flipped = m_xor.flipped = gathered.flipped_bits;
  }

  /// The field alone, eight bits to a character.
  void run_cheaply(const Width& width) { fields(m_run, PayloadStream::low_bits, width, Characters::eight); }

  /// In the order of likelihood; ends where something is found.
  void run(const std::vector<Width>& widths) {
    // Planes, read across, are text as well, but not as good.
    if (widths.front().bits >= 16) {
      try_planar(m_search, m_gathered);
    }
    for (const auto& width : widths) {
      fields(m_run, PayloadStream::low_bits, width);
      if (m_search.settled()) {
        return;
      }
    }
    fields(m_xor, PayloadStream::xored, widths.front());
    if (!m_search.settled()) {
      try_marks(m_search, m_gathered, m_format, m_step);
    }
    if (!m_search.settled()) {
      try_changed_only(m_search, m_gathered, m_format, widths.front());
    }
    for (unsigned base = 8; base + 8 <= m_gathered.width * 8 && !m_search.settled(); base += 8) {
      fields(m_run, PayloadStream::byte_plane, {8, base});
    }
    if (!m_search.settled()) {
      try_planar(m_search, m_gathered);
    }
  }

 private:
  void fields(const SearchRun& run, PayloadStream stream, const Width& width, Characters characters = Characters::eight_and_seven) {
    Field field;
    field.bits = width.bits;
    field.base = width.base;
    field.stride = m_step;
    const bool raised = stream == PayloadStream::low_bits && width.base >= 8;
    try_orders(m_search, run, raised ? PayloadStream::byte_plane : stream, field, characters);
  }

  PayloadSearch& m_search;
  const Gathered& m_gathered;
  const numeric::ElementFormat& m_format;
  std::size_t m_step;
  SearchRun m_run;
  SearchRun m_xor;
};

/// Written at places that a key chose, say, and not side by side.
bool is_scattered(const ChangedTensor& tensor) {
  const auto slots = static_cast<double>((tensor.last - tensor.first) / std::max<std::uint64_t>(tensor.step, 1) + 1);
  return static_cast<double>(tensor.changed) < slots * 0.5 * (1 - std::ldexp(1.0, -static_cast<int>(tensor.field_bits)));
}

struct Outcome {
  std::vector<Payload> payloads;
  Payload unread;
  double strength = 0;
  std::uint64_t candidates = 0;
  bool cut_short = false;
};

/// The proven field, read as it stands.
Payload unread(const PayloadSearch& search, const Gathered& gathered, const numeric::ElementFormat& format, const ChangedTensor& lead,
               std::size_t step, bool alone) {
  Field field;
  field.bits = std::min(32U, lead.field_bits);
  field.base = lead.field_base;
  SearchRun run;
  if (!alone || !is_scattered(lead)) {
    field.stride = step;
    run.elements = gathered.now();
    run.flips = gathered.flipped();
    return search.unread(run, field, PayloadStream::low_bits);
  }
  const auto only = only_changed(gathered, format);
  run.elements = {only.elements, gathered.width};
  run.origin = only.places;
  run.all_touched = true;
  return search.unread(run, field, PayloadStream::changed_only);
}

/// The tensor whose field is known, where one is.
const ChangedTensor& lead_of(std::span<const ChangedTensor* const> tensors) {
  const auto proven = std::find_if(tensors.begin(), tensors.end(), [](const auto* tensor) { return tensor->field_bits != 0; });
  return proven != tensors.end() ? **proven : *tensors.front();
}

std::vector<Width> widths_of(std::span<const ChangedTensor* const> tensors, unsigned width) {
  std::uint64_t flipped = 0;
  for (const auto* tensor : tensors) {
    flipped |= tensor->flipped_bits;
  }
  if (const auto& lead = lead_of(tensors); lead.field_bits != 0) {
    const auto proven = ((std::uint64_t{1} << lead.field_bits) - 1) << lead.field_base;
    return suggested(tensors.size() == 1 ? proven : flipped | proven, width);
  }
  std::vector<Width> widths;
  if (std::bit_width(flipped) <= 24U + static_cast<unsigned>(std::countr_zero(flipped))) {
    widths = suggested(flipped, width);
  }
  for (unsigned bits = 1; bits <= 8; ++bits) {
    widths.push_back({bits, 0});
  }
  return widths;
}

class Searcher {
 public:
  explicit Searcher(const InspectOptions& options) : m_options(options) {}

  [[nodiscard]] Outcome together(std::span<const ChangedTensor* const> tensors) const { return all_candidates(tensors, gather(tensors)); }
  /// What lies behind the elements that are searched at once.
  [[nodiscard]] Outcome behind(const ChangedTensor& tensor) const;

 private:
  [[nodiscard]] PayloadSearch search_of(const Gathered& gathered) const {
    return PayloadSearch(gathered.segments, [this](std::size_t pieces, const std::function<void(std::size_t)>& work) {
      inspecting::run_pieces(pieces, inspecting::workers_for(m_options.jobs, pieces), [this, &work](unsigned, std::size_t piece) {
        if (m_options.stop != nullptr && *m_options.stop) {
          throw Stopped();
        }
        work(piece);
      });
    });
  }

  [[nodiscard]] Outcome all_candidates(std::span<const ChangedTensor* const> tensors, const Gathered& gathered) const;
  const InspectOptions& m_options;
};

Outcome Searcher::all_candidates(std::span<const ChangedTensor* const> tensors, const Gathered& gathered) const {
  const auto& lead = lead_of(tensors);
  const auto format = numeric::element_format(lead.pair.new_tensor().dtype);
  const auto step = static_cast<std::size_t>(tensors.size() == 1 ? std::max<std::uint64_t>(lead.step, 1) : 1);
  auto search = search_of(gathered);
  Candidates(search, gathered, format, step).run(widths_of(tensors, gathered.width));
  Outcome outcome;
  outcome.payloads = search.results();
  outcome.strength = search.strength();
  outcome.candidates = search.candidates();
  outcome.cut_short = gathered.cut_short;
  if (outcome.payloads.empty() && lead.field_bits != 0) {
    outcome.unread = unread(search, gathered, format, lead, step, tensors.size() == 1);
  }
  return outcome;
}

Outcome Searcher::behind(const ChangedTensor& tensor) const {
  const auto* only = &tensor;
  const auto format = numeric::element_format(tensor.pair.new_tensor().dtype);
  const auto step = std::max<std::uint64_t>(tensor.step, 1);
  // What begins at the end of one piece is whole in the next, where a piece holds so many steps.
  const auto advance = std::max((k_most_elements - std::min(1024 * step, k_most_elements / 2)) / step, std::uint64_t{1}) * step;
  const auto first = tensor.first - std::min(tensor.first / step, std::uint64_t{64}) * step;
  Outcome all;
  const auto end = end_of(tensor);
  for (auto begin = first + advance; begin < end; begin += advance) {
    const auto gathered = gather_from(tensor, begin);
    auto search = search_of(gathered);
    Candidates(search, gathered, format, static_cast<std::size_t>(step)).run_cheaply(widths_of({&only, 1}, gathered.width).front());
    all.candidates += search.candidates();
    const auto found = search.results();
    if (!found.empty()) {
      const auto& layout = found.front().layout;
      const auto from = layout.reversed ? layout.start_element + 1 - std::min(layout.start_element + 1, layout.elements) : layout.start_element;
      const auto steps = (std::max(from, begin) - begin) / step;
      auto outcome = all_candidates({&only, 1}, gather_from(tensor, begin + (steps - std::min(steps, std::uint64_t{64})) * step));
      outcome.candidates += all.candidates;
      return outcome;
    }
  }
  return all;
}

/// A formula explains these, so that there is nothing to read.
bool is_explained(ChangeKind kind) {
  return kind == ChangeKind::cast_f16 || kind == ChangeKind::cast_bf16 || kind == ChangeKind::cast_f32 || kind == ChangeKind::truncation ||
         kind == ChangeKind::scaled || kind == ChangeKind::permuted || kind == ChangeKind::requantised || kind == ChangeKind::training;
}

/// Whether a search can be afforded: where a field is proven there is something to read. Bits that are all cleared may
/// be the zeros within a message that runs through several tensors.
bool is_worth_reading(const ChangedTensor& tensor) {
  return tensor.field_bits != 0 || tensor.kind == ChangeKind::truncation || (!is_explained(tensor.kind) && tensor.last - tensor.first < k_most_blind);
}

using Order = std::vector<const ChangedTensor*>;

/// The ways in which tools walk through tensors: as listed, as they lie in the file, by name; and each the other way.
std::vector<Order> orders_of(const Order& listed) {
  std::vector<Order> orders{listed};
  auto by_place = listed;
  std::stable_sort(by_place.begin(), by_place.end(), [](const auto* a, const auto* b) {
    return a->pair.new_tensor().location.packed.offset < b->pair.new_tensor().location.packed.offset;
  });
  auto by_name = listed;
  std::stable_sort(by_name.begin(), by_name.end(), [](const auto* a, const auto* b) { return a->pair.new_tensor().name < b->pair.new_tensor().name; });
  for (auto order : {by_place, by_name, Order(listed.rbegin(), listed.rend()), Order(by_place.rbegin(), by_place.rend()),
                     Order(by_name.rbegin(), by_name.rend())}) {
    if (std::find(orders.begin(), orders.end(), order) == orders.end()) {
      orders.push_back(std::move(order));
    }
  }
  return orders;
}

/// Tensors whose fields have one type and one place: a message may run through them all.
std::vector<Order> groups_of(const std::vector<ChangedTensor>& changed) {
  std::vector<Order> groups;
  for (const auto& tensor : changed) {
    if (tensor.changed == 0 || !is_worth_reading(tensor)) {
      continue;
    }
    const auto fits = [&tensor](const Order& group) {
      return group.front()->pair.new_tensor().dtype == tensor.pair.new_tensor().dtype &&
             std::countr_zero(group.front()->flipped_bits) / 8 == std::countr_zero(tensor.flipped_bits) / 8;
    };
    const auto group = std::find_if(groups.begin(), groups.end(), fits);
    if (group == groups.end()) {
      groups.push_back(Order{&tensor});
    } else {
      group->push_back(&tensor);
    }
  }
  return groups;
}

class Collector {
 public:
  explicit Collector(const InspectOptions& options) : m_searcher(options) {}

  void search(const Order& group) {
    if (std::all_of(group.begin(), group.end(), [](const auto* tensor) { return tensor->kind == ChangeKind::truncation; })) {
      return;
    }
    const bool proven = std::any_of(group.begin(), group.end(), [](const auto* tensor) { return tensor->field_bits != 0; });
    if (proven && group.size() > 1 && together(group)) {
      return;
    }
    Outcome last;
    bool found = false;
    for (std::size_t i = 0; i < std::min(group.size(), k_most_alone); ++i) {
      last = m_searcher.together(std::span(group).subspan(i, 1));
      found = take(last) || found;
    }
    if (!found && group.size() == 1 && proven && last.cut_short) {
      found = take(m_searcher.behind(*group.front()));
    }
    if (!found && proven) {
      m_messages.payloads.push_back(group.size() == 1 ? last.unread : m_together);
    }
  }

  [[nodiscard]] Messages finish() {
    std::stable_sort(m_messages.payloads.begin(), m_messages.payloads.end(),
                     [](const Payload& a, const Payload& b) { return a.evidence > b.evidence; });
    return std::move(m_messages);
  }

 private:
  /// Where a message runs through several tensors, parts of it read well in the wrong order, but not as well.
  bool together(const Order& group) {
    Outcome best;
    for (const auto& order : orders_of(group)) {
      auto outcome = m_searcher.together(order);
      count(outcome);
      m_together = m_together.kind.empty() ? outcome.unread : m_together;
      if (outcome.strength > best.strength) {
        best = std::move(outcome);
      }
    }
    return keep(best);
  }

  bool take(const Outcome& outcome) {
    count(outcome);
    return keep(outcome);
  }

  void count(const Outcome& outcome) {
    m_messages.candidates_tried += outcome.candidates;
    m_messages.cut_short = m_messages.cut_short || outcome.cut_short;
  }

  bool keep(const Outcome& outcome) {
    m_messages.payloads.insert(m_messages.payloads.end(), outcome.payloads.begin(), outcome.payloads.end());
    return !outcome.payloads.empty();
  }

  Searcher m_searcher;
  Messages m_messages;
  Payload m_together;  ///< the fields of a group that says nothing, in the order of the file
};

}  // namespace

Messages find_messages(const std::vector<ChangedTensor>& changed, const InspectOptions& options) {
  Collector collector(options);
  for (const auto& group : groups_of(changed)) {
    collector.search(group);
  }
  return collector.finish();
}

}  // namespace upinspect::diff
