// SPDX-License-Identifier: Apache-2.0
// What findings about pickles mean.
#include "report/explanations.hpp"

#include <array>

namespace upinspect::report {
namespace {

constexpr std::array k_pickle_explanations{
    ExplainedFinding{"pickle.carried-memo", "A pickle that depends on the one before it",
                "Of several pickles in a row one names other globals where the same Unpickler has read those before it, whose memo "
                "it keeps, than where it is read alone.",
                "pickle.load and a loop over one Unpickler run different programs, and a scanner may see only one of them.",
                "Do not load it; no pickler writes such files by itself."},
    ExplainedFinding{"pickle.computed-global", "The name of a global is computed",
                "The module or name that a global opcode looks up is the result of a call instead of a constant.",
                "Picklers write names as text. A computed name hides from scanners what will be imported.",
                "Do not load it; take a safetensors copy from a source you trust."},
    ExplainedFinding{"pickle.dangerous-global", "Unpickling would run code",
                "The pickle imports or calls something that executes code, writes, opens connections or resolves "
                "further names; the message gives name and offset.",
                "Loading the file runs it with your rights, before any tensor is seen.",
                {}},
    ExplainedFinding{"pickle.discarded-call", "The result of a call is thrown away",
                "Something is called while unpickling and its result is popped from the stack.",
                "Picklers only call to build what they keep. A call for its effect alone is how payloads are put in "
                "front of a real object.",
                "Look at it with upinspect pickle before you load the file."},
    ExplainedFinding{"pickle.expansion", "The memo is read far more often than written",
                "The pickle reads its memo more than 50 times as often as it writes it, over a thousand times in all.",
                "Objects that hold each other many times over grow without bound when they are compared, hashed or "
                "printed, as the \"billion laughs\" attack has it.",
                "Do not load it unless you trust its source."},
    ExplainedFinding{"pickle.extension", "A class from the extension registry",
                "An EXT opcode names a class by a number, which the reading program's copyreg registry resolves.",
                "What it stands for depends on the program that reads, so that nobody can tell from the file.",
                "Do not load it; no checkpoint needs this."},
    ExplainedFinding{"pickle.frame-crossed", "An opcode reaches beyond its frame",
                "An opcode's argument goes on after the frame that contains it has ended.",
                "CPython's readers lose or keep the rest of the frame differently, so that a scanner may see another "
                "program than the one that runs.",
                "Do not load it; no pickler writes such frames."},
    ExplainedFinding{"pickle.frame-length", "STOP comes before its frame ends",
                "The pickle stops while its frame claims more bytes.",
                "CPython does not mind; picklers write exact lengths, so that the stream was edited or joined by "
                "hand.",
                "Look at it with upinspect pickle before you load the file."},
    ExplainedFinding{"pickle.frame-overlap", "A frame begins within another",
                "A FRAME opcode stands inside a frame that is not over yet.",
                "CPython's readers differ in how they go on from there.",
                "Do not load it; no pickler writes such frames."},
    ExplainedFinding{"pickle.late-proto", "PROTO does not come first",
                "The opcode that states the protocol stands after other opcodes.",
                "Picklers write it first; tools that recognise pickles by it miss such a stream.",
                "Look at it with upinspect pickle before you load the file."},
    ExplainedFinding{"pickle.malformed", "The pickle breaks",
                "At the offset given the stream cannot go on: an unknown opcode, a stack without what the opcode "
                "needs, or text that cannot be read.",
                "Unpickling fails there, and has by then run everything before it. That part is judged apart.",
                "Fetch the file again; until then treat it by what runs before it breaks."},
    ExplainedFinding{"pickle.many-opcodes", "Unusually many opcodes",
                "The stream has more than 5 million opcodes.",
                "Loading takes long, and checkpoints need far fewer: a scanner may be meant to give up on it.",
                "Load it only if you trust its source."},
    ExplainedFinding{"pickle.memo-index", "A memo index out of all proportion",
                "A memo index is so high that CPython reserves gigabytes for it.",
                "Loading can exhaust memory.",
                "Do not load it; picklers count up from zero."},
    ExplainedFinding{"pickle.memo-overwrite", "A memo entry is written again",
                "The pickle stores an object under a memo index that is already taken.",
                "Picklers never reuse one. What a later GET fetches differs from what a simple scanner remembers.",
                "Look at it with upinspect pickle before you load the file."},
    ExplainedFinding{"pickle.number-spelling", "A number in an unusual spelling",
                "A number is written as no pickler writes it.",
                "Readers differ in whether they accept it; the stream was written by hand.",
                "Look at it with upinspect pickle before you load the file."},
    ExplainedFinding{"pickle.old-style-object", "An opcode that nobody writes any more",
                "INST or OBJ makes an object; no pickler has used them since Python 2.",
                "They call a class without the REDUCE that scanners look for.",
                "Look at what it makes with upinspect pickle before you load the file."},
    ExplainedFinding{"pickle.repeated-key", "A key of a dictionary stands twice",
                "The pickle sets the same key of a dictionary more than once; Python keeps the last value.",
                "A reader that keeps the first sees another tensor under that name.",
                "Find out which tool wrote it; state dictionaries have every key once."},
    ExplainedFinding{"pickle.repeated-proto", "PROTO stands twice",
                "The pickle states its protocol more than once.",
                "Picklers do so once; the stream was joined or edited by hand.",
                "Look at it with upinspect pickle before you load the file."},
    ExplainedFinding{"pickle.stack-left-over", "STOP leaves objects behind",
                "When the pickle stops, more than its result is on the stack.",
                "Picklers leave nothing. What was built and left may have been called for its effect.",
                "Look at it with upinspect pickle before you load the file."},
    ExplainedFinding{"pickle.too-deep", "Nested too deeply",
                "Objects are nested more deeply than upinspect follows them into the list of tensors.",
                "What lies below was judged as a pickle, but its tensors are not listed.",
                "Nothing to do for a file you trust; otherwise do not load it."},
    ExplainedFinding{"pickle.trailing-bytes", "Bytes after STOP",
                "Bytes follow the end of the last pickle.",
                "pickle.load does not look at them, so that they can carry anything.",
                "Look at them before you pass the file on."},
    ExplainedFinding{"pickle.two-readings", "CPython reads two programs here",
                "Frames that are shorter than what they hold make CPython read one program from memory and another "
                "from a file.",
                "A scanner that reads one way sees another program than the loader that reads the other way.",
                "Do not load it; no pickler writes such a file."},
    ExplainedFinding{"pickle.unknown-global", "A global that is on no list",
                "The pickle imports or calls something that is neither known to only rebuild data nor known to be "
                "dangerous.",
                "Whether it does harm depends on what is installed where it is loaded.",
                {}},
    ExplainedFinding{"pickle.unknown-protocol", "A protocol that does not exist",
                "PROTO states a protocol newer than 5, the newest that there is.",
                "CPython refuses the stream; lenient readers go on.",
                "Fetch the file again; if it stays so, it was made by hand."},
};

}  // namespace

std::span<const ExplainedFinding> pickle_explanations() noexcept { return k_pickle_explanations; }

}  // namespace upinspect::report
