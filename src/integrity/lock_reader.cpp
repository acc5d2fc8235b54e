// SPDX-License-Identifier: Apache-2.0
// lock   = { "schema": "upinspect.lock/1", "files": [ file... ] }
// file   = { "path", "size", "sha256", "format", "content"?, "metadata"?, "tensors": [ tensor... ] }
// tensor = { "name", "dtype", "shape": [size...], "sha256"? }
// A text that is not UTF-8 has its bytes in "<key>_hex" beside it.
#include "bytes/json_reader.hpp"
#include "bytes/limit_reached.hpp"
#include "bytes/parse_error.hpp"
#include "integrity/whole_text.hpp"

#include <set>
#include <string_view>

namespace upinspect {

namespace {

constexpr std::uint64_t k_largest_lock = std::uint64_t{256} << 20;
constexpr std::uint64_t k_lock_tree = std::uint64_t{1} << 30;

/// One object of the lock; whatever is not asked for by `done` is an error.
class Members {
 public:
  Members(const Value& value, std::string place) : m_place(std::move(place)) {
    m_object = value.if_object();
    if (m_object == nullptr) {
      refuse("expected an object");
    }
    for (const auto& [key, member] : *m_object) {
      if (!m_left.insert(key).second) {
        refuse("the key \"" + key + "\" stands twice");
      }
    }
  }

  [[nodiscard]] std::string text(const std::string& key, bool required = true) {
    const auto* value = take(key, required);
    if (value == nullptr) {
      return {};
    }
    const auto* string = value->if_string();
    if (string == nullptr) {
      refuse(key + ": expected a text");
    }
    const auto* hex = take(key + "_hex", false);
    return hex == nullptr ? *string : from_hex(*hex, key + "_hex");
  }

  [[nodiscard]] std::string sha256(const std::string& key, bool required = true) {
    auto digits = text(key, required);
    if ((required || !digits.empty()) && !integrity::is_sha256(digits)) {
      refuse(key + ": expected a SHA-256, 64 hex digits");
    }
    return digits;
  }

  [[nodiscard]] std::uint64_t number(const std::string& key) { return as_number(*take(key, true), key); }

  [[nodiscard]] const Value::Array& list(const std::string& key) {
    const auto* array = take(key, true)->if_array();
    if (array == nullptr) {
      refuse(key + ": expected a list");
    }
    return *array;
  }

  [[nodiscard]] std::uint64_t as_number(const Value& value, const std::string& key) const {
    if (const auto* positive = std::get_if<std::uint64_t>(&value.data)) {
      return *positive;
    }
    const auto* number = std::get_if<std::int64_t>(&value.data);
    if (number == nullptr || *number < 0) {
      refuse(key + ": expected a whole number from 0 to 2^64 - 1");
    }
    return static_cast<std::uint64_t>(*number);
  }

  void done() const {
    if (!m_left.empty()) {
      refuse("the key \"" + *m_left.begin() + "\" is not known");
    }
  }

  /// An exception's text ends at its first NUL.
  [[noreturn]] void refuse(std::string why) const {
    for (auto at = why.find('\0'); at != std::string::npos; at = why.find('\0', at)) {
      why.replace(at, 1, "\\0");
    }
    throw ExpectationError(m_place + ": " + why);
  }

 private:
  const Value* take(const std::string& key, bool required) {
    if (m_left.erase(key) == 0) {
      if (required) {
        refuse("\"" + key + "\" is missing");
      }
      return nullptr;
    }
    for (const auto& [name, value] : *m_object) {
      if (name == key) {
        return &value;
      }
    }
    return nullptr;
  }

  [[nodiscard]] std::string from_hex(const Value& value, const std::string& key) const {
    const auto* digits = value.if_string();
    constexpr std::string_view k_digits = "0123456789abcdef";
    if (digits == nullptr || digits->size() % 2 != 0 || digits->find_first_not_of(k_digits) != std::string::npos) {
      refuse(key + ": expected pairs of lower-case hex digits");
    }
    std::string bytes;
    for (std::size_t i = 0; i < digits->size(); i += 2) {
      bytes += static_cast<char>(k_digits.find((*digits)[i]) << 4 | k_digits.find((*digits)[i + 1]));
    }
    return bytes;
  }

  std::string m_place;
  const Value::Object* m_object = nullptr;
  std::set<std::string> m_left;
};

/// Why a path cannot be one of a lock; empty where it can.
std::string fault_of(const std::string& path) {
  if (path.empty() || path.front() == '/' || path.find('\0') != std::string::npos) {
    return "is no path from the folder of the lock";
  }
  for (std::size_t start = 0; start <= path.size();) {
    const auto end = std::min(path.find('/', start), path.size());
    const auto part = std::string_view(path).substr(start, end - start);
    if (part == "..") {
      return "leads out of the folder of the lock";
    }
    if (part.empty() || part == ".") {
      return "is not written in its shortest form";
    }
    start = end + 1;
  }
  return {};
}

LockedTensor tensor_of(const Value& value, const std::string& place) {
  Members members(value, place);
  LockedTensor tensor;
  tensor.name = members.text("name");
  tensor.dtype = members.text("dtype");
  for (const auto& size : members.list("shape")) {
    tensor.shape.push_back(members.as_number(size, "shape"));
  }
  tensor.sha256 = members.sha256("sha256", false);
  members.done();
  return tensor;
}

LockedFile file_of(const Value& value, const std::string& place) {
  Members members(value, place);
  LockedFile file;
  file.path = members.text("path");
  if (const auto fault = fault_of(file.path); !fault.empty()) {
    members.refuse("path: \"" + file.path + "\" " + fault);
  }
  file.size = members.number("size");
  file.sha256 = members.sha256("sha256");
  file.format = members.text("format");
  file.content = members.sha256("content", false);
  file.metadata = members.sha256("metadata", false);
  const auto& tensors = members.list("tensors");
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    file.tensors.push_back(tensor_of(tensors[i], place + ".tensors[" + std::to_string(i) + "]"));
  }
  members.done();
  return file;
}

Value parsed(const std::string& path) {
  const auto text = integrity::whole_text(path, k_largest_lock);
  try {
    bytes::require_utf8(text, 0, "lock");
    return bytes::parse_json(text, 0, "lock", k_lock_tree);
  } catch (const bytes::ParseError& error) {
    throw ExpectationError(path + ": offset " + std::to_string(error.offset()) + ": " + error.what());
  } catch (const bytes::LimitReached& limit) {
    throw ExpectationError(path + ": " + limit.what());
  }
}

}  // namespace

std::vector<LockedFile> read_lock(const std::string& path) {
  const auto value = parsed(path);
  Members members(value, path);
  if (const auto schema = members.text("schema"); schema != "upinspect.lock/1") {
    members.refuse("schema: expected \"upinspect.lock/1\", found \"" + schema + "\"");
  }
  std::vector<LockedFile> files;
  std::set<std::string> seen;
  const auto& list = members.list("files");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto place = path + ": files[" + std::to_string(i) + "]";
    files.push_back(file_of(list[i], place));
    if (!seen.insert(files.back().path).second) {
      throw ExpectationError(place + ": path: \"" + files.back().path + "\" stands twice");
    }
  }
  members.done();
  return files;
}

}  // namespace upinspect
