// SPDX-License-Identifier: Apache-2.0
// Long lists of a JSON document: where there are thousands of elements, a second thread writes as many of them as it can.
#pragma once

#include "report/json_writer.hpp"
#include "report/stretches_ahead.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>

namespace upinspect::report {

/// Writes all of `items` as elements of the open array by `write(JsonWriter&, item)`. The document is the same however many
/// threads there are; of what the second one writes, a few stretches are held.
template <class Item, class Write>
void write_list(JsonWriter& out, std::span<const Item> items, const Write& write) {
  static constexpr std::size_t k_stretch = 1024;
  const auto write_some = [&write, items](JsonWriter& to, std::size_t stretch) {
    const auto rest = items.subspan(stretch * k_stretch);
    for (const auto& item : rest.first(std::min(rest.size(), k_stretch))) {
      write(to, item);
    }
  };
  const auto stretches = (items.size() + k_stretch - 1) / k_stretch;
  if (!out.may_use_threads() || stretches <= 4) {
    for (std::size_t stretch = 0; stretch < stretches; ++stretch) {
      write_some(out, stretch);
    }
    return;
  }
  write_some(out, 0);
  const JsonWriter start(out, [](std::string_view) {});  // `out` itself changes while the second thread writes
  StretchesAhead ahead(stretches - 1, [&](std::size_t stretch, std::string& text) {
    JsonWriter fragment(start, [&text](std::string_view piece) { text.append(piece); });
    write_some(fragment, stretch + 1);
    fragment.flush();
  });
  std::string text;
  for (std::size_t stretch = 0; stretch + 1 < stretches; ++stretch) {
    if (ahead.take(stretch, text)) {
      out.splice(text);
    } else {
      write_some(out, stretch + 1);
    }
  }
}

}  // namespace upinspect::report
