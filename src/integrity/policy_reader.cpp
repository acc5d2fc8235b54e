// SPDX-License-Identifier: Apache-2.0
// policy = { "schema": "upinspect.policy/1", "fail_on"?: level, "rules"?: { name: rule... }, "findings"?: { id: level... }, "waivers"?: [ waiver... ] }
// rule   = { "severity": level, its limits... }
// level  = "error" | "warning" | "note" | "off"
#include "integrity/members.hpp"
#include "upinspect/policy.hpp"

#include <algorithm>
#include <array>
#include <functional>

namespace upinspect {

namespace {

using integrity::Members;

constexpr std::uint64_t k_largest_policy = std::uint64_t{4} << 20;
constexpr std::uint64_t k_policy_tree = std::uint64_t{64} << 20;

std::optional<Severity> level_of(const Members& members, const std::string& key, const std::string& word) {
  if (word == "error" || word == "warning" || word == "note") {
    return word == "error" ? Severity::error : word == "warning" ? Severity::warning : Severity::note;
  }
  if (word != "off") {
    members.refuse(key + ": expected error, warning, note or off");
  }
  return std::nullopt;
}

PickleLicence licence_of(const Members& members, const std::string& word) {
  if (word != "none" && word != "inert" && word != "any") {
    members.refuse("allow: expected none, inert or any");
  }
  return word == "none" ? PickleLicence::none : word == "inert" ? PickleLicence::inert : PickleLicence::any;
}

void read_limit(Members& in, std::vector<std::string>& allowed) { allowed = in.texts("allow", true); }
void read_limit(Members& in, std::string& path) { path = in.text("path"); }
void read_limit(Members&, Policy::Nothing&) {}
void read_limit(Members& in, PickleLicence& licence) { licence = licence_of(in, in.text("allow")); }

void read_limit(Members& in, Policy::Range& range) {
  range.least = in.number_if_any("least");
  range.most = in.number_if_any("most");
  if (range.least && range.most && *range.least > *range.most) {
    in.refuse("least is more than most");
  }
}

void read_limit(Members& in, Policy::Keys& keys) {
  keys.required = in.texts("require", false);
  keys.forbidden = in.texts("forbid", false);
}

template <typename Limit>
void read_rule(Members& rules, const char* name, Policy::Rule<Limit>& rule) {
  const auto* value = rules.if_any(name);
  if (value == nullptr) {
    return;
  }
  Members members(*value, rules.place() + "." + name);
  rule.severity = level_of(members, "severity", members.text("severity"));
  read_limit(members, rule.limit);
  members.done();
}

void read_rules(const Value& value, const std::string& place, Policy& out) {
  Members rules(value, place);
  read_rule(rules, "formats", out.formats);
  read_rule(rules, "dtypes", out.dtypes);
  read_rule(rules, "size", out.size);
  read_rule(rules, "rank", out.rank);
  read_rule(rules, "metadata", out.metadata);
  read_rule(rules, "pickle", out.pickle);
  read_rule(rules, "finite", out.finite);
  read_rule(rules, "complete", out.complete);
  read_rule(rules, "labelled", out.labelled);
  read_rule(rules, "payload", out.payload);
  read_rule(rules, "base", out.base);
  rules.done();
}

Policy::Waiver waiver_of(const Value& value, const std::string& place) {
  Members members(value, place);
  Policy::Waiver waiver{members.text("id"), members.text("path", false), members.text("reason"), members.text("until", false)};
  if (waiver.id.empty() || waiver.reason.empty()) {
    members.refuse("a waiver names the finding and says why");
  }
  if (!waiver.until.empty() && !is_day(waiver.until)) {
    members.refuse("until: expected a day, as 2030-01-31");
  }
  members.done();
  return waiver;
}

void read_findings(const Value& value, const std::string& place, Policy& out) {
  Members members(value, place);
  const auto ids = members.left();
  for (const auto& id : ids) {
    out.findings.emplace_back(id, level_of(members, id, members.text(id)));
  }
}

}  // namespace

Policy read_policy(const std::string& path) {
  const auto value = integrity::parsed_json(path, k_largest_policy, k_policy_tree);
  Members members(value, path);
  if (const auto schema = members.text("schema"); schema != "upinspect.policy/1") {
    members.refuse("schema: expected \"upinspect.policy/1\", found \"" + schema + "\"");
  }
  Policy policy;
  if (members.has("fail_on")) {
    policy.fail_on = level_of(members, "fail_on", members.text("fail_on"));
  }
  if (const auto* rules = members.if_any("rules")) {
    read_rules(*rules, path + ": rules", policy);
  }
  if (const auto* findings = members.if_any("findings")) {
    read_findings(*findings, path + ": findings", policy);
  }
  if (members.has("waivers")) {
    const auto& waivers = members.list("waivers");
    for (std::size_t i = 0; i < waivers.size(); ++i) {
      policy.waivers.push_back(waiver_of(waivers[i], path + ": waivers[" + std::to_string(i) + "]"));
    }
  }
  members.done();
  return policy;
}

}  // namespace upinspect
