// SPDX-License-Identifier: Apache-2.0
// What findings of upinspect check and its policies mean.
#include "report/explanations.hpp"

#include <array>

namespace upinspect::report {
namespace {

constexpr std::array k_checks_explanations{
    ExplainedFinding{"check.extra", "A file that is on no list",
                "A file lies in a folder that is checked, and neither lock nor list names it.",
                "It was added after the list was made; whatever loads the whole folder loads it too.",
                "Remove the file, write a new lock with it, or let it be with --allow-extra."},
    ExplainedFinding{"check.missing", "A file that was expected is not there",
                "A lock or a list names a file that is not where it should be.",
                "The download is not complete, or the file was renamed or removed.",
                "Fetch the file, or take it from the list."},
    ExplainedFinding{"check.modified", "A file is not the one that was expected",
                "The file's digest is another than lock, list or option say; against a lock the message says which "
                "tensors changed, or that only metadata or container did.",
                "What was judged when the list was made is not what is here now.",
                "Fetch the file again, or find out who changed it; if it is meant to be so, write a new lock with "
                "upinspect lock."},
    ExplainedFinding{"check.policy", "A file is not to be let pass",
                "A finding of the file is as severe as what the policy or --fail-on does not let pass.",
                "That is what the check is for; the message says which finding it is.",
                "See the findings of the file, and upinspect explain for each of them."},
    ExplainedFinding{"check.unreadable", "A file could not be read",
                "The file cannot be opened, is a special file, or is a link that leaves its folder.",
                "Nothing was inspected, so that nothing is vouched for.",
                "Look at its permissions, and whether it is a link or a special file."},
    ExplainedFinding{"check.weak-digest", "The digest that fits says less than SHA-256",
                "The file has the AutoV2 or AutoV3 hash that was expected. AutoV2 is 10 hex digits, 40 bits, AutoV3 is mostly shown "
                "with 12 and leaves the header with names and metadata out.",
                "By chance no other file has them. Another file that has them can be made with some hours or weeks of computing.",
                "Where somebody might want to pass another file off as this one, ask for the whole SHA-256."},
    ExplainedFinding{"policy.dtype", "A data type that the policy does not allow",
                "Tensors have a dtype that is not among the policy's.",
                "Whoever wrote the policy relies on the types that it lists.",
                "Convert the file with upinspect convert, or add the dtype to the policy."},
    ExplainedFinding{"policy.format", "A format that the policy does not allow",
                "The file's format is not among the policy's.",
                "Formats are left out because loading them can run code, or because nothing here reads them.",
                "Convert the file to safetensors with upinspect convert, or add the format to the policy."},
    ExplainedFinding{"policy.incomplete", "No whole adapter",
                "The policy asks for whole adapters, and the file is none: no module has both halves, or tensors "
                "lack their other half.",
                "What is missing cannot be applied by any loader.",
                "Ask for a file that was written whole."},
    ExplainedFinding{"policy.metadata", "Metadata that the policy requires or forbids",
                "The metadata lack a key that the policy requires, or have one that it forbids.",
                "Whoever wrote the policy wants such a key for provenance, or wants it out for privacy.",
                "Add or strip the metadata; upinspect convert --strip-metadata takes them all out."},
    ExplainedFinding{"policy.not-finite", "Values that are no finite numbers",
                "A tensor holds NaN or infinite values, and the policy allows none.",
                "One such value spreads through everything computed from it.",
                "Go back to an earlier checkpoint."},
    ExplainedFinding{"policy.payload", "A search of the bits finds something",
                "The policy asks for a search of the low bits, and it found what reads as a file or text; the "
                "message names it and its size.",
                "Data are hidden in the file.",
                "Do not use it; look at what was found with upinspect lsb."},
    ExplainedFinding{"policy.pickle", "A pickle that the policy does not allow",
                "The policy allows no pickle and the file holds one, or it allows only pickles that make data and "
                "nothing else, and this one is not known to be so.",
                "Loading a pickle runs what it names.",
                "Take a safetensors copy from a source you trust."},
    ExplainedFinding{"policy.rank", "A rank outside the policy's range",
                "A module's rank is smaller or larger than the policy wants.",
                "Servers that load many adapters reserve room for a highest rank.",
                "Train or convert the adapter with another rank, or widen the range."},
    ExplainedFinding{"policy.size", "A size outside the policy's range",
                "The file is smaller or larger than the policy wants.",
                "A file far too small is rarely what it claims, one far too large does not fit what was planned for "
                "it.",
                "See upinspect file for what fills it, or widen the range."},
    ExplainedFinding{"policy.unlabelled", "Bytes that the format does not describe",
                "Bytes of the file belong to nothing that its format describes, and the policy allows none.",
                "No loader reads them, so that they can carry anything.",
                "Look at the bytes, or write the file anew with upinspect convert."},
};

}  // namespace

std::span<const ExplainedFinding> checks_explanations() noexcept { return k_checks_explanations; }

}  // namespace upinspect::report
