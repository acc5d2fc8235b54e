// SPDX-License-Identifier: Apache-2.0
// What findings about whole files and tar archives mean.
#include "report/explanations.hpp"

#include <array>

namespace upinspect::report {
namespace {

constexpr std::array k_containers_explanations{
    ExplainedFinding{"container.changed-while-read", "The file changed while it was read",
                "The file's size or time stamp changed between opening and the end of reading, or bytes that were "
                "there could not be read any more.",
                "Digests and statistics may mix two states of the file, or are left out; none of them describes a "
                "file that exists.",
                {}},
    ExplainedFinding{"container.empty-file", "The file is empty",
                "The file has no bytes at all.",
                "A download or a copy made the name and then stopped; no loader can do anything with it.",
                "Download it again and compare its size and SHA-256 with the publisher's."},
    ExplainedFinding{"container.html-page", "A web page in place of the file",
                "The file is an HTML document, whatever its name says.",
                "The download went to a login, consent or error page; the weights are not here.",
                "Fetch the file itself: log in, accept the licence, or take the link that serves the raw file."},
    ExplainedFinding{"container.leading-data", "Bytes before the archive",
                "A zip archive does not begin at the start of the file: other bytes lie before its first entry.",
                "Python's zipfile looks for the end of an archive and does not mind what is in front; torch goes by "
                "the first bytes. One file can so be two things, a script or a pickle in front and an archive behind.",
                {}},
    ExplainedFinding{"container.lfs-pointer", "A Git LFS pointer in place of the file",
                "The file is the short text that Git LFS keeps in a repository: a SHA-256 and a size instead of the "
                "content.",
                "The repository was cloned or downloaded without LFS; the weights were never fetched.",
                "Run git lfs pull, or download the file itself; the pointer's SHA-256 and size say what to expect."},
    ExplainedFinding{"container.malformed", "The structure does not hold to its format",
                "A field of the file says something that its format does not allow, so that reading stopped or went "
                "around it; the message gives the field and the offset.",
                "What comes after the broken field may not be read by any loader, or be read differently by each.",
                {}},
    ExplainedFinding{"container.not-inspected", "Not all of the file was looked at",
                "Something in the file is compressed or encrypted in a way that is not unpacked here (7z, rar, xz, zstd, bzip2), or "
                "lies beyond a limit: too deep in archives within archives, too many members, too many bytes unpacked.",
                "Payloads are wrapped so that scanners pass over them. What was not looked at is not vouched for, and no verdict "
                "over the rest of the file covers it.",
                {}},
    ExplainedFinding{"container.overlapping-bytes", "Bytes that belong to two parts",
                "Two parts of the file, tensors or records for example, claim the same bytes.",
                "Writers give every part bytes of its own. Shared bytes let one content be shown to a scanner and "
                "another to a loader, and make a small file look large.",
                {}},
    ExplainedFinding{"container.trailing-data", "Bytes after the end",
                "Bytes follow the place where the format ends: after the last tensor of a safetensors file, or after "
                "a zip archive's end record.",
                "safetensors readers refuse such a file; zip readers pass over such bytes. Payloads are often simply "
                "appended.",
                {}},
    ExplainedFinding{"container.truncated", "The file is cut short",
                "Something that the file describes, a tensor, a record or a stream, needs more bytes than there are; "
                "the message says how many are missing.",
                "The download or copy broke off. Some loaders refuse the file, some read the part that is there.",
                {}},
    ExplainedFinding{"container.unlabelled-bytes", "Bytes that nothing describes",
                "A stretch of the file belongs to no header, tensor, padding or record that the format knows. All "
                "zero it is a note, otherwise a warning; the message says what it looks like.",
                "No loader reads these bytes, so that they can carry anything past a check that only looks at "
                "tensors.",
                {}},
    ExplainedFinding{"container.zero-filled", "The file starts with zeros",
                "At least the first 512 bytes are zero, and no format is recognised.",
                "A download manager that reserved the space and then failed, or a sparse copy, leaves such files.",
                {}},
    ExplainedFinding{"tar.bad-header", "No header where one is due",
                "Where the next member's header should stand, there is a block that is none.",
                "Python's tarfile takes that for the end and says nothing, so that what follows is unseen.",
                "Fetch the file again; if it stays so, look at what follows."},
    ExplainedFinding{"tar.bad-number", "A header field that is no number",
                "A number of a header or of a pax record cannot be read as one.",
                "Readers guess differently what it was, and so where the next member begins.",
                "Fetch the file again."},
    ExplainedFinding{"tar.data-after-end", "Bytes after the end of the archive",
                "Bytes that are not zero follow the zero blocks that end the archive.",
                "tarfile stops before them; other readers may find more members there.",
                "Look at them before you pass the file on."},
    ExplainedFinding{"tar.duplicate-name", "Two members have one name",
                "Two members of the archive have the same name.",
                "tarfile takes the last when asked for it, others the first.",
                "Do not load it before you know which was meant."},
    ExplainedFinding{"tar.global-override", "A global header overrides names or sizes",
                "A global pax header gives all members after it one name, link target or size.",
                "tarfile ignores that, others do not: they see another archive.",
                "Do not load it; no honest writer makes such a file."},
    ExplainedFinding{"tar.limit", "More than is read",
                "The archive has more members than upinspect reads, or an extension header is longer than is read.",
                "What lies beyond was not inspected, so that the file is not vouched for.",
                "Do not load it unless you know why it is so large."},
    ExplainedFinding{"tar.link", "A member is a link",
                "A member is a symbolic or hard link; the message says where it leads.",
                "Unpacked, what is written later can follow it out of the folder. torch's old tar checkpoints hold "
                "no links.",
                "Do not unpack it before you know where the link leads."},
    ExplainedFinding{"tar.lone-extension", "An extension header without a member",
                "The last header of the archive is an extension that belongs to the next member, and there is none.",
                "A member was cut away, or the header is there to carry data.",
                "Compare the file's size with the publisher's."},
    ExplainedFinding{"tar.member-cut", "A member is cut short",
                "A member or an extension header is longer than the bytes that are left of the file.",
                "The file broke off; what follows is lost.",
                "Fetch the file again."},
    ExplainedFinding{"tar.negative-size", "A member of negative size",
                "A member's header gives a negative size.",
                "tarfile accepts it and goes backwards in the file; other readers do not. upinspect reads it as zero.",
                "Do not load it; no honest writer makes such a file."},
    ExplainedFinding{"tar.no-end", "The archive has no end",
                "No zero block ends the archive.",
                "It may have been cut short between two members, which nobody would notice otherwise.",
                "Compare the file's size and SHA-256 with the publisher's."},
    ExplainedFinding{"tar.padding-content", "Padding that is not zero",
                "The bytes between a member's end and the next block are not all zero.",
                "Nothing reads them, so that they can carry a message.",
                "Look at them before you pass the file on."},
    ExplainedFinding{"tar.pax-record", "A pax record does not add up",
                "The length in front of a pax record does not fit its text, so that it and what follows in the "
                "header are not read.",
                "Readers that are less strict may take names or sizes from it.",
                "Do not load it before you know what the record should say."},
    ExplainedFinding{"tar.repeated-extension", "Two extension headers for one member",
                "More than one extension header gives a member its name or link target.",
                "tarfile takes one and other readers another.",
                "Do not load it before you know which was meant."},
    ExplainedFinding{"tar.signed-checksum", "A checksum of signed bytes",
                "The checksum of a header adds its bytes up as signed numbers.",
                "Some old tars did that, and readers accept both; it shows that an unusual tool wrote the archive.",
                "Nothing to do."},
    ExplainedFinding{"tar.size-differs", "Two sizes for a member",
                "The header and the pax record of a member give different sizes.",
                "tarfile takes the pax record's; readers that do not know pax find other members behind it.",
                "Do not load it before you know which was meant."},
    ExplainedFinding{"tar.size-of-no-file", "A size on a member without data",
                "A link, folder or device has a size.",
                "tarfile takes no data for it; readers that do find other members behind it.",
                "Do not load it before you know which reading was meant."},
    ExplainedFinding{"tar.sparse", "A member is stored with holes",
                "A member is in one of the sparse formats: its bytes in the file are not its content.",
                "Offsets within such a member cannot be given, and readers without support for it take the map for "
                "data.",
                "Unpack it with a tar that knows sparse files, and pack it plainly."},
    ExplainedFinding{"tar.special-file", "A member is a device or of an unknown type",
                "A member is a device or FIFO, or of a type which tarfile takes for a plain file.",
                "Checkpoints hold none; unpacked with enough rights it makes a device.",
                "Do not unpack it."},
    ExplainedFinding{"tar.unsafe-name", "A member's name would escape or mislead",
                "The name is empty or absolute, leaves the folder by \"..\", begins with a drive letter, or holds "
                "NUL, control characters or backslashes.",
                "Unpacking can overwrite files elsewhere, and the name can read differently on screen.",
                "Do not unpack it."},
};

}  // namespace

std::span<const ExplainedFinding> containers_explanations() noexcept { return k_containers_explanations; }

}  // namespace upinspect::report
