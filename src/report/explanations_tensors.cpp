// SPDX-License-Identifier: Apache-2.0
// What findings about tensors, names, hashes and metadata mean.
#include "report/explanations.hpp"

#include <array>

namespace upinspect::report {
namespace {

constexpr std::array k_tensors_explanations{
    ExplainedFinding{"hash.empty-string", "The stated hash is that of nothing",
                "The metadata give the SHA-256 of no bytes, or its beginning, as the model's hash.",
                "Some trainers, ai-toolkit among them, wrote it by mistake: all their files have it, and programs "
                "that go by it take them for one.",
                {}},
    ExplainedFinding{"hash.malformed", "A stated hash is no hash",
                "A metadata entry that should hold a hash holds something else.",
                "Nothing can be compared with it.",
                "Go by the file's SHA-256."},
    ExplainedFinding{"hash.mismatch", "A stated hash does not match",
                "No definition in use gives the hash that the metadata state.",
                "The tensors were changed, cast or merged after it was taken, or it was copied from another file.",
                {}},
    ExplainedFinding{"limit.reached", "Not everything was read",
                "A limit on memory, depth or length was reached; the message says what was left out.",
                "What was not read is not vouched for.",
                {}},
    ExplainedFinding{"name.control-character", "A name holds control characters",
                "The name of a tensor or a metadata key holds characters that act on a terminal instead of being "
                "seen.",
                "Printed as it is, it can deceive a terminal or forge lines of a log.",
                {}},
    ExplainedFinding{"name.unicode-twins", "Two names differ only in their Unicode spelling",
                "Two tensors have names that are one text in two spellings of Unicode.",
                "They look the same, and programs that normalise names take them for one and lose a tensor.",
                "Rename one of the two."},
    ExplainedFinding{"privacy.caption", "Captions of the training images",
                "The metadata list tags or captions of the images that the adapter was trained on.",
                "They can name people and tell what the images show.",
                {}},
    ExplainedFinding{"privacy.dataset", "Names of training folders",
                "The metadata name the folders of the training images.",
                "They can tell whose images they are, and what they show.",
                {}},
    ExplainedFinding{"privacy.path", "Paths of somebody's machine",
                "The metadata hold paths of the machine that trained it, with user or folder names.",
                "They tell who made the file and how their disks are laid out.",
                {}},
    ExplainedFinding{"privacy.secret", "What looks like an access token",
                "A metadata value looks like a service's access token; only its beginning is shown.",
                "Whoever has the file can use the token.",
                {}},
    ExplainedFinding{"tensor.expanded-view", "A view far larger than its bytes",
                "A tensor's strides repeat its bytes, so that it describes many times more elements than are stored.",
                "Such views are legitimate, but copying one can exhaust memory; its elements may not have been "
                "measured.",
                "Do not copy or save it without looking at its size."},
    ExplainedFinding{"tensor.lazy-sign", "Values stored with a pending conjugate or sign",
                "A tensor is marked as the conjugate or the negative of what is stored.",
                "Digests and statistics are of what is stored; torch applies the mark when it reads.",
                "Call resolve_conj() and resolve_neg() before saving, if other tools are to read it."},
    ExplainedFinding{"tensor.malformed", "A tensor's description is impossible",
                "A tensor's type, shape, strides or offset cannot be, or reach beyond its storage; the message says "
                "how.",
                "torch refuses the tensor; lenient readers read memory that is not theirs.",
                {}},
    ExplainedFinding{"tensor.non-finite", "NaN or infinite values",
                "A tensor holds NaN or infinities; the message counts them.",
                "One such value spreads through everything computed from it.",
                {}},
    ExplainedFinding{"tensor.shape-overflow", "A shape too large to count",
                "The product of a tensor's dimensions, or its size in bytes, exceeds what 64 bits hold.",
                "Readers that do not check compute a small number, and take the tensor for another or read past its "
                "end.",
                "Do not load it."},
    ExplainedFinding{"tensor.unread", "A tensor was not measured",
                "The values of a tensor could not be had, or are of a kind that is not measured; the message says "
                "why. How bad it is depends on the format.",
                "There is no digest, no statistic and no comparison for it.",
                "See what the message says; often another finding names the damage."},
};

}  // namespace

std::span<const ExplainedFinding> tensors_explanations() noexcept { return k_tensors_explanations; }

}  // namespace upinspect::report
