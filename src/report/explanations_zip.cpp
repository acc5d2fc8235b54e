// SPDX-License-Identifier: Apache-2.0
// What findings about zip archives mean.
#include "report/explanations.hpp"

#include <array>

namespace upinspect::report {
namespace {

constexpr std::array k_zip_explanations{
    ExplainedFinding{"zip.buried-end", "The end record lies too far in",
                "The archive's end record is not where torch and zipfile look for it, or they find another one first.",
                "Those readers refuse the file or read something else, while tools that search further find this "
                "archive.",
                "Do not load it; fetch a copy that ends with its archive."},
    ExplainedFinding{"zip.comment", "The archive has a comment",
                "The end record carries a comment, whose length and text the message gives.",
                "torch writes none, and no loader reads it: another tool made or touched the archive, or left words "
                "there.",
                "Read the comment; if it says nothing to you, ask who wrote it."},
    ExplainedFinding{"zip.comment-cut", "The archive's comment is cut short",
                "The end record announces a longer comment than the bytes that follow it.",
                "The file was cut at its very end, or the length is wrong; readers differ in whether they still "
                "accept the end record.",
                "Compare the file's size with the publisher's, or fetch it again."},
    ExplainedFinding{"zip.corrupt-data", "Deflated data are damaged",
                "The compressed data of an entry are no valid deflate stream.",
                "The entry cannot be unpacked; what it held is lost or was never meant to be read.",
                {}},
    ExplainedFinding{"zip.crc-absent", "A checksum that was never computed",
                "The archive declares the CRC-32 zero for an entry whose data have another.",
                "Some writers leave checksums out, torch with compute_crc32 turned off among them. Damage in this "
                "entry cannot be told from the archive alone.",
                "Nothing is wrong as such; go by the file's SHA-256."},
    ExplainedFinding{"zip.crc-differs", "An entry has two checksums",
                "Directory and local header give different CRC-32 values.",
                "zipfile checks the directory's. The entry was changed in one place and not in the other.",
                "Compare the file's SHA-256 with the publisher's."},
    ExplainedFinding{"zip.crc-mismatch", "A checksum does not match",
                "The data of an entry have another CRC-32 than the archive declares.",
                "The data were changed or damaged after the archive was made. torch never checks it, so that such a "
                "file loads without a word.",
                {}},
    ExplainedFinding{"zip.data-descriptor", "The data descriptor is missing or disagrees",
                "An entry announces a data descriptor behind its data, and it is not there or gives another checksum "
                "or other sizes than the directory.",
                "Readers that stream need the descriptor to find where the entry ends.",
                "Ask which tool wrote the archive; compare with the publisher's SHA-256."},
    ExplainedFinding{"zip.directory-cut", "The directory breaks off",
                "A record of the central directory does not fit before the end record.",
                "The entries from there on are not known; the archive was damaged or made so.",
                "Fetch the file again."},
    ExplainedFinding{"zip.directory-limit", "The directory is longer than is read",
                "The directory goes on after the most entries or bytes that upinspect reads of one.",
                "What the rest of it lists was not inspected, so that the file is not vouched for.",
                "No checkpoint needs so many entries; do not load it unless you know why it has them."},
    ExplainedFinding{"zip.directory-size", "The directory's length is wrong",
                "The end record gives the central directory another length than its records take.",
                "zipfile goes by that length and may see fewer or other entries than torch does.",
                "Do not load it before you know which entries were meant."},
    ExplainedFinding{"zip.directory-with-data", "A directory entry that has data",
                "An entry is marked as a directory but has data.",
                "torch reads uninitialised memory in their place, zipfile reads the data.",
                "Do not load it; no honest writer makes such an entry."},
    ExplainedFinding{"zip.disk-number", "The archive claims several disks",
                "A disk number in the end record, the locator or an entry is not zero.",
                "torch refuses such archives, zipfile reads on: a way to be opened by one and not by the other.",
                "Ask for an archive in one piece."},
    ExplainedFinding{"zip.duplicate-name", "Two entries have one name",
                "Two entries of the directory bear the same name.",
                "zipfile takes the last, torch may take either: a scanner can judge one pickle and torch load the "
                "other.",
                "Do not load it; no honest writer makes such a file."},
    ExplainedFinding{"zip.encrypted", "An entry is marked as encrypted",
                "The flags of an entry say that its data are encrypted.",
                "torch and zipfile refuse the entry, and scanners may pass over it as unreadable: what it holds was "
                "not inspected.",
                "Do not load it; ask for a file without a password."},
    ExplainedFinding{"zip.entry-comment", "An entry has a comment",
                "An entry of the central directory carries a comment.",
                "torch writes none and no loader reads it; it is room for words or data.",
                "Look at it before you pass the file on."},
    ExplainedFinding{"zip.entry-count", "The count of entries is wrong",
                "The end record counts another number of entries than the central directory holds.",
                "torch goes by the count and zipfile by the directory's bytes, so that each can see entries that the "
                "other does not.",
                "Do not load it before you know which entries were meant; upinspect lists those of the directory."},
    ExplainedFinding{"zip.entry-cut", "An entry's data is cut short",
                "An entry is longer than the bytes that the file has for it, or has no known end.",
                "The file broke off; loaders refuse it or fail while they read the tensor.",
                "Fetch the file again and compare its size with the publisher's."},
    ExplainedFinding{"zip.extra-field", "Extra fields do not add up",
                "The extra fields of an entry, in the directory or in its local header, end in bytes that form no "
                "field.",
                "Readers skip them, so that they can carry data, and some readers give up on the entry.",
                "Look at the bytes at the offset given; ask which tool wrote the archive."},
    ExplainedFinding{"zip.flags-differ", "An entry's flags differ",
                "The general flags of an entry differ between directory and local header.",
                "torch and zipfile go by the directory; readers that stream may take the entry for encrypted or "
                "expect a descriptor.",
                "Ask which tool wrote the archive; torch writes both alike."},
    ExplainedFinding{"zip.impossible-ratio", "An entry that unpacks to too much",
                "An entry claims to unpack to more than 1032 times its packed size, which is the most that deflate "
                "can hold.",
                "The size is wrong, or the entry is a bomb meant to exhaust memory.",
                "Do not load it."},
    ExplainedFinding{"zip.masked-directory", "A local header is marked as masked",
                "Bit 13 of an entry's flags says that its local header is masked, as central directory encryption "
                "does.",
                "torch refuses the archive, zipfile ignores the mark: a way to be seen by a scanner and not by "
                "torch, or the reverse.",
                "Ask which tool wrote the archive."},
    ExplainedFinding{"zip.method-differs", "An entry has two compression methods",
                "Directory and local header name different compression methods.",
                "torch and zipfile follow the directory; what reads local headers unpacks other bytes or fails.",
                "Do not load it before you know which was meant."},
    ExplainedFinding{"zip.name-differs", "An entry has two names",
                "The local header names the entry otherwise than the directory does.",
                "torch goes by the directory, readers that stream go by the local header, and zipfile refuses the "
                "entry: a checker and a loader can take it for different records.",
                "Do not load it; no honest writer makes such a file."},
    ExplainedFinding{"zip.no-directory", "The archive has no directory",
                "No usable central directory was found; what is listed was gathered from the local headers that are "
                "left.",
                "torch and zipfile refuse such a file. It was cut before its end, where the directory stands.",
                "Fetch the file again; the entries that are whole can be looked at meanwhile."},
    ExplainedFinding{"zip.no-local-header", "No local header where one is due",
                "The directory says that an entry begins at an offset where no local header stands.",
                "The entry's data cannot be found; the archive is damaged or was put together by hand.",
                "Fetch the file again."},
    ExplainedFinding{"zip.overlapping-entries", "Entries share bytes",
                "Two entries of the archive take the same bytes of the file.",
                "That is how zip bombs are built, and how one stretch of bytes passes for two records.",
                "Do not load it; no honest writer makes such a file."},
    ExplainedFinding{"zip.padding-content", "Alignment padding that is not fill",
                "The padding which aligns an entry's data holds other bytes than the 'Z' that torch fills with.",
                "No loader reads it, so that it can carry a message.",
                "Look at the bytes at the offset given before you pass the file on."},
    ExplainedFinding{"zip.several-ends", "More than one end of directory",
                "Another end-of-central-directory record stands in the file besides the one in use.",
                "Two archives were put one after the other, or one is hidden in the other; which one a program reads "
                "depends on where it looks first.",
                "Find out where the second archive comes from before you load the file."},
    ExplainedFinding{"zip.similar-name", "Two entries differ only for some readers",
                "The names of two entries are one to readers that ignore case, take a backslash for a slash, stop at "
                "a NUL or normalise Unicode.",
                "torch ignores case when it looks up records, so that it may load the other entry; unpacked to disk, "
                "one can replace the other.",
                "Do not load it before you know which entry was meant."},
    ExplainedFinding{"zip.size-differs", "An entry has two sizes",
                "Directory and local header give different packed or unpacked sizes.",
                "torch and zipfile go by the directory; readers that stream take other bytes for the entry.",
                "Do not load it before you know which was meant."},
    ExplainedFinding{"zip.size-mismatch", "An entry unpacks to another size",
                "An entry unpacks to more or fewer bytes than the archive declares.",
                "Readers that trust the declared size cut the data or leave memory unset.",
                "Do not load it; fetch the file again."},
    ExplainedFinding{"zip.stored-size", "A stored entry's sizes differ",
                "An entry is stored without compression, but its packed and unpacked sizes differ.",
                "torch refuses the archive, zipfile reads the packed size: a way past a checker.",
                "Do not load it; fetch the file again."},
    ExplainedFinding{"zip.symlink", "An entry is a symbolic link",
                "The attributes of an entry mark it as a symbolic link.",
                "Unpacked, it can lead what is written later out of the folder; checkpoints hold no links.",
                "Do not unpack it before you know where the link leads."},
    ExplainedFinding{"zip.trailing-in-entry", "Bytes after a deflate stream",
                "An entry's deflate stream ends before its packed data do.",
                "Nothing reads the bytes that are left, so that they can carry anything.",
                "Look at them before you pass the file on."},
    ExplainedFinding{"zip.two-directories", "Two directories, one for each reader",
                "The file has two central directories, and torch and Python's zipfile would each read another one.",
                "A scanner built on zipfile sees other records than torch loads: a way to get a pickle past it.",
                "Do not load it; take a copy from a source you trust."},
    ExplainedFinding{"zip.unicode-path", "A second name in an extra field",
                "The Unicode path field of an entry gives it another name than the directory does.",
                "torch reads the plain name; readers that know the field take the other, so that they find another "
                "set of records.",
                "Do not load it before you know which name was meant."},
    ExplainedFinding{"zip.unknown-method", "A compression that loaders cannot read",
                "An entry is packed with another method than stored or deflate; the message names it.",
                "torch cannot read it, and of these methods zipfile knows only bzip2 and LZMA. Its content was not "
                "inspected.",
                "Ask for a file written by torch, or pack it anew with deflate or without compression."},
    ExplainedFinding{"zip.unlisted-entry", "An entry that the directory does not list",
                "Between the listed entries lies a local header which the directory does not mention.",
                "torch and zipfile never see it, readers that stream the archive do: it was deleted without being "
                "removed, or hidden.",
                "Look at the entry before you pass the file on."},
    ExplainedFinding{"zip.unsafe-name", "An entry's name would escape or mislead",
                "The name is empty or absolute, leaves the folder by \"..\", begins with a drive letter, or holds "
                "NUL, control characters or backslashes.",
                "Unpacking such an archive can overwrite files elsewhere, and the name can read differently on "
                "screen.",
                "Do not unpack it; torch reads it in place, upinspect too."},
    ExplainedFinding{"zip.zip64-end", "The zip64 end record disagrees",
                "A field of the zip64 end record differs from the classic end record, or the record carries bytes of "
                "its own behind its fields.",
                "torch and zipfile follow the zip64 record; tools that only know the classic one find another "
                "directory.",
                "Do not load it before you know which directory was meant."},
    ExplainedFinding{"zip.zip64-locator", "The zip64 locator points elsewhere",
                "The zip64 locator does not point at the zip64 end record that stands before it.",
                "zipfile takes the record in front of the locator, torch the one it points at: they can read two "
                "directories.",
                "Do not load it; take a copy from a source you trust."},
    ExplainedFinding{"zip.zip64-missing", "A zip64 field is missing",
                "An entry leaves a size or its offset to a zip64 extra field which it does not have.",
                "torch refuses the archive, while zipfile takes 4294967295 for the value.",
                "Fetch the file again, or ask for one written by torch itself."},
};

}  // namespace

std::span<const ExplainedFinding> zip_explanations() noexcept { return k_zip_explanations; }

}  // namespace upinspect::report
