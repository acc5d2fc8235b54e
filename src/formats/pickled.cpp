// SPDX-License-Identifier: Apache-2.0
#include "formats/pickled.hpp"

#include "formats/file_reading.hpp"
#include "formats/object_adder.hpp"
#include "pickle/verdict.hpp"
#include "pickle/watcher.hpp"
#include "pickle/weights_only.hpp"

#include <algorithm>

namespace upinspect::formats {

using pickle::LeafKind;

/// An offset in an unpacked record says nothing about the file; the record itself is the place then.
std::optional<ByteRange> ObjectAdder::in_file(std::uint64_t offset) const {
  return m_setting.unpacked_from ? *m_setting.unpacked_from : ByteRange{offset, 0};
}

void ObjectAdder::problem(const std::string& name, const std::string& why, std::uint64_t offset) {
  m_builder.find("tensor.malformed", Severity::error, why, in_file(offset), name);
  m_added.malformed = true;
}

/// An object that the reader is to bring: a tensor of a tar archive, or the source of a module's class.
void ObjectAdder::persistent(const pickle::Objects& objects, const pickle::Leaf& leaf, const std::string& name) {
  const auto& graph = m_program.graph;
  const auto items = graph.items(graph.referent(leaf.node));
  if (outside(name, leaf.node)) {
    return;
  }
  if (m_setting.only_storages) {
    m_builder.find("torch.persistent-id", Severity::error,
                   "a persistent id that is no storage; torch refuses it: Unknown typename for persistent_load",
                   in_file(graph.offset(leaf.node)), name);
  }
  if (items.size() < 4 || graph.text(items[0]) != "module") {
    value(name, Value::Object{{"persistent_id", objects.values[leaf.index]}});
    return;
  }
  const auto* module = graph.global(items[1]);
  const auto* source = graph.stored(items[3]);
  value(name, Value::Object{{"module", module == nullptr ? std::string() : module->dotted()},
                            {"source_file", std::string(graph.text(items[2]).value_or(""))},
                            {"source_bytes", source == nullptr ? 0 : source->range.length}});
}

void ObjectAdder::leaf(const pickle::Objects& objects, const pickle::Leaf& leaf, const std::string& name) {
  const auto index = leaf.index;
  switch (leaf.kind) {
    case LeafKind::tensor: tensor(name, objects.tensors[index]); break;
    case LeafKind::array: array(name, objects.arrays[index]); break;
    case LeafKind::value: value(name, objects.values[index]); break;
    case LeafKind::bytes:
    case LeafKind::long_text: value(name, Value::Object{{"bytes", objects.bytes[index].range.length}}); break;
    case LeafKind::stream: add_nested(objects.bytes[index], name); break;
    case LeafKind::storage:
      value(name, Value::Object{{"storage", objects.storages[index].key}, {"class", objects.storages[index].class_name}});
      break;
    case LeafKind::persistent: persistent(objects, leaf, name); break;
    case LeafKind::opaque: value(name, Value::Object{{"class", objects.classes[index]}}); break;
    case LeafKind::cycle: value(name, Value::Object{{"cycle", true}}); break;
    case LeafKind::too_deep:
      m_builder.find("pickle.too-deep", Severity::warning, "nested too deeply; not followed any further", std::nullopt,
                     name);
      break;
  }
}

const pickle::NumpyRef* ObjectAdder::inline_array(pickle::NodeId id) const {
  if (m_setting.inline_arrays == nullptr) {
    return nullptr;
  }
  const auto found = m_setting.inline_arrays->find(id);
  return found == m_setting.inline_arrays->end() ? nullptr : &found->second;
}

void ObjectAdder::list(pickle::NodeId root, const std::string& prefix) {
  // Lists within lists are all held at the same time.
  pickle::WalkLimits limits;
  limits.memory = std::min(limits.memory, m_builder.options().limits.memory / 16 / (m_depth + 1));
  const auto objects = pickle::list_objects(m_program.graph, root, limits);
  const auto named = [&prefix](const std::string& name) {
    return prefix.empty() ? name : name.empty() ? prefix : prefix + "." + name;
  };
  std::optional<std::string> inside_of;  // an array's own attributes are no leaves
  for (const auto& item : objects.leaves) {
    if (inside_of && item.attribute && item.name.starts_with(*inside_of)) {
      continue;
    }
    inside_of.reset();
    if (const auto* inlined = inline_array(item.node)) {
      array(named(item.name), *inlined);
      inside_of = item.name.empty() ? std::string() : item.name + ".";
      continue;
    }
    leaf(objects, item, named(item.name));
  }
  for (const auto& key : objects.repeated_keys) {
    m_builder.find("pickle.repeated-key", Severity::warning,
                   "the key stands more than once; Python keeps the last value", in_file(key.offset), named(key.name));
  }
  if (!objects.capped.empty()) {
    m_builder.find("limit.reached", Severity::error, "the list of objects was cut short: " + objects.capped +
                   model::memory_allowed(m_builder.options().limits.memory));
  }
}

/// What hangs on a tensor or an array. Tensors may hang on each other without end, and each list costs a walk.
void ObjectAdder::list_once(pickle::NodeId root, const std::string& prefix) {
  constexpr unsigned k_deepest = 32;
  constexpr std::size_t k_most_lists = 10'000;
  const bool nothing = m_program.graph.is(root, pickle::Kind::none) ||
                       (m_program.graph.is(root, pickle::Kind::dict) && m_program.graph.items(root).empty());
  if (nothing || !m_listed.insert(root).second) {
    return;
  }
  if (m_depth >= k_deepest || m_listed.size() > k_most_lists) {
    m_builder.find("limit.reached", Severity::error, "what hangs on it is not listed: too deep, or too many such things",
                   std::nullopt, prefix);
    return;
  }
  ++m_depth;
  list(root, prefix);
  --m_depth;
}

AddedObjects ObjectAdder::run() {
  const auto& graph = m_program.graph;
  const auto array = m_setting.only_elements && pickle::is_numpy(graph, m_program.root)
                         ? pickle::read_numpy(graph, m_program.root) : pickle::NumpyRef();
  if (array.dtype.objects && array.problem.empty()) {
    elements_of(m_setting.prefix, array);
  } else {
    list(m_program.root, m_setting.prefix);
  }
  return std::move(m_added);
}

AddedObjects add_objects(model::Builder& builder, const pickle::Program& program, const PickleSetting& setting) {
  return program.complete() ? ObjectAdder(builder, program, setting).run() : AddedObjects{};
}

void report_uses(model::Builder& builder, const std::map<std::string, StorageUse>& uses) {
  for (const auto& [key, use] : uses) {
    if (use.reached && use.used_bytes < use.declared.bytes) {
      builder.find("torch.partly-used-storage", Severity::note,
                   "storage " + key + " holds " + std::to_string(use.declared.bytes) + " bytes, of which tensors reach " +
                       std::to_string(use.used_bytes) + ": a view was saved with all of its base",
                   std::nullopt, use.first_tensor);
    }
  }
}

void judge_stream(model::Builder& builder, const pickle::Program& program, const PickleSetting& setting,
                  std::uint64_t start, const pickle::Options& options) {
  const auto loads = pickle::weights_only(*setting.stream, start, options);
  auto report = pickle::report(program, *setting.stream, loads);
  judge_file_reading(builder, program, setting, start, options, report);
  for (auto& global : report.globals) {
    global.entry = builder.inside.empty() || setting.entry.empty() ? builder.inside : builder.inside + " > " + setting.entry;
  }
  if (builder.pickle_watcher != nullptr) {
    builder.pickle_watcher->see({*setting.stream, start, options, setting.entry, setting.unpacked_from});
  }
  if (builder.artifact.pickle) {
    pickle::merge(*builder.artifact.pickle, report);
  } else {
    builder.artifact.pickle = std::move(report);
  }
}

void report_stream(model::Builder& builder, const pickle::Program& program, const std::string& record) {
  if (program.failure) {
    const auto& failure = *program.failure;
    const auto* id = failure.limit ? "limit.reached" : failure.truncated ? "container.truncated" : "pickle.malformed";
    builder.find(id, Severity::error,
                 record + ": " + (failure.opcode.empty() ? std::string() : failure.opcode + ": ") + failure.message,
                 ByteRange{failure.offset, 0});
  }
  for (const auto& anomaly : program.anomalies) {
    builder.find("pickle." + std::string(anomaly.id), Severity::warning,
                 record + ": " + anomaly.message +
                     (anomaly.count > 1 ? " (" + std::to_string(anomaly.count) + " times)" : std::string()),
                 ByteRange{anomaly.offset, 0});
  }
}

pickle::Options pickle_options(const InspectOptions& options) {
  pickle::Options out;
  // Lists that grow take up to three times what they hold.
  out.limits.memory = std::min(out.limits.memory, options.limits.memory / 8);
  out.arguments.legacy_strings = pickle::LegacyStrings::utf8;
  return out;
}

void label_around(model::Builder& builder, ByteRange range, RegionKind kind, std::string_view what,
                  std::vector<Region> inside) {
  std::sort(inside.begin(), inside.end(),
            [](const Region& a, const Region& b) { return a.range.offset < b.range.offset; });
  auto done = range.offset;
  for (const auto& region : inside) {
    // Several objects may share their bytes, which are labelled once then.
    if (region.range.offset < done || region.range.end() > range.end()) {
      continue;
    }
    builder.coverage.label(ByteRange{done, region.range.offset - done}, kind, what);
    builder.coverage.label(region.range, region.kind, region.label);
    done = region.range.end();
  }
  builder.coverage.label(ByteRange{done, range.end() - done}, kind, what);
}

}  // namespace upinspect::formats
