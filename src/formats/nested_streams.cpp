// SPDX-License-Identifier: Apache-2.0
// pickle.dump of a tensor writes its storage as `torch.storage._load_from_bytes(BYTES)`, where BYTES is a torch legacy
// stream whose object is the storage. Streams may hold streams.
#include "bytes/parse_error.hpp"
#include "formats/object_adder.hpp"

namespace upinspect::formats {

namespace {

constexpr unsigned k_most_streams = 4;

}  // namespace

void ObjectAdder::report_nested(const Nested& nested, const std::string& name) {
  const auto here = [&nested](std::uint64_t offset) { return nested.unpacked_from.value_or(ByteRange{offset, 0}); };
  for (const auto& finding : nested.stream.findings) {
    m_builder.find(finding.id, finding.severity, "nested stream: " + finding.message, here(finding.offset.value_or(0)), name);
  }
  for (const auto& part : nested.stream.parts) {
    if (part.program.failure) {
      const auto& failure = *part.program.failure;
      m_builder.find(failure.truncated ? "container.truncated" : "pickle.malformed", Severity::error,
                     "nested stream: " + std::string(part.what) + ": " + failure.message, here(failure.offset), name);
    }
  }
}

/// The stream in these bytes, read when it is first met; nullptr where it cannot be followed, which is said once.
const ObjectAdder::Nested* ObjectAdder::nested(const pickle::BytesRef& bytes, const std::string& name) {
  const auto [place, fresh] = m_nested.try_emplace(bytes.node);
  if (!fresh) {
    return place->second ? &*place->second : nullptr;
  }
  if (m_setting.depth >= k_most_streams) {
    m_builder.find("limit.reached", Severity::error,
                   "more than " + std::to_string(k_most_streams) + " torch streams within each other; not followed",
                   in_file(bytes.range.offset), name);
    return nullptr;
  }
  Nested made;
  auto window = bytes.range;
  made.source = m_setting.stream;
  made.unpacked_from = m_setting.unpacked_from;
  if (bytes.form != pickle::BytesForm::plain) {
    try {
      const auto text = pickle::read_bytes(m_program.graph, *m_setting.stream, bytes, m_builder.room_for_decoded());
      const auto view = std::as_bytes(std::span(text));
      m_builder.charge_decoded(view.size());
      made.memory = std::make_unique<bytes::MemorySource>(std::vector<std::byte>(view.begin(), view.end()));
    } catch (const bytes::ParseError& error) {
      problem(name, error.what(), error.offset());
      return nullptr;
    }
    made.source = made.memory.get();
    made.unpacked_from = m_setting.unpacked_from.value_or(bytes.range);
    window = ByteRange{0, made.memory->size()};
  }
  made.stream = read_legacy(*made.source, window, pickle_options(m_builder.options()), nullptr);
  if (!made.unpacked_from) {
    for (const auto& [key, range] : made.stream.storages) {
      m_added.inside.push_back(Region{range, RegionKind::tensor, "storage " + key});
    }
  }
  place->second = std::move(made);
  report_nested(*place->second, name);
  return &*place->second;
}

std::optional<FoundStorage> ObjectAdder::find_nested(const Nested& nested, const pickle::StorageRef& storage) {
  const auto range = nested.stream.storages.find(storage.key);
  if (range == nested.stream.storages.end()) {
    return std::nullopt;
  }
  FoundStorage found;
  found.packed = range->second;
  found.bytes = range->second.length;
  found.held = nested.unpacked_from ? nested.source : nullptr;
  found.decoded_from = nested.unpacked_from.value_or(range->second);
  return found;
}

/// The storage that the stream holds in place of an object.
std::optional<pickle::StorageRef> ObjectAdder::nested_storage(const Nested& nested, const std::string& name) {
  const auto* object = nested.stream.object();
  if (object == nullptr || !object->complete()) {
    return std::nullopt;
  }
  if (!pickle::is_storage(object->graph, object->root)) {
    problem(name, "nested stream: expected a storage, found '" + object->graph.type_name(object->root) + "'", object->start);
    return std::nullopt;
  }
  try {
    return pickle::read_storage(object->graph, object->root);
  } catch (const bytes::ParseError& error) {
    problem(name, std::string("nested stream: ") + error.what(), error.offset());
    return std::nullopt;
  }
}

/// A stream that stands for an object of its own: what it holds is listed under its name.
void ObjectAdder::add_nested(const pickle::BytesRef& bytes, const std::string& name) {
  const auto* inner = nested(bytes, name);
  const auto* object = inner == nullptr ? nullptr : inner->stream.object();
  if (object == nullptr || !object->complete()) {
    value(name, Value::Object{{"torch_stream_bytes", bytes.range.length}});
    return;
  }
  PickleSetting setting;
  setting.stream = inner->source;
  setting.unpacked_from = inner->unpacked_from;
  setting.entry = m_setting.entry;
  setting.find_storage = [inner](const pickle::StorageRef& storage) { return find_nested(*inner, storage); };
  setting.prefix = name;
  setting.depth = m_setting.depth + 1;
  auto added = ObjectAdder(m_builder, *object, setting).run();
  m_added.inside.insert(m_added.inside.end(), added.inside.begin(), added.inside.end());
}

}  // namespace upinspect::formats
