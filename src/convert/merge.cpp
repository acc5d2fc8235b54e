// SPDX-License-Identifier: Apache-2.0
#include "convert/merge.hpp"

#include "bytes/digest.hpp"
#include "convert/base.hpp"
#include "convert/json_text.hpp"
#include "convert/merge_plan.hpp"
#include "convert/merge_tensor.hpp"
#include "convert/refusal.hpp"
#include "lora/head_rows.hpp"
#include "lora/values.hpp"
#include "convert/safetensors_writer.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

namespace upinspect::convert {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 7> k_formats{"safetensors", "safetensors-index", "torch-zip", "torch-legacy",
                                                    "torch-tar", "torch-index", "torchscript"};

std::string weights_of(const std::string& base) {
  auto weights = weights_of_base(base);
  if (weights.empty()) {
    throw Refusal(base + ": has none of the weights that a model's folder has (model.safetensors, pytorch_model.bin or their indices); name the file");
  }
  return weights;
}

/// What of a tensor's entry is its shard.
std::string shard_of(const Tensor& tensor) {
  const auto entry = tensor.location.entry.view();
  return std::string(entry.substr(0, entry.find('/')));
}

/// pytorch_model-00001-of-00002.bin is model-00001-of-00002.safetensors, as transformers writes it.
std::string safetensors_name(const std::string& shard) {
  auto stem = fs::path(shard).stem().string();
  constexpr std::string_view k_torch = "pytorch_model";
  if (stem.starts_with(k_torch)) {
    stem.replace(0, k_torch.size(), "model");
  }
  return stem + ".safetensors";
}

/// One file of the output, and which tensors of the base it holds.
struct Shard {
  std::string name;
  std::vector<std::size_t> tensors;
};

class Merger {
 public:
  explicit Merger(const MergeRequest& request) : m_request(request), m_path(weights_of(request.base)) {}

  Merged run();

 private:
  [[nodiscard]] std::vector<std::string> adapter_paths() const;
  [[nodiscard]] InputOptions input_options(Beside beside) const;
  void require_output(const Input& base) const;
  void require_apart() const;
  void plan_shards(const Input& base);
  [[nodiscard]] Outgoing outgoing(const MergeWork& work, std::size_t tensor);
  [[nodiscard]] Metadata metadata(const Input& base) const;
  void write_shard(NewFile& file, const MergeWork& work, const Shard& shard);
  void read_back(const std::string& path, const Shard& shard, const Input& base);
  void write_folder(const MergeWork& work);
  void write_index(const std::string& folder, const Input& base);
  void tick(std::uint64_t done) const;
  void tell(const Input& base, const Input& adapter);
  [[nodiscard]] bool sharded() const { return m_sharded; }

  const MergeRequest& m_request;
  std::string m_path;
  bool m_sharded = false;
  std::vector<Shard> m_shards;
  MergeBuffers m_buffers;
  std::vector<MergeTarget> m_targets;
  std::map<std::size_t, std::size_t> m_target_of;  ///< by tensor
  std::vector<double> m_changes;                   ///< by target
  std::vector<std::string> m_digests;              ///< by tensor: what was handed to the writer
  std::uint64_t m_before = 0;                      ///< bytes of the shards that are done
  std::uint64_t m_total = 0;
  Merged m_done;
};

std::vector<std::string> Merger::adapter_paths() const {
  std::vector<std::string> paths{m_request.adapter};
  if (!m_request.config.empty()) {
    paths.push_back(m_request.config);
  }
  return paths;
}

InputOptions Merger::input_options(Beside beside) const {
  InputOptions options;
  options.inspect = m_request.inspect;
  options.beside = beside;
  return options;
}

void Merger::tick(std::uint64_t done) const {
  const auto* stop = m_request.inspect.stop;
  if (stop != nullptr && stop->load()) {
    throw Stopped();
  }
  if (m_request.progress) {
    m_request.progress(std::min(m_before + done, m_total), m_total);
  }
}

void Merger::require_apart() const {
  std::error_code error;
  for (const auto& input : {m_request.base, m_path, m_request.adapter}) {
    if (fs::exists(m_request.output, error) && fs::equivalent(m_request.output, input, error)) {
      throw Refusal(m_request.output + ": is what is merged; write elsewhere and move it");
    }
  }
}

void Merger::require_output(const Input& base) const {
  if (std::find(k_formats.begin(), k_formats.end(), base.format().id) == k_formats.end()) {
    throw Refusal(m_path + ": is " + base.format().title + "; a base is safetensors or a torch file, or an index of either");
  }
  const bool names_file = m_request.output.ends_with(".safetensors");
  if (m_sharded && names_file) {
    throw Refusal(m_request.output + ": the base is in shards, and so is the outcome: give a folder");
  }
  if (!m_sharded && !names_file) {
    throw Refusal(m_request.output + ": the outcome is one file, whose name must end in .safetensors");
  }
  require_free(m_request.output, m_request.existing, m_sharded);
}

void Merger::plan_shards(const Input& base) {
  m_sharded = base.format().id.ends_with("-index");
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < base.tensors().size(); ++i) {
    const auto name = m_sharded ? safetensors_name(shard_of(base.tensors()[i])) : std::string();
    const auto [place, fresh] = places.emplace(name, m_shards.size());
    if (fresh) {
      m_shards.push_back({name, {}});
    }
    m_shards[place->second].tensors.push_back(i);
  }
}

/// The tensor as the output will have it, and a digest of what the writer was given.
Outgoing Merger::outgoing(const MergeWork& work, std::size_t tensor) {
  auto out = work.base.outgoing(tensor);
  const auto target = m_target_of.find(tensor);
  out.produce = [this, &work, tensor, target](const ElementSink& sink) {
    bytes::Xxh3_128 digest;
    const ElementSink both = [&](std::span<const std::byte> piece) {
      digest.add(piece);
      sink(piece);
    };
    if (target == m_target_of.end()) {
      work.base.stream(tensor, both);
    } else {
      m_changes[target->second] = merge_tensor(work, m_targets[target->second], m_buffers, both);
    }
    m_digests[tensor] = digest.hex();
  };
  return out;
}

Metadata Merger::metadata(const Input& base) const {
  Metadata kept;
  const auto* members = base.format().id == "safetensors" ? base.metadata().if_object() : nullptr;
  for (const auto& [key, value] : members == nullptr ? Value::Object{} : *members) {
    if (const auto* text = value.if_string()) {
      kept.emplace_back(key, *text);
    }
  }
  if (members == nullptr) {
    kept.emplace_back("format", "pt");
  }
  return kept;
}

void Merger::write_shard(NewFile& file, const MergeWork& work, const Shard& shard) {
  std::vector<Outgoing> tensors;
  for (const auto tensor : shard.tensors) {
    tensors.push_back(outgoing(work, tensor));
  }
  const auto layout = lay_out_safetensors(tensors, metadata(work.base));
  write_safetensors(file, tensors, layout, [this](std::uint64_t done) { tick(done); });
  m_before += layout.data_bytes;
  m_done.bytes += file.written();
  ++m_done.files;
  file.close();
  read_back(file.path(), shard, work.base);
}

void Merger::read_back(const std::string& path, const Shard& shard, const Input& base) {
  const Input output({path}, input_options(Beside::ignored));
  for (const auto tensor : shard.tensors) {
    const auto& name = base.tensors()[tensor].name;
    const auto index = output.find(name);
    bytes::Xxh3_128 digest;
    if (index) {
      output.stream(*index, [&](std::span<const std::byte> piece) {
        digest.add(piece);
        tick(0);
      });
    }
    if (!index || digest.hex() != m_digests[tensor]) {
      throw Refusal("\"" + name + "\" is not what was written when it is read back; nothing was kept");
    }
    m_done.unchanged += m_target_of.contains(tensor) ? 0U : 1U;
  }
}

void Merger::write_index(const std::string& folder, const Input& base) {
  Value::Object map;
  for (const auto& shard : m_shards) {
    for (const auto tensor : shard.tensors) {
      map.emplace_back(base.tensors()[tensor].name, shard.name);
    }
  }
  const Value index(Value::Object{{"metadata", Value::Object{{"total_size", Value(m_total)}}}, {"weight_map", std::move(map)}});
  auto name = fs::path(m_path).filename().string();
  if (name.ends_with(".bin.index.json")) {
    name = safetensors_name(name.substr(0, name.size() - std::string_view(".index.json").size())) + ".index.json";
  }
  NewFile file(folder + "/" + name, Existing::refused);
  file.write(std::string_view(python_json(index) + "\n"));
  m_done.bytes += file.written();
  ++m_done.files;
  file.commit();
}

void Merger::write_folder(const MergeWork& work) {
  NewFolder folder(m_request.output, m_request.existing);
  for (const auto& shard : m_shards) {
    NewFile file(folder.path() + "/" + shard.name, Existing::refused);
    write_shard(file, work, shard);
    file.commit();
  }
  write_index(folder.path(), work.base);
  if (work.base.changed_since_opened() || work.adapter.changed_since_opened()) {
    throw Refusal(m_request.base + ": changed while it was read; nothing was kept");
  }
  folder.commit();
}

void Merger::tell(const Input& base, const Input& adapter) {
  m_done.base = m_path;
  m_done.adapter = m_request.adapter;
  m_done.config = adapter.config_path();
  m_done.output = m_request.output;
  m_done.family = adapter.adapter()->family_title;
  m_done.strength = m_request.update.strength;
  m_done.undo = m_request.update.undo;
  m_done.tensors = base.tensors().size();
  std::set<std::string> modules;
  for (std::size_t i = 0; i < m_targets.size(); ++i) {
    const auto& target = m_targets[i];
    const auto& tensor = base.tensors()[target.tensor];
    MergedTensor row{tensor.name, target.module.name, target.module.method, std::string(info(tensor.dtype).name), tensor.shape, {},
                     target.precise ? "f64" : "f32", m_changes[i]};
    if (target.module.scale && target.module.method != "ia3") {
      row.scale = *target.module.scale * m_request.update.strength * (m_request.update.undo ? -1 : 1);
    }
    modules.insert(target.module.name);
    m_done.merged.push_back(std::move(row));
  }
  m_done.modules = modules.size();
}

Merged Merger::run() {
  require_apart();
  const Input base({m_path}, input_options(Beside::ignored));
  plan_shards(base);
  require_output(base);
  const Input adapter(adapter_paths(), input_options(Beside::followed));
  if (!adapter.adapter()) {
    throw Refusal(m_request.adapter + ": holds no adapter that is known");
  }
  auto update = m_request.update;
  if (adapter.adapter()->family == "gguf") {
    const auto config = config_beside_base(m_path);
    update.heads = lora::head_counts(adapter.metadata(), {&config, &adapter.metadata()});
  }
  auto plan = plan_merge(base, adapter, update, m_request.precise);
  m_done.prefix = std::move(plan.prefix);
  m_targets = std::move(plan.targets);
  for (std::size_t i = 0; i < m_targets.size(); ++i) {
    m_target_of.emplace(m_targets[i].tensor, i);
  }
  m_changes.resize(m_targets.size());
  m_digests.resize(base.tensors().size());
  m_total = base.data_bytes();
  const auto jobs = m_request.inspect.jobs != 0 ? m_request.inspect.jobs : std::max(std::thread::hardware_concurrency(), 1U);
  const MergeWork work{base, adapter, update, jobs};
  if (sharded()) {
    write_folder(work);
  } else {
    NewFile file(m_request.output, m_request.existing);
    write_shard(file, work, m_shards.front());
    if (base.changed_since_opened() || adapter.changed_since_opened()) {
      throw Refusal(m_request.base + ": changed while it was read; nothing was kept");
    }
    file.commit();
  }
  tell(base, adapter);
  return std::move(m_done);
}

}  // namespace

Merged merge(const MergeRequest& request) { return Merger(request).run(); }

}  // namespace upinspect::convert
