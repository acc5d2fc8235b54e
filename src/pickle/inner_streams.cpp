// SPDX-License-Identifier: Apache-2.0
#include "pickle/inner_streams.hpp"

#include <set>

namespace upinspect::pickle {

InnerStreams inner_streams(const Graph& graph) {
  InnerStreams out;
  std::set<NodeId> known;  // many calls may share one byte string
  for (NodeId id = 0; id < graph.size(); ++id) {
    const auto* callee = graph.callee(id);
    if (callee == nullptr || !callee->is("torch.storage", "_load_from_bytes")) {
      continue;
    }
    const auto arguments = graph.items(graph.call(id)->arguments);
    const auto content = arguments.empty() ? std::nullopt : find_bytes(graph, arguments[0]);
    out.all_found = out.all_found && content.has_value();
    if (content && known.insert(content->node).second) {
      out.streams.push_back(*content);
    }
  }
  return out;
}

}  // namespace upinspect::pickle
