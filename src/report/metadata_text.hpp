// SPDX-License-Identifier: Apache-2.0
// Metadata and format details for people: short values whole, long ones summed up with their size.
#pragma once

#include "report/facts.hpp"
#include "upinspect/value.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upinspect::report {

/// `value` on one line of at most `columns`: a scalar as it is, a long text cut with its length told, JSON inside a text
/// and nested values as what they are ("JSON object, 12 members, 34,567 bytes"; "array of 32,000 strings").
[[nodiscard]] std::string value_text(const Value& value, std::size_t columns, const TextStyle& style);

/// The members of a format.detail that are worth a line.
using Details = std::vector<std::pair<std::string, const Value*>>;

/// All members of `detail` but those named in `skip`.
[[nodiscard]] Details details_of(const Value& detail, const std::vector<std::string_view>& skip);

/// A line per detail; arrays of texts become lists.
void add_details(Facts& facts, const Details& details);

/// The label column's width that the details ask for, within reason.
[[nodiscard]] std::size_t detail_label_columns(const Details& details, const TextStyle& style);

/// The block "metadata": a line per entry, the first ones only unless verbose. Nothing where there is none.
void add_metadata(Facts& facts, const Value& metadata);

}  // namespace upinspect::report
