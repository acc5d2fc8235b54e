// SPDX-License-Identifier: Apache-2.0
#include "inspect/opened.hpp"

#include "inspect/triad.hpp"

namespace upinspect::inspecting {

struct Opened::State {
  InspectOptions options;
  Inspected inspected;
};

InspectOptions Opened::headers_only() {
  InspectOptions options;
  options.depth = Depth::headers;
  options.alphas = true;
  return options;
}

Opened::Opened(const std::string& path, const InspectOptions& options)
    : m_state(std::make_unique<State>(State{options, inspect_file_or_folder(path, options)})) {}

Opened::Opened(const std::string& path, const TriadFiles& files, const InspectOptions& options)
    : m_state(std::make_unique<State>(State{options, inspect_triad(path, files, options)})) {}

Opened::~Opened() = default;
Opened::Opened(Opened&&) noexcept = default;
Opened& Opened::operator=(Opened&&) noexcept = default;

const Artifact& Opened::artifact() const noexcept { return m_state->inspected.artifact; }

void Opened::stream(std::size_t index, const ElementSink& sink) const {
  const auto& inspected = m_state->inspected;
  stream_tensor(inspected.origins.tensors.at(index), inspected.artifact.tensors.at(index), m_state->options, sink);
}

std::vector<std::byte> Opened::load(std::size_t index, std::uint64_t most) const {
  const auto& inspected = m_state->inspected;
  return load_tensor(inspected.origins.tensors.at(index), inspected.artifact.tensors.at(index), m_state->options, most);
}

bool Opened::lies_in_file(std::size_t index) const {
  const auto& origin = m_state->inspected.origins.tensors.at(index);
  return origin.source != nullptr && !origin.decoded && origin.missing == NotKept::no;
}

bool Opened::changed_since_opened() const { return m_state->inspected.origins.changed_since_opened(); }

}  // namespace upinspect::inspecting
