// SPDX-License-Identifier: Apache-2.0
#include "pickle/torch_objects.hpp"

#include "bytes/parse_error.hpp"
#include "pickle/object_children.hpp"
#include "pickle/plain_values.hpp"

#include <algorithm>
#include <unordered_map>

namespace upinspect::pickle {

namespace {

class Walker {
 public:
  Walker(const Graph& graph, const WalkLimits& limits) : m_graph(graph), m_limits(limits) {}

  Objects walk(NodeId root) {
    if (root != k_no_node) {
      m_on_path.resize(m_graph.size());
      visit(root, false);
    }
    while (!m_frames.empty() && m_out.capped.empty()) {
      advance();
    }
    return std::move(m_out);
  }

 private:
  struct Frame {
    NodeId node;
    std::vector<Child> children;
    std::size_t next = 0;
    std::size_t name_length = 0;  ///< of m_name without the children's part
    bool attribute = false;
  };

  /// The next child of the innermost container, or out of it.
  void advance() {
    auto& frame = m_frames.back();
    m_name.resize(frame.name_length);
    if (frame.next == frame.children.size()) {
      m_on_path[frame.node] = false;
      m_memory -= frame.children.size() * sizeof(Child);
      m_frames.pop_back();
      return;
    }
    const auto child = frame.children[frame.next++];
    const auto part = child.key == k_no_node ? std::to_string(frame.next - 1) : key_text(m_graph, child.key);
    m_name += m_frames.size() > 1 ? "." : "";
    m_name += part;
    charge(part.size());
    if (child.repeated) {
      m_out.repeated_keys.push_back({m_name, m_graph.offset(child.key)});
      charge(sizeof(RepeatedKey) + m_name.size());
    }
    visit(child.value, frame.attribute || child.attribute);
  }

  void visit(NodeId id, bool attribute) {
    if (++m_steps > m_limits.steps) {
      m_out.capped = "more than " + std::to_string(m_limits.steps) + " steps";
      return;
    }
    if (m_on_path[id]) {
      add_leaf(id, LeafKind::cycle, 0, attribute);
    } else if (!add_known(id, attribute)) {
      enter(id, attribute);
    }
  }

  /// Things that are leaves by themselves.
  bool add_known(NodeId id, bool attribute) {
    if (const auto known = m_known.find(id); known != m_known.end()) {
      add_leaf(id, known->second.first, known->second.second, attribute);
      return true;
    }
    if (is_tensor(m_graph, id)) {
      m_out.tensors.push_back(read_tensor(m_graph, id));
      charge(cost(m_out.tensors.back()));
      add_new(id, LeafKind::tensor, m_out.tensors.size(), attribute);
    } else if (auto value = plain_value(m_graph, id)) {
      charge(sizeof(Value) + value_cost(*value));
      m_out.values.push_back(std::move(*value));
      add_new(id, LeafKind::value, m_out.values.size(), attribute);
    } else if (is_numpy(m_graph, id)) {
      m_out.arrays.push_back(read_numpy(m_graph, id));
      charge(sizeof(NumpyRef) + 512);
      add_new(id, LeafKind::array, m_out.arrays.size(), attribute);
    } else {
      return add_bytes(id, attribute) || add_persistent(id, attribute);
    }
    return true;
  }

  bool add_bytes(NodeId id, bool attribute) {
    const auto* callee = m_graph.callee(id);
    const bool stream = callee != nullptr && callee->is("torch.storage", "_load_from_bytes");
    const auto arguments = stream ? m_graph.items(m_graph.call(id)->arguments) : std::span<const NodeId>();
    const auto found = find_bytes(m_graph, arguments.empty() ? id : arguments[0]);
    if (!found) {
      return false;
    }
    m_out.bytes.push_back(*found);
    charge(sizeof(BytesRef));
    const auto kind = stream ? LeafKind::stream : m_graph.is(id, Kind::text) ? LeafKind::long_text : LeafKind::bytes;
    add_new(id, kind, m_out.bytes.size(), attribute);
    return true;
  }

  bool add_persistent(NodeId id, bool attribute) {
    if (!m_graph.is(id, Kind::persistent)) {
      return false;
    }
    try {
      if (is_storage(m_graph, id)) {
        m_out.storages.push_back(read_storage(m_graph, id));
        charge(sizeof(StorageRef) + 1024);
        add_new(id, LeafKind::storage, m_out.storages.size(), attribute);
        return true;
      }
    } catch (const bytes::ParseError&) {
      // A storage that cannot be read is told by its id, like any other persistent object.
    }
    auto value = plain_value(m_graph, m_graph.referent(id));
    charge(sizeof(Value) + (value ? value_cost(*value) : 0));
    m_out.values.push_back(value ? std::move(*value) : Value());
    add_new(id, LeafKind::persistent, m_out.values.size(), attribute);
    return true;
  }

  void enter(NodeId id, bool attribute) {
    if (m_frames.size() >= m_limits.depth) {
      add_leaf(id, LeafKind::too_deep, 0, attribute);
      return;
    }
    if (is_opaque_object(m_graph, id)) {
      m_out.classes.push_back(class_of(m_graph, id));
      charge(sizeof(std::string) + m_out.classes.back().size());
      add_leaf(id, LeafKind::opaque, m_out.classes.size() - 1, attribute);
    }
    auto children = children_of(m_graph, id);
    m_steps += children.size();
    if (children.empty() && is_mapping(m_graph, id)) {
      m_out.values.emplace_back(Value::Object{});
      add_leaf(id, LeafKind::value, m_out.values.size() - 1, attribute);
    }
    charge(children.size() * sizeof(Child));
    m_on_path[id] = true;
    m_frames.push_back({id, std::move(children), 0, m_name.size(), attribute});
  }

  void add_new(NodeId id, LeafKind kind, std::size_t count, bool attribute) {
    m_known.emplace(id, std::pair{kind, count - 1});
    charge(64);  // about what the entry of the map costs
    add_leaf(id, kind, count - 1, attribute);
  }

  void add_leaf(NodeId id, LeafKind kind, std::size_t index, bool attribute) {
    m_out.leaves.push_back({m_name, id, kind, index, attribute});
    charge(sizeof(Leaf) + m_name.size());
    if (m_out.leaves.size() >= m_limits.leaves) {
      m_out.capped = "more than " + std::to_string(m_limits.leaves) + " things";
    }
  }

  void charge(std::uint64_t bytes) {
    m_memory += bytes;
    if (m_memory > m_limits.memory) {
      m_out.capped = "more than " + std::to_string(m_limits.memory) + " bytes of names and descriptions";
    }
  }

  static std::uint64_t cost(const TensorRef& tensor) {
    auto out = sizeof(TensorRef) + (tensor.size.size() + tensor.stride.size()) * 8 + tensor.problem.size();
    for (const auto& part : tensor.components) {
      out += cost_of_part(part.tensor);
    }
    return out;
  }
  static std::uint64_t cost_of_part(const TensorRef& tensor) {
    return sizeof(TensorComponent) + (tensor.size.size() + tensor.stride.size()) * 8;
  }
  static std::uint64_t value_cost(const Value& value) {
    const auto* text = value.if_string();
    std::uint64_t out = text == nullptr ? 0 : text->size();
    if (const auto* array = value.if_array()) {
      for (const auto& item : *array) {
        out += sizeof(Value) + (item.if_string() == nullptr ? 0 : item.if_string()->size());
      }
    }
    return out;
  }

  const Graph& m_graph;
  const WalkLimits& m_limits;
  Objects m_out;
  std::string m_name;
  std::vector<Frame> m_frames;
  std::vector<bool> m_on_path;
  std::unordered_map<NodeId, std::pair<LeafKind, std::size_t>> m_known;
  std::uint64_t m_steps = 0;
  std::uint64_t m_memory = 0;
};

}  // namespace

Objects list_objects(const Program& program, const WalkLimits& limits) {
  return list_objects(program.graph, program.root, limits);
}

Objects list_objects(const Graph& graph, NodeId root, const WalkLimits& limits) {
  return Walker(graph, limits).walk(root);
}

}  // namespace upinspect::pickle
