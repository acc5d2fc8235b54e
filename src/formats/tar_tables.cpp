// SPDX-License-Identifier: Apache-2.0
#include "formats/tar_tables.hpp"

#include "bytes/checked.hpp"
#include "bytes/parse_error.hpp"
#include "formats/pickled.hpp"
#include "pickle/mapping.hpp"
#include "pickle/node_reader.hpp"
#include "pickle/torch_dtypes.hpp"

namespace upinspect::formats {

namespace {

using pickle::NodeId;
using pickle::NodeReader;

/// Pickles and fields in turn, from one member.
class TableReader {
 public:
  TableReader(model::Builder& builder, ByteRange member, const EachPickle& each)
      : m_builder(builder), m_options(pickle_options(builder.options())), m_each(each), m_in(builder.cursor(member)) {
    m_options.end = member.end();
  }

  [[nodiscard]] bytes::Cursor& in() { return m_in; }

  /// The next pickle. Throws a ParseError where it breaks off.
  pickle::Program next(std::string_view what) {
    auto program = pickle::run(m_builder.source(), m_in.offset(), m_options);
    const auto start = m_in.offset();
    m_builder.coverage.label(ByteRange{start, program.end - start}, RegionKind::structure, what);
    m_in.seek(program.end, what);
    m_each(program, what);
    if (program.failure) {
      bytes::ParseError error(program.failure->offset, std::string(what), program.failure->message);
      error.truncated = program.failure->truncated;
      throw error;
    }
    return program;
  }

  /// A pickle that is nothing but a count.
  std::uint64_t count(std::string_view what) {
    const auto program = next(what);
    const auto value = program.graph.integer(program.root);
    if (!value || *value < 0) {
      bytes::Cursor::fail_at(program.start, what, "expected a count, found '" + program.graph.type_name(program.root) + "'");
    }
    return static_cast<std::uint64_t>(*value);
  }

 private:
  model::Builder& m_builder;
  pickle::Options m_options;
  const EachPickle& m_each;
  bytes::Cursor m_in;
};

void tell(model::Builder& builder, const bytes::ParseError& error) {
  builder.find(error.truncated ? "container.truncated" : "container.malformed", Severity::error, error.what(),
               ByteRange{error.offset(), 0});
}

std::string key_of(const NodeReader& in, NodeId id) { return pickle::key_text(in.graph(), id); }

void take_type(const NodeReader& in, NodeId id, TarStorage& out) {
  const auto& name = in.global(id, "storage type");
  const auto* known = pickle::dtype_of_storage(name.name);
  if (known == nullptr) {
    in.fail(id, "storage type", name.dotted() + " is none of torch's");
  }
  out.dtype = known->dtype;
  out.dtype_name = known->shown_name();
  out.element_bytes = known->bytes;
}

void read_storage(TableReader& table, std::map<std::string, TarStorage>& out) {
  const auto program = table.next("storage header");
  const NodeReader in(program.graph);
  const auto items = in.sequence(program.root, "storage header", 3);
  TarStorage storage;
  const auto key = key_of(in, items[0]);
  storage.location = in.text(items[1], "storage location");
  take_type(in, items[2], storage);
  auto& cursor = table.in();
  const auto elements = cursor.le<std::int64_t>("storage size");
  const auto bytes = elements < 0 ? std::nullopt : bytes::checked_mul(static_cast<std::uint64_t>(elements), storage.element_bytes);
  if (!bytes) {
    cursor.fail("storage size", std::to_string(elements) + " elements cannot be");
  }
  storage.data = ByteRange{cursor.offset(), *bytes};
  cursor.skip(*bytes, "storage " + key, RegionKind::tensor);
  out.insert_or_assign(key, std::move(storage));
}

/// Parts of storages, each with a key of its own.
void read_views(TableReader& table, std::map<std::string, TarStorage>& out) {
  const auto program = table.next("storage views");
  const NodeReader in(program.graph);
  for (const auto view : in.sequence(program.root, "storage views")) {
    const auto items = in.sequence(view, "storage view", 4);
    const auto root = out.find(key_of(in, items[1]));
    const auto offset = in.integer(items[2], "offset of the storage view");
    const auto elements = in.integer(items[3], "size of the storage view");
    if (root == out.end()) {
      in.fail(items[1], "storage view", "no storage has the key " + key_of(in, items[1]));
    }
    auto part = root->second;
    const auto width = part.element_bytes;
    const auto start = offset < 0 ? std::nullopt : bytes::checked_mul(static_cast<std::uint64_t>(offset), width);
    const auto length = elements < 0 ? std::nullopt : bytes::checked_mul(static_cast<std::uint64_t>(elements), width);
    if (!start || !length || *start > part.data.length || *length > part.data.length - *start) {
      in.fail(view, "storage view", "does not lie in its storage");
    }
    part.data = ByteRange{part.data.offset + *start, *length};
    out.insert_or_assign(key_of(in, items[0]), std::move(part));
  }
}

std::vector<std::int64_t> read_numbers(bytes::Cursor& in, std::uint32_t count, std::string_view what) {
  std::vector<std::int64_t> out;
  for (std::uint32_t i = 0; i < count; ++i) {
    out.push_back(in.le<std::int64_t>(what));
  }
  return out;
}

void read_tensor(TableReader& table, std::map<std::string, TarTensor>& out) {
  constexpr std::uint32_t k_most_dimensions = 64;
  const auto program = table.next("tensor header");
  const NodeReader in(program.graph);
  const auto items = in.sequence(program.root, "tensor header", 3);
  TarTensor tensor;
  tensor.described_at = program.start;
  tensor.storage = key_of(in, items[1]);
  auto& cursor = table.in();
  bytes::Cursor::Structure whole(cursor, "tensor sizes");
  const auto dimensions = cursor.le<std::uint32_t>("number of dimensions");
  if (dimensions > k_most_dimensions) {
    cursor.fail("number of dimensions", std::to_string(dimensions) + " are more than torch allows, 64");
  }
  cursor.skip(4, "unused");
  tensor.size = read_numbers(cursor, dimensions, "size");
  tensor.stride = read_numbers(cursor, dimensions, "stride");
  tensor.storage_offset = cursor.le<std::int64_t>("storage offset");
  out.insert_or_assign(key_of(in, items[0]), std::move(tensor));
}

}  // namespace

std::map<std::string, TarStorage> read_tar_storages(model::Builder& builder, ByteRange member, const EachPickle& each) {
  std::map<std::string, TarStorage> out;
  try {
    TableReader table(builder, member, each);
    for (auto left = table.count("storage count"); left > 0; --left) {
      read_storage(table, out);
    }
    read_views(table, out);
  } catch (const bytes::ParseError& error) {
    tell(builder, error);
  }
  return out;
}

std::map<std::string, TarTensor> read_tar_tensors(model::Builder& builder, ByteRange member, const EachPickle& each) {
  std::map<std::string, TarTensor> out;
  try {
    TableReader table(builder, member, each);
    for (auto left = table.count("tensor count"); left > 0; --left) {
      read_tensor(table, out);
    }
  } catch (const bytes::ParseError& error) {
    tell(builder, error);
  }
  return out;
}

}  // namespace upinspect::formats
