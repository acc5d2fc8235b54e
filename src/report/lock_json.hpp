// SPDX-License-Identifier: Apache-2.0
// Lock files: schema upinspect.lock/1.
#pragma once

#include "report/json_writer.hpp"
#include "upinspect/integrity.hpp"

#include <span>

namespace upinspect::report {

/// A whole document with its line end; the files in the order given. The same files give the same bytes.
void write_lock(JsonWriter& out, std::span<const LockedFile> files);

}  // namespace upinspect::report
