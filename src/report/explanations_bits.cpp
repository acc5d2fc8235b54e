// SPDX-License-Identifier: Apache-2.0
// What findings of diff and lsb mean.
#include "report/explanations.hpp"

#include <array>

namespace upinspect::report {
namespace {

constexpr std::array k_bits_explanations{
    ExplainedFinding{"diff.bit-field", "A bit field was written into the numbers",
                "The changed bits of a tensor are a field of the lowest bits, as uniform as bits that were written "
                "over, and not as arithmetic leaves them.",
                "That is how data are hidden in weights; quantising or rounding tools can do it too.",
                "Look at what upinspect lsb finds in the new file, and ask its author."},
    ExplainedFinding{"diff.message", "The change holds a message",
                "What was written into the numbers reads as a file or text of a known kind; the message names it and "
                "its size.",
                "Somebody hid data in the weights.",
                "Do not use the new file; extract what was found only to look at it safely."},
    ExplainedFinding{"diff.search-cut-short", "Not all changes were searched for messages",
                "More elements changed than are searched at once: the first eight million were read in every way, those behind them "
                "as a proven field alone, eight bits to a character.",
                "A message further on that was written in another way would not have been found.",
                "Search the new file with upinspect lsb."},
    ExplainedFinding{"diff.unread-tensor", "A tensor could not be compared",
                "The values of a tensor could not be had on one side; the message says why.",
                "Whether it changed is not known.",
                "See upinspect file for the side that fails."},
    ExplainedFinding{"lsb.broken-upcast", "Some widened numbers have low bits set",
                "Most numbers of a float32 tensor were widened from a 16-bit type, so that their low bits are zero; "
                "in others they are not.",
                "Something was written into the bits that widening leaves clear. It is the clearest trace of hidden "
                "data.",
                "Look at the elements given and at what was read from them; compare with the original."},
    ExplainedFinding{"lsb.even-planes", "Low bits as even as ciphers are",
                "The lowest bits of a tensor or a stretch are as often one as zero, where those of trained weights "
                "lean to zero.",
                "Encrypted or compressed data in the low bits look so. So do some numbers that were computed, not "
                "trained.",
                "Compare with the original; ask how the file was made."},
    ExplainedFinding{"lsb.marked-run", "A long run of elements with one highest byte",
                "So many elements in a row have the same highest byte but for the sign as no honest weights show.",
                "Fast substitution, as EvilModel does it, leaves weights so: three bytes of each are the payload.",
                "Do not use the file; compare it with the original."},
    ExplainedFinding{"lsb.message", "The file holds a message",
                "Bits of the numbers, or bytes beside the tensors, read as a file or text of a known kind; the "
                "message names it and its size.",
                "Somebody hid data in the file.",
                "Do not use the file; extract what was found only to look at it safely."},
    ExplainedFinding{"lsb.reserved-byte", "All bits but the highest byte are even",
                "In a stretch of float32 numbers every bit below the highest byte is as even as in a cipher.",
                "MSB reservation, as EvilModel does it, leaves weights so; no honest weights show it.",
                "Do not use the file; compare it with the original."},
    ExplainedFinding{"lsb.search-cut-short", "The search was cut short",
                "One reading of the bits has so many places that look like text that only the first ones were read.",
                "A message further on would not have been found.",
                "Search a part of the tensors at a time with --tensor."},
    ExplainedFinding{"lsb.structured-bits", "Low bits that are far from random",
                "The lowest bits of a run of elements hold a structure that nothing known about such files explains.",
                "It may be a part of a program, compressed data or a coding that upinspect does not know, or a trace of how the numbers were made.",
                "Extract the bits and look at them; ask how the file was made."},
    ExplainedFinding{"lsb.uneven-plane", "A bit is more often one than chance allows",
                "One bit of a tensor's numbers is uneven, beyond chance and without a known reason; no message was "
                "found.",
                "Some ways of quantising leave such traces, and so can sparse hidden data.",
                "Nothing to do unless other findings stand beside it."},
    ExplainedFinding{"lsb.unread-tensor", "A tensor could not be searched",
                "The values of a tensor could not be had; the message says why.",
                "Whether it hides something is not known.",
                "See upinspect file for what is wrong with it."},
};

}  // namespace

std::span<const ExplainedFinding> bits_explanations() noexcept { return k_bits_explanations; }

}  // namespace upinspect::report
