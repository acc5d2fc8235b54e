# SPDX-License-Identifier: Apache-2.0
"""Streams that readers of pickles disagree on: what CPython 3.11's C unpickler makes of each, and we of it as a data.pkl.

The pure Python unpickler and pickletools differ here and there (docs/formats/differences.md). Not run: what would take
gigabytes or overflow the interpreter's stack.
"""

from reference import Row
from support.zips import Entry, build

BROKEN, CUT = "pickle.malformed", "container.truncated"
DANGER, CUT_SHORT = "pickle.dangerous-global", "!pickle data was truncated"
LONG = b"L" + b"9" * 5000 + b"L\n."
OS_GETCWD = b"X\2\0\0\0osX\6\0\0\0getcwd"

# name, stream, what C says ("OK" or words of its error), our error's id and words (empty: none)
ROWS = [
    ("empty", b"", "Ran out of input", CUT, "there are no bytes"),
    ("stop only", b".", "unpickling stack underflow", BROKEN, "stack underflow"),
    ("proto 5+1", b"\x80\6N.", "unsupported pickle protocol: 6", BROKEN, "protocol 6 is unknown"),
    ("proto 255", b"\x80\xffN.", "unsupported pickle protocol: 255", BROKEN, "protocol 255 is unknown"),
    ("proto mid", b"N\x80\2.", "OK", "", "pickle.late-proto"),
    ("extra stack", b"NI1\n.", "OK", "", "pickle.stack-left-over"),
    ("no stop", b"N", "Ran out of input", CUT, "before STOP"),
    ("trailing", b"N.abc", "OK", "", "pickle.trailing-bytes"),
    ("unknown op", b"\xff.", "invalid load key, '\\xff'", BROKEN, "0xff is no opcode"),
    ("op 0x00", b"\0.", "invalid load key, '\\x00'", BROKEN, "0x00 is no opcode"),
    ("mark left", b"(N.", "OK", "", "pickle.stack-left-over"),
    ("stop with mark on top", b"N(.", "unexpected MARK found", BROKEN, "a mark is on the stack"),
    ("tuple no mark", b"t.", "could not find MARK", BROKEN, "no mark on the stack"),
    ("pop empty", b"0N.", "unpickling stack underflow", BROKEN, "stack underflow"),
    ("pop mark via POP", b"N(0.", "OK", "", ""),
    ("pop_mark none", b"1N.", "could not find MARK", BROKEN, "no mark on the stack"),
    ("dup empty", b"2.", "unpickling stack underflow", BROKEN, "stack underflow"),
    ("dup mark", b"N(2.", "unexpected MARK found", BROKEN, "a mark is on the stack"),
    ("INT 01", b"I01\n.", "OK", "", ""), ("INT 00", b"I00\n.", "OK", "", ""), ("INT 001", b"I001\n.", "OK", "", ""),
    ("INT hex", b"I0x10\n.", "OK", "", ""), ("INT ws", b"I 5 \n.", "OK", "", ""), ("INT _", b"I1_0\n.", "OK", "", ""),
    ("INT empty", b"I\n.", "pickle data was truncated", BROKEN, "number is empty"),
    ("INT nul", b"I1\0\n.", "OK", "", ""),
    ("INT no nl", b"I5.", "pickle data was truncated", CUT, "no newline"),
    ("LONG L", b"L5L\n.", "OK", "", ""), ("LONG noL", b"L5\n.", "OK", "", ""),
    ("LONG 5000 digits", LONG, "Exceeds the limit (4300 digits)", BROKEN, "4300"),
    ("FLOAT", b"F1e400\n.", "value too large to convert to float", BROKEN, "too large for a float"),
    ("FLOAT nan", b"Fnan\n.", "OK", "", ""),
    ("FLOAT empty", b"F\n.", "pickle data was truncated", BROKEN, "not a float"),
    ("LONG1 n0", b"\x8a\0.", "OK", "", ""),
    ("LONG1 short", b"\x8a\5\1.", "pickle data was truncated", CUT, "needs 5 bytes, 2 are left"),
    ("LONG1 255", b"\x8a\xff" + b"\1" * 255 + b".", "OK", "", ""),
    ("LONG4 neg", b"\x8b\xff\xff\xff\xff.", "LONG pickle has negative byte count", BROKEN, "length is negative: -1"),
    ("LONG4 2GB", b"\x8b\xff\xff\xff\x7f.", "pickle data was truncated", CUT, "needs 2147483647 bytes, 1 are left"),
    ("LONG4 0", b"\x8b\0\0\0\0.", "OK", "", ""),
    ("BINUNICODE trunc", b"Xd\0\0\0a.", "pickle data was truncated", CUT, "needs 100 bytes"),
    ("BINUNICODE 4G", b"X\xff\xff\xff\xffa.", "pickle data was truncated", CUT, "needs 4294967295 bytes"),
    ("BINUNICODE8 2^63", b"\x8d" + bytes(7) + b"\x80a.", "exceeds system's maximum size", CUT, "needs 9223372036854775808 bytes"),
    ("BINUNICODE8 2^62", b"\x8d" + bytes(7) + b"@a.", "pickle data was truncated", CUT, "needs 4611686018427387904 bytes"),
    ("BINUNICODE bad utf8", b"X\1\0\0\0\xff.", "codec can't decode byte 0xff", BROKEN, "text is not UTF-8 at its byte 0"),
    ("BINUNICODE surrogate", b"X\3\0\0\0\xed\xa0\x80.", "OK", "", ""),
    ("UNICODE esc", b"V\\u0041\n.", "OK", "", ""),
    ("UNICODE bad esc", b"V\\u00\n.", "truncated \\uXXXX escape", BROKEN, "four hexadecimal digits"),
    ("STRING", b"S'a'\n.", "OK", "", ""), ("STRING dq", b'S"a"\n.', "OK", "", ""),
    ("STRING noq", b"Sa\n.", "must be quoted", BROKEN, "text must be quoted"),
    ("STRING mixed", b"S'a\"\n.", "must be quoted", BROKEN, "text must be quoted"),
    ("STRING esc", b"S'\\x41'\n.", "OK", "", ""),
    ("STRING oneq", b"S'\n.", "must be quoted", BROKEN, "text must be quoted"),
    ("BINSTRING neg", b"T\xff\xff\xff\xffa.", "pickle data was truncated", CUT, "needs 4294967295 bytes"),
    ("BINSTRING hi", b"T\1\0\0\0\xff.", "codec can't decode byte 0xff", BROKEN, "at its byte 0"),
    ("SHORT_BINSTRING", b"U\1a.", "OK", "", ""),
    ("BINBYTES trunc", b"B\x09\0\0\0a.", "pickle data was truncated", CUT, "needs 9 bytes"),
    ("BINBYTES8 2^40", b"\x8e\0\0\0\0\0\1\0\0a.", "", CUT, "needs 1099511627776 bytes"),
    ("BYTEARRAY8 2^40", b"\x96\0\0\0\0\0\1\0\0a.", "", CUT, "needs 1099511627776 bytes"),
    ("BYTEARRAY8 2^31", b"\x96\0\0\0\x80\0\0\0\0a.", "", CUT, "needs 2147483648 bytes"),
    ("BYTEARRAY8 trunc", b"\x96\5" + bytes(7) + b"a.", "pickle data was truncated", CUT, "needs 5 bytes"),
    ("NEXT_BUFFER", b"\x97.", "out-of-band data", BROKEN, "a buffer outside of the stream"),
    ("READONLY bytes", b"C\1a\x98.", "OK", "", ""),
    ("READONLY int", b"K\1\x98.", "a bytes-like object is required, not 'int'", BROKEN, "a bytes-like object is required, not 'int'"),
    ("FRAME exact", b"\x95\2" + bytes(7) + b"N.", "OK", "", ""),
    ("FRAME too long", b"\x95\x09" + bytes(7) + b"N.", "pickle data was truncated", CUT, "frame needs 9 bytes"),
    ("FRAME short", b"\x95\1" + bytes(7) + b"NK\1.", "OK", "", "pickle.stack-left-over"),
    ("FRAME 0", b"\x95" + bytes(8) + b"N.", "OK", "", ""),
    ("FRAME 2^63", b"\x95" + bytes(7) + b"\x80N.", "FRAME length exceeds system's maximum", BROKEN, "needs 9223372036854775808 bytes"),
    ("FRAME splits op", b"\x95\1" + bytes(7) + b"K\1.", "OK", "", "pickle.frame-crossed"),
    ("FRAME nested", b"\x95\x0b" + bytes(7) + b"\x95\2" + bytes(7) + b"N.", "OK", "", "pickle.frame-overlap"),
    ("FRAME in proto2", b"\x80\2\x95\2" + bytes(7) + b"N.", "OK", "", ""),
    ("FRAME splits BINUNICODE", b"\x95\7" + bytes(7) + b"X\3\0\0\0abc.", "OK", "", "pickle.frame-crossed"),
    ("PUT neg", b"Np-1\n.", "negative PUT argument", BROKEN, "the memo has no index -1"),
    ("PUT big", b"Np99999999999999999999\n.", "too large to convert", BROKEN, "the memo has no index 99999999999999999999"),
    ("PUT txt", b"Npxx\n.", "invalid literal for int()", BROKEN, "not an integer"),
    ("PUT ws", b"Np 1 \n.", "OK", "", ""),
    ("BINPUT empty", b"q\0N.", "unpickling stack underflow", BROKEN, "stack underflow"),
    ("BINPUT mark", b"N(q\0.", "unexpected MARK found", BROKEN, "a mark is on the stack"),
    ("LONG_BINPUT 2^27", b"Nr\0\0\0\x08.", None, "", "pickle.memo-index"),
    ("LONG_BINPUT 2^32-1", b"Nr\xff\xff\xff\xff.", None, "", "pickle.memo-index"),
    ("BINGET miss", b"h\0.", "Memo value not found at index 0", BROKEN, "nothing at index 0"),
    ("GET neg", b"g-1\n.", "Memo value not found at index -1", BROKEN, "nothing at index -1"),
    ("MEMOIZE empty", b"\x94.", "unpickling stack underflow", BROKEN, "stack underflow"),
    ("MEMOIZE after BINPUT5", b"Nq\5K\7\x94\x30h\1.", "OK", "", ""),
    ("memo overwrite", b"K\1q\x000K\2q\x000h\0.", "OK", "", "pickle.memo-overwrite"),
    ("APPEND to tuple", b")Na.", "'tuple' object has no attribute 'append'", BROKEN, "'tuple' object has no attribute 'append'"),
    ("APPEND self", b"]q\0h\0a.", "OK", "", ""), ("APPENDS odd", b"](K\1K\2e.", "OK", "", ""),
    ("SETITEMS odd", b"}(K\1u.", "odd number of items for SETITEMS", BROKEN, "odd number"),
    ("DICT odd", b"(K\1d.", "odd number of items for DICT", BROKEN, "odd number"),
    ("SETITEM on list", b"]K\0K\5s.", "list assignment index out of range", BROKEN, "list index 0 is out of range"),
    ("SETITEM list ok", b"]K\1aK\0K\5s.", "OK", "", ""),
    ("unhashable key", b"}]Ns.", "unhashable type: 'list'", BROKEN, "a 'list' cannot be a key"),
    ("ADDITEMS", b"\x8f(K\1\x90.", "OK", "", ""), ("FROZENSET", b"(K\1\x91.", "OK", "", ""),
    ("ADDITEMS on list", b"](K\1\x90.", "'list' object has no attribute 'add'", BROKEN, "'list' object has no attribute 'add'"),
    ("dup dict key", b"}K\1K\2sK\1K\3s.", "OK", "", "pickle.repeated-key"),
    ("GLOBAL no nl", b"cos", "pickle data was truncated", CUT, "no newline"),
    ("GLOBAL weird", b"cos\nno_such\n.", "Can't get attribute 'no_such'", DANGER, "os.no_such"),
    ("GLOBAL dotted p2", b"\x80\2cos\npath.join\n.", "Can't get attribute 'path.join'", DANGER, "os.path.join"),
    ("GLOBAL dotted p4", b"\x80\4cos\npath.join\n.", "OK", DANGER, "os.path.join"),
    ("GLOBAL proto dup downgrade", b"\x80\2\x80\4cos\npath.join\n.", "OK", DANGER, "os.path.join"),
    ("GLOBAL copy_reg p2", b"\x80\2ccopy_reg\n_reconstructor\n.", "OK", "", ""),
    ("GLOBAL copy_reg p4", b"\x80\4ccopy_reg\n_reconstructor\n.", "No module named 'copy_reg'", "", ""),
    ("GLOBAL CRLF", b"cos\r\ngetcwd\r\n.", "No module named 'os\\r'", "", "pickle.unknown-global"),
    ("STACK_GLOBAL ok", b"\x80\4" + OS_GETCWD + b"\x93.", "OK", DANGER, "os.getcwd"),
    ("STACK_GLOBAL memo", b"\x80\4X\2\0\0\0osq\0X\6\0\0\0getcwdq\1h\0h\1\x93.", "OK", DANGER, "os.getcwd"),
    ("STACK_GLOBAL nonstr", b"X\2\0\0\0osK\1\x93.", "STACK_GLOBAL requires str", BROKEN, "must be str, not 'int'"),
    ("EXT1 0", b"\x82\0.", "EXT specifies code <= 0", BROKEN, "extension code 0 is not positive"),
    ("EXT1 5", b"\x82\5.", "unregistered extension code 5", "", "extension"),
    ("EXT4 neg", b"\x84\xff\xff\xff\xff.", "EXT specifies code <= 0", BROKEN, "extension code -1 is not positive"),
    ("PERSID", b"Pabc\n.", "persistent", "torch.persistent-id", "Unknown typename"),
    ("BINPERSID", b"K\1Q.", "persistent", "torch.persistent-id", "Unknown typename"),
    ("REDUCE nontuple", b"cbuiltins\nint\nK\1R.", "argument list must be a tuple", BROKEN, "must be a tuple, not 'int'"),
    ("REDUCE list args", b"cbuiltins\nint\n]R.", "argument list must be a tuple", BROKEN, "must be a tuple, not 'list'"),
    ("NEWOBJ nontype", b"K\1)\x81.", "NEWOBJ class argument must be a type", BROKEN, "a class or a function is required, not 'int'"),
    ("NEWOBJ", b"cbuiltins\nint\n)\x81.", "OK", "", ""), ("NEWOBJ_EX", b"cbuiltins\nint\n)}\x92.", "OK", "", ""),
    ("INST", b"(I5\nibuiltins\nint\n.", "OK", "", ""), ("OBJ", b"(cbuiltins\nint\nI5\no.", "OK", "", ""),
    ("OBJ empty", b"(o.", "unpickling stack underflow", BROKEN, "no class above the mark"),
    ("BUILD int", b"K\1}b.", "'int' object has no attribute '__dict__'", BROKEN, "'int' object has no attributes to set"),
    ("BUILD OD", b"ccollections\nOrderedDict\n)R}b.", "OK", "", ""),
    ("nested list 2000", b"]" * 2000 + b"a" * 1999 + b".", None, "", "pickle.too-deep"),
    ("nested tuple1 1e5", b")" + b"\x85" * 100_000 + b".", None, "", "pickle.too-deep"),
    ("mark bomb 1e6", b"N" + b"(" * 1_000_000 + b"0" * 1_000_000 + b".", None, "limit.reached", "mark"),
    ("billion laughs", b"(lp0\nN" + b"a" + b"".join(b"0(lp%d\ng%d\nag%d\na" % (i, i - 1, i - 1) for i in range(1, 30)) + b".", None, "limit.reached", ""),
]
POLICY = {
    "GLOBAL dotted p4": "what it names is dangerous", "GLOBAL proto dup downgrade": "what it names is dangerous",
    "STACK_GLOBAL ok": "what it names is dangerous", "STACK_GLOBAL memo": "what it names is dangerous",
    "GLOBAL copy_reg p4": "whether a module exists is the loader's affair: it is named", "GLOBAL CRLF": "the same",
    "EXT1 5": "what is registered is the loader's affair: it is named",
    "mark bomb 1e6": "more marks than any writer makes", "billion laughs": "the list of what it holds has no end",
}


def rows():
    for name, stream, said, ours, words in ROWS:
        content = build([Entry(b"archive/data.pkl", stream), Entry(b"archive/version", b"3\n")])
        reference = "loads" if said in ("OK", None) else f"!{said}"
        if name == "FRAME splits BINUNICODE":
            # From a file object, as torch.load hands it one, the bytes that were left of the frame are lost.
            yield Row(f"pickle {name}, from a file", content, CUT_SHORT, words=words, loader="pickle-file", live=stream, verdict="unknown",
                      policy="we read it as from memory, say that it differs, and never call it inert")
        yield Row(f"pickle {name}", content, reference, ours, words, policy=POLICY.get(name, ""), loader="pickle" if said else "", live=stream)
