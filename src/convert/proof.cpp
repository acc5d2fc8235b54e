// SPDX-License-Identifier: Apache-2.0
#include "convert/proof.hpp"

#include "bytes/cursor.hpp"
#include "bytes/digest.hpp"
#include "bytes/source.hpp"
#include "convert/difference.hpp"
#include "convert/factors.hpp"
#include "convert/refusal.hpp"
#include "inspect/digests.hpp"
#include "lora/canonical.hpp"
#include "lora/values.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

namespace upinspect::convert {

namespace {

std::string sha256_of(const Outgoing& tensor) {
  bytes::Sha256 digest;
  tensor.produce([&digest](std::span<const std::byte> piece) { digest.add(piece); });
  return digest.hex();
}

/// Where there is one tensor it is called `only_name`: npy has no names.
std::string content_of(const Input& input, const std::string& only_name) {
  Artifact artifact;
  artifact.tensors = input.tensors();
  if (artifact.tensors.size() == 1) {
    artifact.tensors.front().name = only_name;
  }
  for (std::size_t i = 0; i < artifact.tensors.size(); ++i) {
    artifact.tensors[i].digests.sha256 = sha256_of(input.outgoing(i));
  }
  return *inspecting::content_digest(artifact);
}

using NameSet = std::set<std::string>;

NameSet names_of(const Input& input) {
  NameSet names;
  for (const auto& tensor : input.tensors()) {
    names.insert(tensor.name);
  }
  return names;
}

/// A number with all its bits.
std::string exact(double number) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%a", number);
  return text.data();
}

/// One of the lines that the adapter digest is made of (docs/digests.md).
struct Line {
  std::string name;
  std::string text;

  friend auto operator<=>(const Line&, const Line&) = default;
};

Line line_of(const std::string& name, const Outgoing& tensor, bool squeezed = false) {
  std::string shape;
  for (const auto dimension : tensor.shape) {
    if (!squeezed || dimension != 1) {
      shape += (shape.empty() ? "" : "x") + std::to_string(dimension);
    }
  }
  return {name, sha256_of(tensor) + " " + std::string(info(tensor.dtype).name) + " " + (shape.empty() ? "scalar" : shape) + " " +
                    inspecting::ascii_json_string(name) + "\n"};
}

using Lines = std::vector<Line>;

/// What an adapter does, module by module under canonical names, and what lies whole beside it.
Lines lines_of(const Input& input, const std::vector<ModuleFactors>& modules, const std::vector<std::string>& canonical) {
  Lines lines;
  for (std::size_t i = 0; i < modules.size(); ++i) {
    const auto& module = modules[i];
    const auto& name = canonical[i];
    lines.push_back(line_of(name + ".down", module.down));
    lines.push_back(line_of(name + ".up", module.up));
    if (module.magnitude) {
      lines.push_back(line_of(name + ".magnitude", *module.magnitude, true));
    }
    lines.push_back({name, "scale " + lora::number_text(module.scale) + " " + inspecting::ascii_json_string(name) + "\n"});
  }
  for (const auto& name : input.adapter()->other) {
    lines.push_back(line_of(lora::canonical_name(name), input.outgoing(*input.find(name))));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string digest_of(const Lines& lines) {
  bytes::Sha256 digest;
  for (const auto& line : lines) {
    digest.add(std::as_bytes(std::span(line.text)));
  }
  return digest.hex();
}

/// A line without its end, for a message.
std::string shown(const Line& line) { return line.text.substr(0, line.text.size() - 1); }

class Prover {
 public:
  Prover(const Input& input, const Input& output, const Plan& plan, const PlanOptions& options)
      : m_input(input), m_output(output), m_plan(plan), m_options(options) {}

  Proof run();

 private:
  Proof content() const;
  Proof adapter();
  Proof difference_of_adapter();
  Proof difference_of_tensors() const;
  [[nodiscard]] bool read_factors();
  void pair_up();

  const Input& m_input;
  const Input& m_output;
  const Plan& m_plan;
  const PlanOptions& m_options;
  std::vector<ModuleFactors> m_old;
  std::vector<ModuleFactors> m_new;
  std::vector<std::string> m_canonical;  ///< of both, in the order of each
};

[[noreturn]] void fail(const std::string& why) { throw Refusal("the proof failed, nothing was kept: " + why); }

Proof Prover::content() const {
  const auto& only_name = m_output.tensors().front().name;
  const auto before = content_of(m_input, only_name);
  const auto after = content_of(m_output, only_name);
  if (before != after) {
    fail("the content digest of the input is " + before + ", that of the output " + after);
  }
  Proof proof;
  proof.digest = after;
  return proof;
}

/// False where the tensors are no adapter that LoRA can express: then they are compared as they are.
bool Prover::read_factors() {
  Reasons reasons;
  if (!m_input.adapter() || !m_output.adapter()) {
    return false;
  }
  m_old = factors_of(m_input, m_options.factors, reasons);
  m_new = factors_of(m_output, {}, reasons);
  return reasons.empty() && !m_old.empty();
}

/// Brings the output's modules into the order of the input's.
void Prover::pair_up() {
  if (m_old.size() != m_new.size()) {
    fail("the input has " + std::to_string(m_old.size()) + " modules, the output " + std::to_string(m_new.size()));
  }
  std::map<std::string, const ModuleFactors*> by_name;
  for (const auto& module : m_new) {
    by_name[module.module->canonical] = &module;
  }
  std::vector<ModuleFactors> ordered;
  for (std::size_t i = 0; i < m_old.size(); ++i) {
    const auto& name = m_plan.canonical.empty() ? m_old[i].module->canonical : m_plan.canonical.at(i);
    const auto found = by_name.find(name);
    if (found == by_name.end()) {
      fail("the output has no module \"" + name + "\"");
    }
    ordered.push_back(*found->second);
    // A scale that no alpha gives was settled by the plan, which says so; no other difference passes.
    const auto scale = i < m_plan.scales.size() ? m_plan.scales[i] : m_old[i].scale;
    m_old[i].scale = std::fabs(scale - m_old[i].scale) <= 4e-16 * std::fabs(m_old[i].scale) ? scale : m_old[i].scale;
    m_canonical.push_back(name);
  }
  m_new = std::move(ordered);
}

Proof Prover::adapter() {
  if (!read_factors()) {
    fail("the output is not read as an adapter");
  }
  pair_up();
  const auto before = lines_of(m_input, m_old, m_canonical);
  const auto after = lines_of(m_output, m_new, m_canonical);
  for (std::size_t i = 0; i < std::min(before.size(), after.size()); ++i) {
    if (before[i] != after[i]) {
      fail("what was \"" + shown(before[i]) + "\" is \"" + shown(after[i]) + "\"");
    }
  }
  if (before.size() != after.size()) {
    fail("the input has " + std::to_string(before.size()) + " parts and scales, the output " + std::to_string(after.size()));
  }
  Proof proof;
  proof.kind = ProofKind::adapter;
  proof.digest = digest_of(after);
  return proof;
}

void take(Proof& proof, const Difference& difference, const std::string& where) {
  if (std::isinf(difference.largest)) {
    fail("values of \"" + where + "\" do not fit the dtype: they became infinite");
  }
  proof.largest_absolute = std::max(proof.largest_absolute, difference.largest);
  if (difference.relative > proof.largest_relative || proof.where.empty()) {
    proof.largest_relative = std::max(proof.largest_relative, difference.relative);
    proof.where = where;
  }
}

Proof Prover::difference_of_adapter() {
  pair_up();
  Proof proof;
  proof.kind = ProofKind::difference;
  proof.measured = "update";
  for (std::size_t i = 0; i < m_old.size(); ++i) {
    if (m_old[i].scale != m_new[i].scale) {
      fail("the scale of \"" + m_canonical[i] + "\" was " + exact(m_old[i].scale) + " and is " + exact(m_new[i].scale));
    }
    take(proof, difference_of_updates(m_old[i], m_new[i]), m_canonical[i]);
  }
  for (const auto& name : m_input.adapter()->other) {
    const auto found = m_output.find(m_options.names == Names::same ? name : "base_model.model." + std::string(lora::base_path(name)));
    if (!found) {
      fail("the output has no tensor \"" + name + "\"");
    }
    take(proof, difference_of_values(m_input.outgoing(*m_input.find(name)), m_output.outgoing(*found)), name);
  }
  return proof;
}

Proof Prover::difference_of_tensors() const {
  Proof proof;
  proof.kind = ProofKind::difference;
  proof.measured = "values";
  for (std::size_t i = 0; i < m_input.tensors().size(); ++i) {
    const auto& tensor = m_input.tensors()[i];
    const bool alone = m_output.tensors().size() == 1 && m_input.tensors().size() == 1;
    const auto found = alone ? std::optional(std::size_t{0}) : m_output.find(tensor.name);
    if (!found || m_output.tensors()[*found].shape != tensor.shape) {
      fail("the output has no tensor \"" + tensor.name + "\" of the input's shape");
    }
    const auto before = m_input.outgoing(i);
    const auto after = m_output.outgoing(*found);
    if (before.dtype == after.dtype) {
      if (sha256_of(before) != sha256_of(after)) {
        fail("\"" + tensor.name + "\" is not what it was");
      }
    } else {
      take(proof, difference_of_values(before, after), tensor.name);
    }
  }
  return proof;
}

Proof Prover::run() {
  const bool renamed = m_options.names != Names::same;
  const bool one_tensor = m_input.tensors().size() == 1 && m_output.tensors().size() == 1;
  if (m_options.dtype) {
    const bool factored = read_factors();
    if (renamed && !factored) {
      fail("the output is not read as an adapter");
    }
    return factored ? difference_of_adapter() : difference_of_tensors();
  }
  const bool same_names = names_of(m_input) == names_of(m_output);
  if (!renamed && !same_names && !one_tensor) {
    fail("the output has other tensors than the input");
  }
  if (!renamed) {
    return content();
  }
  // Content says nothing of scales: where a configuration was written, these are compared too. Fused layers keep their
  // names and become larger.
  const auto update = adapter();
  return same_names && !m_plan.widened ? content() : update;
}

}  // namespace

Proof prove(const Input& input, const Input& output, const Plan& plan, const PlanOptions& options) {
  return Prover(input, output, plan, options).run();
}

std::string data_area_digest(const std::string& path) {
  const bytes::FileSource source(path);
  bytes::Cursor in(source);
  const auto header = in.le<std::uint64_t>("header length");
  in.skip(header, "header");
  bytes::Sha256 digest;
  while (!in.at_end()) {
    constexpr std::uint64_t k_block = std::uint64_t{1} << 20;
    digest.add(in.bytes(std::min(in.remaining(), k_block), "data"));
  }
  return digest.hex();
}

}  // namespace upinspect::convert
