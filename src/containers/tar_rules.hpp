// SPDX-License-Identifier: Apache-2.0
// The rules that the tar reader checks, in one table.
#pragma once

#include "containers/finding_log.hpp"

namespace upinspect::containers {

namespace tar_rules {
using enum Severity;

inline constexpr Rule k_bad_header{"tar.bad-header", error, "a block that is no header where one is due"};
inline constexpr Rule k_no_end{"tar.no-end", warning, "no zero block ends the archive"};
inline constexpr Rule k_after_end{"tar.data-after-end", warning, "bytes after the end of the archive"};
inline constexpr Rule k_member_cut{"tar.member-cut", error, "a member's data is cut short"};
inline constexpr Rule k_limit{"tar.limit", error, "more than is read"};
inline constexpr Rule k_signed_checksum{"tar.signed-checksum", note, "a header checksum that sums signed bytes"};
inline constexpr Rule k_negative_size{"tar.negative-size", error, "a member of negative size"};
inline constexpr Rule k_bad_number{"tar.bad-number", warning, "a header field that is no number"};
inline constexpr Rule k_size_differs{"tar.size-differs", error, "header and pax record give different sizes"};
inline constexpr Rule k_size_unused{"tar.size-of-no-file", warning, "a size on a member that has no data"};
inline constexpr Rule k_pax_record{"tar.pax-record", error, "a pax record that does not add up"};
inline constexpr Rule k_global_override{"tar.global-override", error, "a global header overrides names or sizes"};
inline constexpr Rule k_extension{"tar.repeated-extension", error, "more than one extension header names a member"};
inline constexpr Rule k_lone_extension{"tar.lone-extension", warning, "an extension header without a member"};
inline constexpr Rule k_duplicate{"tar.duplicate-name", error, "two members have one name"};
inline constexpr Rule k_unsafe_name{"tar.unsafe-name", warning, "a name that would escape the folder or mislead"};
inline constexpr Rule k_link{"tar.link", warning, "a member is a link"};
inline constexpr Rule k_special{"tar.special-file", warning, "a member is a device, a FIFO or unknown"};
inline constexpr Rule k_sparse{"tar.sparse", note, "a member is stored with holes"};
inline constexpr Rule k_padding{"tar.padding-content", warning, "padding holds something else than zeros"};

inline constexpr Rule k_all[] = {k_bad_header,    k_no_end,      k_after_end,       k_member_cut,  k_limit,
                                 k_signed_checksum, k_negative_size, k_bad_number,  k_size_differs, k_size_unused,
                                 k_pax_record,    k_global_override, k_extension,   k_lone_extension, k_duplicate,
                                 k_unsafe_name,   k_link,        k_special,         k_sparse,      k_padding};
}  // namespace tar_rules

}  // namespace upinspect::containers
