// SPDX-License-Identifier: Apache-2.0
#include "integrity/describe.hpp"

#include "bytes/digest.hpp"
#include "inspect/conduct.hpp"
#include "inspect/digests.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace upinspect::integrity {

namespace {

/// Writes the one spelling of a value that its digest is taken over.
class CanonicalJson {
 public:
  void write(const Value& value) {
    std::visit([this](const auto& held) { put(held); }, value.data);
  }
  [[nodiscard]] std::string take() { return std::move(m_text); }

 private:
  void put(std::nullptr_t) { m_text += "null"; }
  void put(bool value) { m_text += value ? "true" : "false"; }
  void put(std::int64_t value) { m_text += std::to_string(value); }
  void put(std::uint64_t value) { m_text += std::to_string(value); }
  void put(double value) { m_text += fmt::format("{}", value); }
  void put(const std::string& value) { m_text += inspecting::ascii_json_string(value); }

  void put(const Value::Array& values) {
    m_text += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      m_text += i == 0 ? "" : ",";
      write(values[i]);
    }
    m_text += ']';
  }

  void put(const Value::Object& members) {
    std::vector<const Value::Object::value_type*> sorted;
    for (const auto& member : members) {
      sorted.push_back(&member);
    }
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
    m_text += '{';
    for (std::size_t i = 0; i < sorted.size(); ++i) {
      m_text += (i == 0 ? "" : ",") + inspecting::ascii_json_string(sorted[i]->first) + ":";
      write(sorted[i]->second);
    }
    m_text += '}';
  }

  std::string m_text;
};

}  // namespace

std::string digest_of(const Value& metadata) {
  if (std::holds_alternative<std::nullptr_t>(metadata.data)) {
    return {};
  }
  CanonicalJson json;
  json.write(metadata);
  const auto text = json.take();
  return bytes::sha256_hex(std::as_bytes(std::span(text)));
}

std::vector<LockedTensor> tensors_of(const Artifact& artifact) {
  std::vector<LockedTensor> tensors;
  tensors.reserve(artifact.tensors.size());
  for (const auto& tensor : artifact.tensors) {
    tensors.push_back({tensor.name, tensor.dtype_name, tensor.shape, tensor.digests.sha256.value_or("")});
  }
  std::sort(tensors.begin(), tensors.end(), [](const LockedTensor& a, const LockedTensor& b) {
    return std::tie(a.name, a.dtype, a.shape, a.sha256) < std::tie(b.name, b.dtype, b.shape, b.sha256);
  });
  return tensors;
}

Artifact inspect_alone(const std::string& file, const InspectOptions& options) {
  return inspecting::inspect_path(file, options, inspecting::Neighbours::ignored).artifact;
}

}  // namespace upinspect::integrity

namespace upinspect {

LockedFile describe_for_lock(const std::string& file, const std::string& path, const InspectOptions& options) {
  auto full = options;
  full.depth = Depth::full;
  full.sha256 = true;
  full.tensor_sha256 = true;
  const auto artifact = integrity::inspect_alone(file, full);
  LockedFile locked;
  locked.path = path;
  locked.size = artifact.size;
  locked.sha256 = artifact.digests.sha256.value_or("");
  locked.format = artifact.format.id;
  locked.content = artifact.tensors.empty() ? "" : artifact.digests.content.value_or("");
  locked.metadata = integrity::digest_of(artifact.metadata);
  locked.tensors = integrity::tensors_of(artifact);
  return locked;
}

}  // namespace upinspect
