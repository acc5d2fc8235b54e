// SPDX-License-Identifier: Apache-2.0
// lora.missing-up, lora.missing-down, lora.missing-part: a module that lacks what its update is made of.
#include "analysis/adapter_rule.hpp"

namespace upinspect::analysis {

namespace {

constexpr std::size_t k_listed_halves = 100;

/// What a module has of a method's parts, and what it needs.
struct Parts {
  std::vector<std::string> missing;
  std::string first;  ///< a tensor that it has
};

std::vector<std::string> needed(const AdapterModule& module) {
  if (module.method == "loha") {
    return {"hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"};
  }
  if (module.method == "glora") {
    return {"a1", "a2", "b1", "b2"};
  }
  if (module.method == "ia3") {
    return {"factor"};
  }
  if (module.method != "lokr") {
    return {};
  }
  std::vector<std::string> out;
  for (const std::string factor : {"lokr_w1", "lokr_w2"}) {
    if (module.part(factor).empty()) {
      const bool none = module.part(factor + "_a").empty() && module.part(factor + "_b").empty();
      out.insert(out.end(), {none ? factor : factor + "_a", none ? factor : factor + "_b"});
    }
  }
  return out;
}

Parts parts_of(const AdapterModule& module) {
  Parts parts;
  for (const auto& role : needed(module)) {
    if (module.part(role).empty() && (parts.missing.empty() || parts.missing.back() != role)) {
      parts.missing.push_back(role);
    }
  }
  parts.first = module.parts.empty() ? std::string() : module.parts.front().tensor;
  return parts;
}

/// The module's own name can be empty, where the file is one module.
std::string of_module(const AdapterModule& module) { return module.name.empty() ? "" : " of " + module.name; }

/// "down" and "up", or "down.0" and "up.0" and so on where a fused layer is split.
std::vector<std::pair<std::string, std::string>> halves(const AdapterModule& module) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& part : module.parts) {
    const bool down = part.role == "down" || part.role.starts_with("down.");
    const bool up = part.role == "up" || part.role.starts_with("up.");
    if (down || up) {
      const auto suffix = part.role.substr(down ? 4 : 2);
      out.emplace_back(part.role, (down ? "up" : "down") + suffix);
    }
  }
  return out;
}

class Judge {
 public:
  explicit Judge(AdapterCase& judged) : m_case(judged) {}

  void run() {
    for (const auto& module : m_case.adapter().modules) {
      judge(module);
    }
    if (m_found > k_listed_halves) {
      m_case.find("lora.missing-part", Severity::error, std::to_string(m_found - k_listed_halves) + " more missing halves are not listed");
    }
  }

 private:
  void judge(const AdapterModule& module) {
    if (module.parts.size() == 2 && module.find_part("down") != nullptr && module.find_part("up") != nullptr) {
      return;  // as nearly all of them
    }
    for (const auto& [here, partner] : halves(module)) {
      if (module.part(partner).empty()) {
        const bool down = partner.starts_with("down");
        tell(down ? "lora.missing-down" : "lora.missing-up",
             "the " + partner + " half" + of_module(module) + " is missing: the " + here + " half alone is no update",
             module.part(here));
      }
    }
    const bool low_rank = module.method == "lora" || module.method == "dora" || module.method == "adalora";
    for (const auto& role : low_rank ? std::vector<std::string>() : parts_of(module).missing) {
      tell("lora.missing-part", role + of_module(module) + " is missing: without it the module has no update", parts_of(module).first);
    }
    if (low_rank && halves(module).empty()) {
      tell("lora.missing-part", "both halves" + of_module(module) + " are missing", parts_of(module).first);
    }
  }

  void tell(std::string_view id, const std::string& message, const std::string& tensor) {
    if (m_found++ < k_listed_halves) {
      m_case.find(id, Severity::error, message, tensor);
    }
  }

  AdapterCase& m_case;
  std::size_t m_found = 0;
};

}  // namespace

void missing_halves(AdapterCase& judged) { Judge(judged).run(); }

}  // namespace upinspect::analysis
