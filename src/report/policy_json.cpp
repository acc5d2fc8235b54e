// SPDX-License-Identifier: Apache-2.0
#include "report/policy_json.hpp"

#include "report/json_rows.hpp"
#include "report/words.hpp"

namespace upinspect::report {

namespace {

std::string_view level(const std::optional<Severity>& severity) { return severity ? word(*severity) : "off"; }

void write_limit(JsonWriter& out, const std::vector<std::string>& allowed) { write_row(out, "allow", allowed); }
void write_limit(JsonWriter& out, const std::string& path) { out.member("path", path); }
void write_limit(JsonWriter&, Policy::Nothing) {}
void write_limit(JsonWriter& out, PickleLicence licence) {
  out.member("allow", licence == PickleLicence::none ? "none" : licence == PickleLicence::inert ? "inert" : "any");
}
void write_limit(JsonWriter& out, const Policy::Range& range) {
  if (range.least) {
    out.member("least", *range.least);
  }
  if (range.most) {
    out.member("most", *range.most);
  }
}
void write_limit(JsonWriter& out, const Policy::Keys& keys) {
  write_row(out, "require", keys.required);
  write_row(out, "forbid", keys.forbidden);
}

template <typename Limit>
void write_rule(JsonWriter& out, std::string_view name, const Policy::Rule<Limit>& rule) {
  out.key(name);
  out.begin_object(JsonScope::row);
  out.member("severity", level(rule.severity));
  write_limit(out, rule.limit);
  out.end();
}

void write_waiver(JsonWriter& out, const Policy::Waiver& waiver) {
  out.begin_object(JsonScope::row);
  out.member("id", waiver.id);
  if (!waiver.path.empty()) {
    out.member("path", waiver.path);
  }
  out.member("reason", waiver.reason);
  if (!waiver.until.empty()) {
    out.member("until", waiver.until);
  }
  out.end();
}

void write_rules(JsonWriter& out, const Policy& policy) {
  out.key("rules");
  out.begin_object();
  write_rule(out, "formats", policy.formats);
  write_rule(out, "dtypes", policy.dtypes);
  write_rule(out, "size", policy.size);
  write_rule(out, "rank", policy.rank);
  write_rule(out, "metadata", policy.metadata);
  write_rule(out, "pickle", policy.pickle);
  write_rule(out, "finite", policy.finite);
  write_rule(out, "complete", policy.complete);
  write_rule(out, "labelled", policy.labelled);
  write_rule(out, "payload", policy.payload);
  write_rule(out, "base", policy.base);
  out.end();
}

}  // namespace

void write_policy(JsonWriter& out, const Policy& policy) {
  out.begin_object();
  out.member("schema", "upinspect.policy/1");
  out.member("fail_on", level(policy.fail_on));
  write_rules(out, policy);
  out.key("findings");
  out.begin_object();
  for (const auto& [id, severity] : policy.findings) {
    out.file_key(id);
    out.value(level(severity));
  }
  out.end();
  out.key("waivers");
  out.begin_array();
  for (const auto& waiver : policy.waivers) {
    write_waiver(out, waiver);
  }
  out.end();
  out.end();
  out.newline();
  out.flush();
}

}  // namespace upinspect::report
