// SPDX-License-Identifier: Apache-2.0
#include "report/base_fit_json.hpp"

#include "report/words.hpp"

#include <algorithm>

namespace upinspect::report {
namespace {

void write_module(JsonWriter& out, const ModuleFit& module) {
  out.begin_object();
  out.file_text("module", module.module);
  out.member("verdict", word(module.verdict));
  if (!module.weight.empty()) {
    out.file_text("weight", module.weight);
    out.key("weight_shape");
    out.begin_array(JsonScope::row);
    for (const auto dimension : module.weight_shape) {
      out.value(dimension);
    }
    out.end();
  }
  if (!module.why.empty()) {
    out.member("why", module.why);
  }
  out.end();
}

}  // namespace

void write_base_fit(JsonWriter& out, const BaseFit& fit) {
  out.key("base_fit");
  out.begin_object();
  out.file_text("path", fit.path);
  out.member("title", fit.title);
  out.member("base_tensors", fit.base_tensors);
  if (!fit.prefix.empty()) {
    out.member("prefix", fit.prefix);
  }
  out.member("fitting", static_cast<std::uint64_t>(std::count_if(fit.modules.begin(), fit.modules.end(), [](const ModuleFit& module) {
    return module.verdict == FitVerdict::fits;
  })));
  out.key("modules");
  out.begin_array();
  for (const auto& module : fit.modules) {
    write_module(out, module);
  }
  out.end();
  out.key("ignored");
  out.begin_array();
  for (const auto& name : fit.ignored) {
    out.value(name);
  }
  out.end();
  out.end();
}

}  // namespace upinspect::report
