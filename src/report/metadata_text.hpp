// SPDX-License-Identifier: Apache-2.0
// Metadata and format details for people: short values whole, long ones summed up with their size.
#pragma once

#include "report/facts.hpp"
#include "upinspect/value.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace upinspect::report {

/// `value` on one line of at most `columns`: a scalar as it is, a long text cut with its length told, JSON inside a text
/// and nested values as what they are ("JSON object, 12 members, 34,567 bytes"; "array of 32,000 strings").
[[nodiscard]] std::string value_text(const Value& value, std::size_t columns, const TextStyle& style);

/// A line per member of format.detail, but for the members named in `skip`; arrays of texts become lists.
void add_details(Facts& facts, const Value& detail, const std::vector<std::string_view>& skip);

/// The label column's width that the members of `detail` ask for, within reason.
[[nodiscard]] std::size_t detail_label_columns(const Value& detail, const TextStyle& style);

/// The block "metadata": a line per entry, the first ones only unless verbose. Nothing where there is none.
void add_metadata(Facts& facts, const Value& metadata);

}  // namespace upinspect::report
