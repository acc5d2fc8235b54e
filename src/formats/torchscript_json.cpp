// SPDX-License-Identifier: Apache-2.0
// model.json is torch's ModelDef message (caffe2/proto/torch.proto) in protobuf's JSON, where 64-bit integers may be
// texts:
//
//   {"mainModule": {"name": ..., "parameters": [{"name": ..., "tensorId": "0", "isBuffer": false}...],
//                   "submodules": [...]},
//    "tensors": [{"dims": ["3", "4"], "offset": "0", "strides": ["4", "1"], "dataType": "FLOAT",
//                 "data": {"key": "tensors/0"}, "device": "cpu"}...]}
#include "formats/torchscript_json.hpp"

#include "bytes/json_reader.hpp"
#include "bytes/parse_error.hpp"
#include "model/builder.hpp"

#include <array>
#include <charconv>

namespace upinspect::formats {

namespace {

constexpr std::uint64_t k_longest = std::uint64_t{16} << 20;
constexpr std::size_t k_most_modules = 1'000'000;

struct DataType {
  std::string_view name;
  Dtype dtype;
};

/// TensorProto.DataType of caffe2; absent is 0, which is no type.
constexpr std::array k_types{
    DataType{"FLOAT", Dtype::f32},  DataType{"DOUBLE", Dtype::f64}, DataType{"FLOAT16", Dtype::f16},
    DataType{"INT32", Dtype::i32},  DataType{"INT64", Dtype::i64},  DataType{"INT16", Dtype::i16},
    DataType{"INT8", Dtype::i8},    DataType{"UINT8", Dtype::u8},   DataType{"BYTE", Dtype::u8},
    DataType{"BOOL", Dtype::boolean},
};

const Value* member(const Value& object, const std::string& camel, const std::string& snake) {
  const auto* found = object.find(camel);
  return found != nullptr ? found : object.find(snake);
}

/// A 64-bit integer, written as number or text; 0 where it is absent, as protobuf has it.
std::int64_t integer(const Value* value, const std::string& what) {
  if (value == nullptr) {
    return 0;
  }
  if (const auto* number = std::get_if<std::int64_t>(&value->data)) {
    return *number;
  }
  if (const auto* number = std::get_if<std::uint64_t>(&value->data); number != nullptr && *number <= INT64_MAX) {
    return static_cast<std::int64_t>(*number);
  }
  std::int64_t out = 0;
  if (const auto* text = value->if_string()) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
    if (error == std::errc{} && end == text->data() + text->size()) {
      return out;
    }
  }
  throw bytes::ParseError(0, "model.json: " + what, "expected an integer");
}

std::vector<std::int64_t> integers(const Value* value, const std::string& what) {
  std::vector<std::int64_t> out;
  if (value != nullptr && value->if_array() != nullptr) {
    for (const auto& item : *value->if_array()) {
      out.push_back(integer(&item, what));
    }
  }
  return out;
}

std::string text_of(const Value* value) {
  return value != nullptr && value->if_string() != nullptr ? *value->if_string() : std::string();
}

class JsonModel {
 public:
  JsonModel(TorchArchive& archive, model::Builder& builder, const Value& root)
      : m_archive(archive), m_builder(builder), m_root(root) {}

  void add();

 private:
  void name_tensors();
  void name_parameters(const Value& module, const std::string& path);
  void add_tensor(const Value& described, const std::string& name);
  [[nodiscard]] Tensor described(const Value& message, const std::string& name, pickle::TensorRef& view) const;

  TorchArchive& m_archive;
  model::Builder& m_builder;
  const Value& m_root;
  std::vector<std::string> m_names;  ///< by the tensor's number; empty where no module has it
};

void JsonModel::name_parameters(const Value& module, const std::string& path) {
  const auto* parameters = module.find("parameters");
  if (parameters == nullptr || parameters->if_array() == nullptr) {
    return;
  }
  for (const auto& parameter : *parameters->if_array()) {
    const auto number = integer(member(parameter, "tensorId", "tensor_id"), "tensorId");
    if (number >= 0 && static_cast<std::size_t>(number) < m_names.size()) {
      m_names[static_cast<std::size_t>(number)] = path + text_of(parameter.find("name"));
    }
  }
}

/// The tree of modules, by a list of what is still to be visited.
void JsonModel::name_tensors() {
  const auto* main = member(m_root, "mainModule", "main_module");
  std::vector<std::pair<const Value*, std::string>> waiting;
  if (main != nullptr) {
    waiting.emplace_back(main, "");
  }
  for (std::size_t visited = 0; !waiting.empty() && visited < k_most_modules; ++visited) {
    const auto [module, path] = waiting.back();
    waiting.pop_back();
    name_parameters(*module, path);
    const auto* inner = module->find("submodules");
    if (inner == nullptr || inner->if_array() == nullptr) {
      continue;
    }
    for (const auto& submodule : *inner->if_array()) {
      waiting.emplace_back(&submodule, path + text_of(submodule.find("name")) + ".");
    }
  }
}

Tensor JsonModel::described(const Value& message, const std::string& name, pickle::TensorRef& view) const {
  Tensor tensor;
  tensor.name = name;
  const auto type = text_of(member(message, "dataType", "data_type"));
  for (const auto& row : k_types) {
    tensor.dtype = row.name == type ? row.dtype : tensor.dtype;
  }
  tensor.dtype_name = tensor.dtype == Dtype::other ? type : "";
  view.size = integers(message.find("dims"), "dims");
  view.stride = integers(message.find("strides"), "strides");
  view.storage_offset = integer(message.find("offset"), "offset");
  for (const auto dimension : view.size) {
    if (dimension < 0) {
      throw bytes::ParseError(0, "model.json: dims", "has the negative dimension " + std::to_string(dimension));
    }
    tensor.shape.push_back(static_cast<std::uint64_t>(dimension));
  }
  return tensor;
}

void JsonModel::add_tensor(const Value& message, const std::string& name) {
  pickle::TensorRef view;
  auto tensor = described(message, name, view);
  const auto* data = message.find("data");
  const auto key = data == nullptr ? std::string() : text_of(data->find("key"));
  const auto found = m_archive.find_storage({""}, key);
  if (!found) {
    tensor.unread = "its record \"" + key + "\" is missing";
    m_builder.find("torch.missing-storage", Severity::error, "the record \"" + key + "\" is not in the archive", std::nullopt, name);
    m_builder.add(std::move(tensor));
    return;
  }
  tensor.location.packed = found->packed;
  tensor.location.packing = found->packing;
  tensor.location.order = found->order;
  tensor.location.entry = found->entry;
  tensor.location.storage_bytes = found->bytes;
  const auto width = info(tensor.dtype).block_bytes;
  const auto why = width == 0 ? std::string() : pickle::view_problem(view, found->bytes / width);
  tensor.unread = width == 0 ? "its type \"" + tensor.dtype_name + "\" is none that is known" : why.empty() ? "" : "the view " + why;
  if (tensor.unread.empty()) {
    tensor.location.strides = view.stride;
    tensor.location.storage_offset = static_cast<std::uint64_t>(view.storage_offset);
  } else {
    m_builder.find("tensor.malformed", Severity::error, tensor.unread, std::nullopt, name);
  }
  m_builder.add(std::move(tensor));
}

void JsonModel::add() {
  const auto* tensors = m_root.find("tensors");
  if (tensors == nullptr || tensors->if_array() == nullptr) {
    return;
  }
  m_names.resize(tensors->if_array()->size());
  name_tensors();
  for (std::size_t i = 0; i < m_names.size(); ++i) {
    add_tensor((*tensors->if_array())[i], m_names[i].empty() ? "tensors." + std::to_string(i) : m_names[i]);
  }
}

}  // namespace

void read_script_json(TorchArchive& archive, model::Builder& builder) {
  const auto text = archive.content("model.json", k_longest);
  const auto place = archive.record("model.json")->data;
  try {
    const auto root = bytes::parse_json(text, 0, "model.json");
    builder.detail("producer_version", text_of(member(root, "producerVersion", "producer_version")));
    builder.detail("proto_version", integer(member(root, "protoVersion", "proto_version"), "protoVersion"));
    JsonModel(archive, builder, root).add();
  } catch (const bytes::ParseError& error) {
    builder.find("container.malformed", Severity::error, error.what(), place);
  }
  if (archive.record("attributes.pkl") != nullptr) {
    archive.read_pickle({"attributes.pkl", {"tensors/"}, "attributes", {}});
  }
  archive.report_unused({"tensors/"});
}

}  // namespace upinspect::formats
