// SPDX-License-Identifier: Apache-2.0
#include "convert/convert.hpp"

#include "convert/base.hpp"
#include "convert/input.hpp"
#include "convert/json_text.hpp"
#include "convert/npy_writer.hpp"
#include "convert/proof.hpp"
#include "convert/refusal.hpp"
#include "convert/safetensors_writer.hpp"
#include "lora/canonical.hpp"
#include "lora/half_name.hpp"
#include "lora/head_rows.hpp"

#include <algorithm>
#include <filesystem>
#include <set>

namespace upinspect::convert {

namespace {

namespace fs = std::filesystem;

enum class Form : std::uint8_t { safetensors, npy, folder };

constexpr const char* k_weights_name = "adapter_model.safetensors";

Form form_of(const std::string& output) {
  if (output.ends_with('/')) {
    return Form::folder;
  }
  const auto extension = fs::path(output).extension().string();
  if (extension == ".safetensors") {
    return Form::safetensors;
  }
  if (extension == ".npy") {
    return Form::npy;
  }
  std::error_code error;
  // "style-1.5" is a folder where there is one of that name; else a slash says so.
  if (extension.empty() || fs::is_directory(output, error)) {
    return Form::folder;
  }
  throw Refusal(output + ": what to write is told by its name: .safetensors, .npy, or a folder (ends in /)");
}

/// The place of an input must not be written to, whatever else is allowed.
void require_apart(const Request& request) {
  std::error_code error;
  const fs::path output(request.output);
  for (const auto& input : request.inputs) {
    const bool same = fs::exists(output, error) && fs::equivalent(output, input, error);
    const bool inside = fs::is_directory(input, error) && fs::exists(output, error) && output.has_parent_path() &&
                        fs::equivalent(output.parent_path(), input, error);
    const bool around = fs::is_directory(output, error) && fs::exists(input, error) && !fs::path(input).parent_path().empty() &&
                        fs::equivalent(fs::path(input).parent_path(), output, error);
    if (same || inside || around) {
      throw Refusal(request.output + ": is the input itself, or a part of it; write elsewhere and move it");
    }
  }
}

/// Reasons that `work` gives are about `path`, and begin with it.
template <class Work>
auto told_of(const std::string& path, const Work& work) {
  try {
    return work();
  } catch (const Refusal& refusal) {
    auto reasons = refusal.reasons();
    for (auto& reason : reasons) {
      reason.insert(0, reason.starts_with(path + ": ") ? "" : path + ": ");
    }
    throw Refusal(std::move(reasons));
  }
}

class Converter {
 public:
  explicit Converter(const Request& request)
      : m_request(request), m_form(form_of(request.output)), m_options(request.plan) {}

  Conversion run();

 private:
  void settle(const Input& input);
  void use_base(const Input& input);
  [[nodiscard]] Plan make_plan(const Input& input) const;
  [[nodiscard]] bool only_metadata(const Input& input) const;
  void write_file(const Input& input, Plan& plan);
  void write_folder(const Input& input, Plan& plan);
  void write_tensors(NewFile& file, const Input& input, Plan& plan);
  void write_in_place(NewFile& file, const Input& input, Plan& plan);
  [[nodiscard]] Tick ticker(const Input& input) const;
  void prove_with(const Input& input, const Plan& plan, const std::vector<std::string>& written);
  void tell(const Input& input, Plan& plan);
  void tell_metadata(const Input& input, const Plan& plan);

  const Request& m_request;
  Form m_form;
  PlanOptions m_options;
  Conversion m_done;
};

/// What the base model says of names, rows and heads. One in GGUF has llama.cpp's names, which say nothing.
void Converter::use_base(const Input& input) {
  const auto base = m_request.base.empty() ? BaseFacts() : read_base(m_request.base, m_request.input.inspect);
  m_options.factors.heads = lora::head_counts(input.metadata(), {&base.config, &base.header, &input.metadata()});
  const bool own_names = base.header.find("general.architecture") != nullptr;
  for (const auto& [name, shape] : own_names ? decltype(base.weights)() : base.weights) {
    m_options.naming.base_weights.push_back(name);
    if (!shape.empty()) {
      m_options.factors.base_rows.emplace(lora::base_path(name), shape.front());
    }
  }
}

/// A folder is PEFT's; halves in files of their own have no names that a loader knows; all else keeps its names.
void Converter::settle(const Input& input) {
  const bool halves = input.adapter() && input.adapter()->family == "raw-triad";
  m_options.names = m_request.names                                                          ? *m_request.names
                    : m_form == Form::folder || (m_form == Form::safetensors && halves) ? Names::peft
                                                                                           : Names::same;
  m_options.config_file = m_form == Form::folder;
  use_base(input);
  if (m_options.names != Names::same && m_form == Form::npy) {
    throw Refusal(m_request.output + ": .npy holds one tensor and no names; --to does not go with it");
  }
  if (m_options.names == Names::kohya && m_form == Form::folder) {
    throw Refusal(m_request.output + ": kohya's adapters are one file; give a name that ends in .safetensors");
  }
  if (m_options.names != Names::same && !input.adapter()) {
    const bool half = lora::read_half_name(fs::path(m_request.inputs.front()).filename().string()).has_value();
    throw Refusal(m_request.inputs.front() +
                  (half ? ": is one half of an adapter: name its other half too, or the folder that holds both"
                        : ": is no adapter whose family is known; --to same copies its tensors as they are"));
  }
  if (m_form == Form::npy && input.tensors().size() != 1) {
    throw Refusal(m_request.inputs.front() + ": holds " + std::to_string(input.tensors().size()) +
                  " tensors; --tensor NAME picks the one for .npy");
  }
}

Plan Converter::make_plan(const Input& input) const {
  return told_of(m_request.inputs.front(), [&] {
    return m_options.names == Names::peft    ? plan_peft(input, m_options)
           : m_options.names == Names::kohya ? plan_kohya(input, m_options)
                                             : plan_same(input, m_options);
  });
}

/// One safetensors file to another with nothing but its header changed: the data stay where they are, in their order.
bool Converter::only_metadata(const Input& input) const {
  return m_form == Form::safetensors && m_options.names == Names::same && !m_options.dtype && m_request.inputs.size() == 1 &&
         m_request.input.tensor_glob.empty() && input.format().id == "safetensors" &&
         (m_options.strip_metadata || !m_options.set_metadata.empty()) && fs::is_regular_file(m_request.inputs.front());
}

Tick Converter::ticker(const Input& input) const {
  return [this, total = input.data_bytes()](std::uint64_t done) {
    const auto* stop = m_request.input.inspect.stop;
    if (stop != nullptr && stop->load()) {
      throw Stopped();
    }
    if (m_request.progress) {
      m_request.progress(std::min(done, total), total);
    }
  };
}

void Converter::write_in_place(NewFile& file, const Input& input, Plan& plan) {
  const auto& tensors = input.tensors();
  std::vector<std::size_t> order(tensors.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::stable_sort(order.begin(), order.end(), [&tensors](std::size_t a, std::size_t b) {
    const auto& first = tensors[a].location.packed;
    const auto& second = tensors[b].location.packed;
    return std::pair(first.offset, first.length) < std::pair(second.offset, second.length);
  });
  std::vector<Outgoing> sorted;
  for (const auto index : order) {
    sorted.push_back(std::move(plan.tensors[index]));
  }
  plan.tensors = std::move(sorted);
  write_safetensors(file, plan.tensors, lay_out_safetensors(plan.tensors, plan.metadata, TensorOrder::given), ticker(input));
  file.close();
  m_done.proof.data_area = data_area_digest(file.path());
  const auto before = data_area_digest(m_request.inputs.front());
  if (before != m_done.proof.data_area) {
    throw Refusal("the proof failed, nothing was kept: the data area's SHA-256 was " + before + " and is " + m_done.proof.data_area);
  }
}

void Converter::write_tensors(NewFile& file, const Input& input, Plan& plan) {
  if (m_form == Form::npy) {
    write_npy(file, plan.tensors.front(), ticker(input));
  } else if (only_metadata(input)) {
    write_in_place(file, input, plan);
  } else {
    write_safetensors(file, plan.tensors, lay_out_safetensors(plan.tensors, plan.metadata), ticker(input));
  }
  m_done.bytes += file.written();
}

void Converter::prove_with(const Input& input, const Plan& plan, const std::vector<std::string>& written) {
  auto options = m_request.input;
  options.tensor_glob.clear();
  options.beside = Beside::ignored;
  options.inspect.raw.reset();
  const Input output(written, options);
  auto proof = prove(input, output, plan, m_options);
  proof.data_area = m_done.proof.data_area;
  m_done.proof = std::move(proof);
  if (input.changed_since_opened()) {
    throw Refusal(m_request.inputs.front() + ": changed while it was read; nothing was kept");
  }
}

void Converter::write_file(const Input& input, Plan& plan) {
  NewFile file(m_request.output, m_request.existing);
  write_tensors(file, input, plan);
  file.close();
  prove_with(input, plan, {file.path()});
  file.commit();
}

void Converter::write_folder(const Input& input, Plan& plan) {
  NewFolder folder(m_request.output, m_request.existing);
  NewFile weights(folder.path() + "/" + k_weights_name, Existing::refused);
  write_tensors(weights, input, plan);
  weights.commit();
  NewFile config(folder.path() + "/" + k_config_name, Existing::refused);
  config.write(std::string_view(python_json(*plan.config)));
  m_done.bytes += config.written();
  config.commit();
  prove_with(input, plan, {folder.path() + "/" + k_weights_name, folder.path() + "/" + k_config_name});
  folder.commit();
}

void Converter::tell_metadata(const Input& input, const Plan& plan) {
  std::set<std::string> kept;
  for (const auto& [key, value] : m_form == Form::npy ? Metadata{} : plan.metadata) {
    kept.insert(key);
    const auto* old = input.metadata().find(key);
    if (old == nullptr || old->if_string() == nullptr || *old->if_string() != value) {
      m_done.metadata_set.push_back(key);
    }
  }
  const auto* members = input.metadata().if_object();
  for (const auto& [key, value] : members == nullptr ? Value::Object{} : *members) {
    if (kept.insert(key).second) {
      m_done.metadata_removed.push_back(key);
    }
  }
}

void Converter::tell(const Input& input, Plan& plan) {
  m_done.inputs = m_request.inputs;
  m_done.config = input.config_path();
  m_done.output = m_request.output;
  m_done.form = m_form == Form::npy ? "npy" : m_form == Form::folder ? "peft-folder" : "safetensors";
  m_done.names = m_options.names == Names::peft ? "peft" : m_options.names == Names::kohya ? "kohya" : "same";
  m_done.family = input.adapter() ? input.adapter()->family_title : "";
  m_done.dtype = m_options.dtype ? std::string(info(*m_options.dtype).name) : "";
  m_done.tensors = plan.tensors.size();
  m_done.modules = plan.modules;
  m_done.renamed = std::move(plan.renamed);
  m_done.notes = std::move(plan.notes);
  tell_metadata(input, plan);
}

Conversion Converter::run() {
  require_apart(m_request);
  require_free(m_request.output, m_request.existing, m_form == Form::folder);
  const Input input(m_request.inputs, m_request.input);
  settle(input);
  auto plan = make_plan(input);
  told_of(m_request.output, [&] { m_form == Form::folder ? write_folder(input, plan) : write_file(input, plan); });
  tell(input, plan);
  return std::move(m_done);
}

}  // namespace

Conversion convert(const Request& request) { return Converter(request).run(); }

}  // namespace upinspect::convert
