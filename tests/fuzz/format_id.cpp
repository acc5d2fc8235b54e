// SPDX-License-Identifier: Apache-2.0
// All that tells one fuzz_read_<id> from the others.
extern const char* const upinspect_fuzz_format;
const char* const upinspect_fuzz_format = UPINSPECT_FUZZ_FORMAT;
