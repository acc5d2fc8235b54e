// SPDX-License-Identifier: Apache-2.0
// Long lists of a JSON document: where there are thousands of elements, a second thread writes every other stretch of them.
#pragma once

#include "report/json_writer.hpp"

#include <algorithm>
#include <cstddef>
#include <future>
#include <span>
#include <string>

namespace upinspect::report {

/// Writes all of `items` as elements of the open array by `write(JsonWriter&, item)`. The document is the same however many
/// threads there are; of what the second one writes, a stretch is held.
template <class Item, class Write>
void write_list(JsonWriter& out, std::span<const Item> items, const Write& write) {
  constexpr std::size_t k_stretch = 2048;
  const auto write_all = [&write](JsonWriter& to, std::span<const Item> some) {
    for (const auto& item : some) {
      write(to, item);
    }
  };
  while (out.may_use_threads() && items.size() > 2 * k_stretch) {
    std::string text;
    JsonWriter fragment(out, [&text](std::string_view piece) { text.append(piece); });
    auto beside = std::async(std::launch::async | std::launch::deferred, [&fragment, &write_all, second = items.subspan(k_stretch, k_stretch)] {
      write_all(fragment, second);
      fragment.flush();
    });
    write_all(out, items.first(k_stretch));
    beside.get();
    out.splice(text);
    items = items.subspan(2 * k_stretch);
  }
  write_all(out, items);
}

}  // namespace upinspect::report
