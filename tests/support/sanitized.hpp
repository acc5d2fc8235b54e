// SPDX-License-Identifier: Apache-2.0
// Says whether sanitizers watch this build: what runs ten times slower there takes fewer cases.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define UPINSPECT_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UPINSPECT_SANITIZED 1
#endif
#endif
#ifndef UPINSPECT_SANITIZED
#define UPINSPECT_SANITIZED 0
#endif

namespace upinspect::test {

inline constexpr bool k_sanitized = UPINSPECT_SANITIZED != 0;

}  // namespace upinspect::test
