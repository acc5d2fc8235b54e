// SPDX-License-Identifier: Apache-2.0
// Which of several entries torch 1.13 loaded; found by running it.
#include "containers/zip_torch_lookup.hpp"

#include "support/catch.hpp"
#include "support/zip_reading.hpp"

using namespace upinspect;
using namespace upinspect::containers;
using namespace upinspect::test;

namespace {

/// The position, of the entries in order, of the one that torch finds under `wanted`; -1 for none.
std::ptrdiff_t found(const std::vector<std::string>& names, std::string_view wanted) {
  ZipBuilder zip;
  for (const auto& name : names) {
    zip.add(name, "data");
  }
  const auto directory = read_archive(zip.build()).directory;
  const auto* entry = TorchLookup(directory).find(wanted);
  return entry == nullptr ? -1 : entry - directory.entries.data();
}

std::ptrdiff_t with_extras(std::size_t extras) {
  std::vector<std::string> names{"archive/data.pkl", "archive/data/0", "archive/version"};
  names.insert(names.end(), extras, "archive/data.pkl");
  return found(names, "archive/data.pkl");
}

}  // namespace

TEST_CASE("of entries with one name torch reads one that depends on their number", "[zip][names]") {
  CHECK(with_extras(0) == 0);
  CHECK(with_extras(1) == 0);
  CHECK(with_extras(2) == 3);
  CHECK(with_extras(3) == 3);
  CHECK(with_extras(4) == 4);
  CHECK(with_extras(5) == 4);
}

TEST_CASE("torch ignores the case of names, and so may read another entry", "[zip][names]") {
  CHECK(found({"archive/data.pkl", "archive/DATA/0", "archive/version"}, "archive/data/0") == 1);
  CHECK(found({"archive/data.pkl", "archive/version", "archive/DATA.PKL"}, "archive/data.pkl") == 2);
  CHECK(found({"archive/data.pkl", "archive/data/0", "archive/version", "archive/DATA/0"}, "archive/data/0") == 1);
  CHECK(found({"archive/data.pkl", "archive/version"}, "archive/data") == -1);
  CHECK(found({"archive/data\\0", "archive/version"}, "archive/data/0") == -1);
}
