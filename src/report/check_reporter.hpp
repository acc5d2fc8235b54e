// SPDX-License-Identifier: Apache-2.0
// What the reports of upinspect check have in common, whatever their medium.
#pragma once

#include "upinspect/integrity.hpp"

#include <string>
#include <string_view>

namespace upinspect::report {

/// Is told every file once, in order, then that there are no more.
class CheckReporter {
 public:
  CheckReporter() = default;
  CheckReporter(const CheckReporter&) = delete;
  CheckReporter& operator=(const CheckReporter&) = delete;
  virtual ~CheckReporter() = default;

  virtual void subject(const Subject& subject) = 0;
  virtual void end() = 0;
};

[[nodiscard]] std::string_view word(SubjectStatus status) noexcept;
[[nodiscard]] std::string_view word(TensorFate fate) noexcept;

/// The finding that is the reason why a file is not let pass, where one is.
[[nodiscard]] const Finding* reason_of(const Subject& subject) noexcept;

/// The id that a file's failing goes by: that of the finding which is the reason, else "check." and the status.
[[nodiscard]] std::string failure_id(const Subject& subject);

/// What to do about a failing file, in one sentence; empty where it says that itself.
[[nodiscard]] std::string_view failure_advice(const Subject& subject) noexcept;

/// "2 of 13 failed", "4 files are as they should be"
[[nodiscard]] std::string check_outcome(std::size_t failed, std::size_t count);

}  // namespace upinspect::report
