// SPDX-License-Identifier: Apache-2.0
#include "pickle/weights_only.hpp"

#include "pickle/known_globals.hpp"
#include "pickle/python2_names.hpp"
#include "pickle/torch_dtypes.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace upinspect::pickle {

namespace {

constexpr Opcode k_taken[] = {
    Opcode::proto,      Opcode::stop,        Opcode::global,          Opcode::newobj,      Opcode::reduce,
    Opcode::build,      Opcode::append,      Opcode::appends,         Opcode::setitem,     Opcode::setitems,
    Opcode::mark,       Opcode::tuple,       Opcode::tuple1,          Opcode::tuple2,      Opcode::tuple3,
    Opcode::none,       Opcode::newtrue,     Opcode::newfalse,        Opcode::empty_tuple, Opcode::empty_list,
    Opcode::empty_dict, Opcode::empty_set,   Opcode::binint,          Opcode::binint1,     Opcode::binint2,
    Opcode::binfloat,   Opcode::binunicode,  Opcode::short_binstring, Opcode::long1,       Opcode::binpersid,
    Opcode::binget,     Opcode::long_binget, Opcode::binput,          Opcode::long_binput,
};

/// Where torch knows the class but wants it imported first.
constexpr std::string_view k_distributed[] = {
    "torch.distributed.device_mesh.DeviceMesh",
    "torch.distributed.tensor._dtensor_spec.DTensorSpec",
    "torch.distributed.tensor._dtensor_spec.TensorMeta",
    "torch.distributed.tensor.DTensor",
    "torch.distributed.tensor.placement_types.Partial",
    "torch.distributed.tensor.placement_types.Replicate",
    "torch.distributed.tensor.placement_types.Shard",
};

/// The rules, applied to each opcode before it runs. They answer why it is refused; empty where it is not.
class Policy {
 public:
  explicit Policy(const Step& step) : m_step(step), m_graph(step.graph) {}

  std::string refusal() const {
    const auto code = m_step.opcode.code;
    if (std::find(std::begin(k_taken), std::end(k_taken), code) == std::end(k_taken)) {
      return fmt::format("Unsupported operand {} ({})", static_cast<unsigned>(code), m_step.opcode.name);
    }
    switch (code) {
      case Opcode::global: return of_global();
      case Opcode::reduce: return of_reduce();
      case Opcode::newobj: return of_newobj();
      case Opcode::build: return of_build();
      case Opcode::append: return of_append(from_top(1));
      case Opcode::appends: return of_append(below_mark());
      case Opcode::setitem: return of_setitem(from_top(2));
      case Opcode::setitems: return of_setitem(below_mark());
      case Opcode::binpersid: return of_persid();
      default: return {};
    }
  }

 private:
  NodeId from_top(std::size_t depth) const {
    return depth < m_step.stack.size() ? m_step.stack[m_step.stack.size() - 1 - depth] : k_no_node;
  }
  NodeId below_mark() const {
    const bool there = !m_step.marks.empty() && m_step.marks.back() > 0;
    return there ? m_step.stack[m_step.marks.back() - 1] : k_no_node;
  }
  std::string type_of(NodeId id) const { return id == k_no_node ? "nothing" : m_graph.type_name(id); }

  std::string of_global() const {
    const auto name = in_python3(m_step.argument.text.value, m_step.argument.name);
    for (const auto* blocked : {"sys", "os", "posix", "nt"}) {
      if (name.module == blocked) {
        return fmt::format("Trying to load unsupported GLOBAL {} whose module {} is blocked", name.dotted(), blocked);
      }
    }
    if (weights_only_allows(name)) {
      return {};
    }
    const auto path = name.dotted();
    if (std::find(std::begin(k_distributed), std::end(k_distributed), path) != std::end(k_distributed)) {
      return "torch.distributed.tensor must be imported to load DTensors";
    }
    return fmt::format("Unsupported global: GLOBAL {} was not an allowed global by default", path);
  }

  /// dtypes, quantisation schemes and legacy storages are on torch's list but are not functions.
  bool callable(const GlobalName& name) const {
    const bool scheme = name.module == "torch" && name.name.starts_with("per_");
    const bool dtype = name.module == "torch" && torch_dtype(name.name) != nullptr;
    return !scheme && !dtype && dtype_of_storage(name.name) == nullptr;
  }
  std::string of_reduce() const {
    const auto function = from_top(1);
    const auto* name = function == k_no_node ? nullptr : m_graph.global(function);
    if (name == nullptr) {
      return "Trying to call reduce for unrecognized function, an object of type " + type_of(function);
    }
    return callable(*name) ? std::string() : name->dotted() + " is not callable";
  }
  std::string of_newobj() const {
    const auto made = from_top(1);
    const auto* name = made == k_no_node ? nullptr : m_graph.global(made);
    if (name == nullptr) {
      return "Can only create new object for nn.Parameter or classes allowlisted via `add_safe_globals`, but got " +
             type_of(made);
    }
    const bool function = name->name.starts_with('_') || name->name == "encode";
    return callable(*name) && !function ? std::string() : name->dotted() + " is not a class";
  }
  /// True for what torch's functions return: tensors and parameters, and the classes that BUILD knows.
  bool buildable(NodeId id) const {
    const auto* name = id == k_no_node ? nullptr : m_graph.callee(id);
    if (name == nullptr) {
      return false;
    }
    const bool rebuilt = name->module == "torch._utils" || name->module == "torch._tensor";
    const bool container = name->module == "collections" && (name->name == "OrderedDict" || name->name == "Counter");
    return rebuilt || container || name->is("torch.nn.parameter", "Parameter") || is_tensor_class(name->name);
  }
  std::string of_build() const {
    const auto target = from_top(1);
    return buildable(target) ? std::string()
                             : "Can only build Tensor, Parameter, OrderedDict or types allowlisted via "
                               "`add_safe_globals`, but got " + type_of(target);
  }
  std::string of_append(NodeId target) const {
    return m_graph.is(target, Kind::list) ? std::string() : "Can only append to lists, but got " + type_of(target);
  }
  std::string of_setitem(NodeId target) const {
    const auto* name = target == k_no_node ? nullptr : m_graph.callee(target);
    const bool mapping =
        name != nullptr && (name->is("collections", "OrderedDict") || name->is("collections", "Counter"));
    return m_graph.is(target, Kind::dict) || mapping
               ? std::string()
               : fmt::format("Can only {} for dict, collections.OrderedDict, collections.Counter, but got {}",
                             m_step.opcode.name, type_of(target));
  }
  std::string of_persid() const {
    const auto id = from_top(0);
    if (m_graph.is(id, Kind::integer) || m_graph.is(id, Kind::big_integer)) {
      return {};
    }
    if (!m_graph.is(id, Kind::tuple)) {
      return "persistent_load id must be tuple or int, but got " + type_of(id);
    }
    const auto items = m_graph.items(id);
    const bool storage = items.empty() || m_graph.text(items[0]) == "storage";
    return storage ? std::string() : "Only persistent_load of storage is allowed, but got " + type_of(items[0]);
  }

  const Step& m_step;
  const Graph& m_graph;
};

}  // namespace

WeightsOnly weights_only(const bytes::Source& source, std::uint64_t start, const Options& options) {
  WeightsOnly out;
  auto rules = options;
  rules.any_protocol = true;
  rules.any_arguments = true;
  rules.arguments.legacy_strings = LegacyStrings::utf8;
  rules.observer = [&out](const Step& step) {
    out.reason = Policy(step).refusal();
    if (out.reason.empty()) {
      return Continue::yes;
    }
    out.offset = step.offset;
    return Continue::no;
  };
  const auto program = run(source, start, rules);
  if (program.failure && out.reason.empty()) {
    out.reason = program.failure->opcode.empty() ? program.failure->message
                                                 : program.failure->opcode + ": " + program.failure->message;
    out.offset = program.failure->offset;
  }
  out.loads = program.complete();
  return out;
}

}  // namespace upinspect::pickle
