// SPDX-License-Identifier: Apache-2.0
#include "report/adapter_json.hpp"

#include "lora/strength.hpp"
#include "report/json_list.hpp"
#include "report/json_rows.hpp"
#include "report/words.hpp"

#include <algorithm>
#include <cmath>

namespace upinspect::report {
namespace {

template <class T>
void write_optional(JsonWriter& out, std::string_view name, const std::optional<T>& value) {
  if (value) {
    out.member(name, *value);
  } else {
    out.member(name, nullptr);
  }
}

void write_half(JsonWriter& out, const AdapterModule& module, std::string_view role) {
  const auto& tensor = module.part(role);
  if (tensor.empty()) {
    out.member(role, nullptr);
  } else {
    out.file_text(role, tensor);
  }
}

void write_parts(JsonWriter& out, const std::vector<AdapterPart>& parts) {
  out.key("parts");
  out.begin_array();
  for (const auto& part : parts) {
    out.begin_object(JsonScope::row);
    out.file_text("role", part.role);
    out.file_text("tensor", part.tensor);
    out.end();
  }
  out.end();
}

void write_readings(JsonWriter& out, const std::vector<AlphaReading>& readings) {
  out.key("alpha_readings");
  out.begin_array();
  for (const auto& reading : readings) {
    out.begin_object(JsonScope::row);
    out.member("source", word(reading.source));
    out.file_text("where", reading.where);
    out.member("value", reading.value);
    out.end();
  }
  out.end();
}

/// What only some modules have, and is absent in the others.
void write_layout(JsonWriter& out, const AdapterModule& module) {
  if (!module.kernel.empty()) {
    write_row(out, "kernel", module.kernel);
  }
  if (module.transposed || module.down_transposed) {
    out.member("transposed", module.transposed ? "both" : "down");
  }
  if (module.base_transposed) {
    out.member("base_transposed", true);
  }
  if (!module.magnitude_axis.empty()) {
    out.member("magnitude_axis", module.magnitude_axis);
  }
  if (module.groups != 1) {
    out.member("groups", module.groups);
  }
  if (!module.enabled.empty()) {
    write_row(out, "enabled", module.enabled);
  }
  if (module.experts != 1) {
    out.member("experts", module.experts);
  }
}

/// NaN stands for what was not computed.
std::optional<double> known(double figure) { return std::isnan(figure) ? std::nullopt : std::optional(figure); }

void write_delta(JsonWriter& out, const UpdateStrength& strength) {
  out.key("delta");
  out.begin_object();
  out.member("frobenius", strength.frobenius);
  write_optional(out, "spectral", known(strength.spectral));
  write_optional(out, "effective_rank", known(strength.effective_rank));
  write_row(out, "singular_values", strength.singular_values);
  out.end();
}

void write_module(JsonWriter& out, const AdapterModule& module) {
  out.begin_object();
  out.file_text("name", module.name);
  out.file_text("canonical", module.canonical);
  out.member("method", module.method);
  write_half(out, module, "up");
  write_half(out, module, "down");
  if (!module.part("mid").empty()) {
    write_half(out, module, "mid");
  }
  write_parts(out, module.parts);
  write_optional(out, "rank", module.rank);
  write_optional(out, "in_features", module.in_features);
  write_optional(out, "out_features", module.out_features);
  write_layout(out, module);
  write_optional(out, "alpha", module.alpha);
  out.member("alpha_source", word(module.alpha_source));
  write_readings(out, module.alpha_readings);
  write_optional(out, "scale", module.scale);
  out.member("scale_rule", module.scale_rule);
  if (module.strength) {
    write_delta(out, *module.strength);
  }
  if (const auto note = lora::strength_note(module); !note.empty()) {
    out.member("delta_note", note);
  }
  out.end();
}

void write_names(JsonWriter& out, std::string_view key, const std::vector<std::string>& names) {
  out.key(key);
  out.begin_array();
  for (const auto& name : names) {
    out.value(name);
  }
  out.end();
}

}  // namespace

void write_adapter(JsonWriter& out, const Adapter& adapter) {
  out.key("adapter");
  out.begin_object();
  out.member("family", adapter.family);
  out.member("family_title", adapter.family_title);
  out.member("method", adapter.method);
  out.member("guessed", adapter.guessed);
  if (adapter.base_model.empty()) {
    out.member("base_model", nullptr);
  } else {
    out.file_text("base_model", adapter.base_model);
  }
  write_optional(out, "rank", adapter.rank);
  if (!adapter.digest.empty()) {
    out.member("digest", adapter.digest);
  }
  out.key("modules");
  out.begin_array();
  write_list(out, std::span(adapter.modules), write_module);
  out.end();
  write_names(out, "unpaired", adapter.unpaired);
  write_names(out, "other", adapter.other);
  out.end();
}

}  // namespace upinspect::report
