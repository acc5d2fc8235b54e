// SPDX-License-Identifier: Apache-2.0
// The rules that the zip reader checks, in one table.
#pragma once

#include "containers/finding_log.hpp"

#include <span>

namespace upinspect::containers {

namespace zip_rules {
using enum Severity;

// Where the archive is in the file.
inline constexpr Rule k_leading_data{"container.leading-data", warning, "bytes before the archive"};
inline constexpr Rule k_trailing_data{"container.trailing-data", warning, "bytes after the archive"};
inline constexpr Rule k_two_directories{"zip.two-directories", error, "torch and Python's zipfile read different directories"};
inline constexpr Rule k_several_ends{"zip.several-ends", error, "more than one end of central directory"};
inline constexpr Rule k_buried_end{"zip.buried-end", error, "the end record is too far from the end of the file"};
inline constexpr Rule k_comment{"zip.comment", note, "the archive has a comment"};
inline constexpr Rule k_comment_cut{"zip.comment-cut", warning, "the archive's comment is cut short"};

// End records and directory.
inline constexpr Rule k_count{"zip.entry-count", error, "the end record counts other entries than there are"};
inline constexpr Rule k_directory_size{"zip.directory-size", error, "the directory is not as long as the end record says"};
inline constexpr Rule k_directory_cut{"zip.directory-cut", error, "the directory ends inside a record"};
inline constexpr Rule k_directory_limit{"zip.directory-limit", error, "the directory is longer than what is read of it"};
inline constexpr Rule k_zip64_end{"zip.zip64-end", error, "the zip64 end record disagrees"};
inline constexpr Rule k_zip64_locator{"zip.zip64-locator", error, "the zip64 locator does not point at the record before it"};
inline constexpr Rule k_zip64_missing{"zip.zip64-missing", error, "a size or offset is left to a zip64 field that is not there"};
inline constexpr Rule k_disks{"zip.disk-number", warning, "the archive claims to span several disks"};
inline constexpr Rule k_extra{"zip.extra-field", warning, "extra fields do not add up"};
inline constexpr Rule k_unicode_path{"zip.unicode-path", warning, "an extra field gives the entry another name"};
inline constexpr Rule k_entry_comment{"zip.entry-comment", note, "an entry has a comment"};

// Local headers against the directory.
inline constexpr Rule k_no_header{"zip.no-local-header", error, "there is no local header where the directory says"};
inline constexpr Rule k_name_differs{"zip.name-differs", error, "local header and directory name the entry differently"};
inline constexpr Rule k_method_differs{"zip.method-differs", error, "local header and directory give different methods"};
inline constexpr Rule k_flags_differ{"zip.flags-differ", warning, "local header and directory give different flags"};
inline constexpr Rule k_size_differs{"zip.size-differs", error, "local header and directory give different sizes"};
inline constexpr Rule k_crc_differs{"zip.crc-differs", error, "local header and directory give different checksums"};
inline constexpr Rule k_descriptor{"zip.data-descriptor", warning, "the data descriptor is missing or disagrees"};
inline constexpr Rule k_padding{"zip.padding-content", warning, "alignment padding holds something else than fill"};
inline constexpr Rule k_unlisted{"zip.unlisted-entry", error, "a local header that the directory does not list"};

// Names.
inline constexpr Rule k_duplicate{"zip.duplicate-name", error, "two entries have one name"};
inline constexpr Rule k_similar{"zip.similar-name", warning, "two entries differ in a way that some readers ignore"};
inline constexpr Rule k_unsafe_name{"zip.unsafe-name", warning, "a name that would escape the folder or mislead"};
inline constexpr Rule k_symlink{"zip.symlink", warning, "an entry is a symbolic link"};

// Data.
inline constexpr Rule k_encrypted{"zip.encrypted", error, "an entry is marked as encrypted"};
inline constexpr Rule k_masked{"zip.masked-directory", warning, "an entry's local header is marked as masked"};
inline constexpr Rule k_method{"zip.unknown-method", error, "an entry is packed with a method that loaders cannot read"};
inline constexpr Rule k_directory_data{"zip.directory-with-data", error, "an entry with data is marked as a directory"};
inline constexpr Rule k_stored_size{"zip.stored-size", error, "a stored entry's two sizes differ"};
inline constexpr Rule k_ratio{"zip.impossible-ratio", error, "an entry claims to unpack to more than deflate can hold"};
inline constexpr Rule k_overlap{"zip.overlapping-entries", error, "entries share bytes"};
inline constexpr Rule k_entry_cut{"zip.entry-cut", error, "an entry's data is cut short"};
inline constexpr Rule k_salvaged{"zip.no-directory", error, "there is no directory; entries come from local headers"};

inline constexpr Rule k_all[] = {
    k_leading_data, k_trailing_data, k_two_directories, k_several_ends, k_buried_end, k_comment, k_comment_cut, k_count,
    k_directory_size, k_directory_cut, k_directory_limit, k_zip64_end, k_zip64_locator, k_zip64_missing, k_disks, k_extra,
    k_unicode_path, k_entry_comment, k_no_header, k_name_differs, k_method_differs, k_flags_differ, k_size_differs,
    k_crc_differs, k_descriptor, k_padding, k_unlisted, k_duplicate, k_similar, k_unsafe_name, k_symlink, k_encrypted,
    k_masked, k_method, k_directory_data, k_stored_size, k_ratio, k_overlap, k_entry_cut, k_salvaged};
}  // namespace zip_rules

}  // namespace upinspect::containers
