// SPDX-License-Identifier: Apache-2.0
// Says what a weight file is and which tensors it holds, with the installed library.
#include <upinspect/inspect.hpp>

#include <iostream>

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "usage: example FILE\n";
    return 2;
  }
  try {
    const auto artifact = upinspect::inspect_file(arguments[1]);
    std::cout << artifact.format.id << ' ' << artifact.size << ' ' << artifact.digests.sha256.value_or("") << '\n';
    for (const auto& tensor : artifact.tensors) {
      std::cout << tensor.name << ' ' << tensor.dtype_name << ' ' << tensor.elements << '\n';
    }
  } catch (const upinspect::InputError& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}
