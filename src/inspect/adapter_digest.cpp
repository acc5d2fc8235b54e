// SPDX-License-Identifier: Apache-2.0
#include "inspect/adapter_digest.hpp"

#include "bytes/digest.hpp"
#include "inspect/digests.hpp"
#include "lora/canonical.hpp"
#include "lora/values.hpp"
#include "model/builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace upinspect::inspecting {

namespace {

/// Halves are small; what is larger than this is not turned in memory, and has no adapter digest.
constexpr std::uint64_t k_most_turned = std::uint64_t{256} << 20;

/// What stands for a tensor in its line.
struct Identity {
  std::string sha256;
  std::vector<std::uint64_t> shape;
};

/// Sorted by name as bytes, then by the whole line.
struct Line {
  std::string name;
  std::string text;

  friend auto operator<=>(const Line&, const Line&) = default;
};

class AdapterDigest {
 public:
  AdapterDigest(const Artifact& artifact, const Origins& origins, const InspectOptions& options)
      : m_artifact(artifact), m_origins(origins), m_options(options) {
    for (std::size_t i = 0; i < artifact.tensors.size(); ++i) {
      m_index.emplace(artifact.tensors[i].name, i);
    }
  }

  [[nodiscard]] std::optional<std::string> compute() {
    for (const auto& module : m_artifact.adapter->modules) {
      add_module(module);
    }
    for (const auto& name : m_artifact.adapter->other) {
      add_part(lora::canonical_name(name), name, false, false);
    }
    if (m_missing) {
      return std::nullopt;
    }
    std::sort(m_lines.begin(), m_lines.end());
    bytes::Sha256 digest;
    for (const auto& line : m_lines) {
      digest.add(std::as_bytes(std::span(line.text)));
    }
    return digest.hex();
  }

 private:
  void add_module(const AdapterModule& module) {
    for (const auto& part : module.parts) {
      const bool half = part.role == "down" || part.role == "up";
      const bool turned = (module.transposed && half) || (module.down_transposed && part.role == "down");
      if (part.role != "alpha") {
        add_part(module.canonical + "." + part.role, part.tensor, turned, part.role == "magnitude");
      }
    }
    const auto scale = module.scale ? lora::number_text(*module.scale) : std::string("unknown");
    m_lines.push_back({module.canonical, "scale " + scale + " " + ascii_json_string(module.canonical) + "\n"});
  }

  void add_part(const std::string& name, const std::string& tensor_name, bool turned, bool squeezed) {
    const auto found = m_index.find(tensor_name);
    auto identity = found == m_index.end() ? std::nullopt : identity_of(found->second, turned);
    if (!identity) {
      m_missing = true;
      return;
    }
    if (squeezed) {
      std::erase(identity->shape, 1U);
    }
    const auto shape = identity->shape.empty() ? std::string("scalar") : fmt::format("{}", fmt::join(identity->shape, "x"));
    m_lines.push_back({name, identity->sha256 + " " + m_artifact.tensors[found->second].dtype_name + " " + shape + " " +
                                 ascii_json_string(name) + "\n"});
  }

  [[nodiscard]] std::optional<Identity> identity_of(std::size_t index, bool turned) const {
    const auto& tensor = m_artifact.tensors[index];
    if (!tensor.digests.sha256) {
      return std::nullopt;
    }
    if (!turned || tensor.shape.size() != 2) {
      return Identity{*tensor.digests.sha256, tensor.shape};
    }
    const auto size = model::size_of(tensor.dtype, 1);
    if (!size || index >= m_origins.tensors.size() || tensor.elements == 0 || tensor.bytes != *size * tensor.elements) {
      return std::nullopt;
    }
    try {
      const auto data = load_tensor(m_origins.tensors[index], tensor, m_options, k_most_turned);
      return Identity{turned_sha256(data, tensor.shape[0], tensor.shape[1], *size), {tensor.shape[1], tensor.shape[0]}};
    } catch (const InputError&) {
      return std::nullopt;
    }
  }

  /// Of the transpose of a row-major matrix of `rows` x `columns` elements.
  [[nodiscard]] static std::string turned_sha256(std::span<const std::byte> data, std::size_t rows, std::size_t columns, std::size_t size) {
    bytes::Sha256 digest;
    std::vector<std::byte> line(rows * size);
    for (std::size_t column = 0; column < columns; ++column) {
      for (std::size_t row = 0; row < rows; ++row) {
        const auto element = data.subspan((row * columns + column) * size, size);
        std::copy(element.begin(), element.end(), line.begin() + static_cast<std::ptrdiff_t>(row * size));
      }
      digest.add(line);
    }
    return digest.hex();
  }

  const Artifact& m_artifact;
  const Origins& m_origins;
  const InspectOptions& m_options;
  std::unordered_map<std::string_view, std::size_t> m_index;
  std::vector<Line> m_lines;
  bool m_missing = false;
};

}  // namespace

std::optional<std::string> adapter_digest(const Artifact& artifact, const Origins& origins, const InspectOptions& options) {
  return artifact.adapter ? AdapterDigest(artifact, origins, options).compute() : std::nullopt;
}

}  // namespace upinspect::inspecting
