// SPDX-License-Identifier: Apache-2.0
// pickle.dangerous-global, pickle.unknown-global: what unpickling the file would import or call.
#include "analysis/rule.hpp"

namespace upinspect::analysis {

namespace {

void tell(model::Builder& builder, const PickleGlobal& global) {
  const auto name = global.module + "." + global.name;
  const bool dangerous = global.verdict == PickleVerdict::dangerous;
  std::string message = (global.entry.empty() ? "" : global.entry + ": ") + "unpickling would " + std::string(global.called ? "call " : "import ") + name;
  message += dangerous ? ", which can run code" : ", which is on no list of harmless constructors";
  builder.find(dangerous ? "pickle.dangerous-global" : "pickle.unknown-global",
               dangerous ? Severity::error : Severity::warning, message, ByteRange{global.offset, 0});
}

}  // namespace

void pickle_globals(model::Builder& builder) {
  if (!builder.artifact.pickle) {
    return;
  }
  for (const auto& global : builder.artifact.pickle->globals) {
    if (global.verdict != PickleVerdict::inert) {
      tell(builder, global);
    }
  }
}

}  // namespace upinspect::analysis
