// SPDX-License-Identifier: Apache-2.0
// What a site lets pass: rules over what a file is, severities of findings, waivers.
#pragma once

#include "upinspect/artifact.hpp"
#include "upinspect/integrity.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace upinspect {

/// Which pickles a policy lets pass: none at all, those that only make data, or any.
enum class PickleLicence : std::uint8_t { none, inert, any };

/// A rule that is off has no severity. What breaks it is a finding `policy.<name>`.
struct Policy {
  template <typename Limit>
  struct Rule {
    std::optional<Severity> severity;
    Limit limit{};

    friend bool operator==(const Rule&, const Rule&) = default;
  };
  struct Range {
    std::optional<std::uint64_t> least;
    std::optional<std::uint64_t> most;

    friend bool operator==(const Range&, const Range&) = default;
  };
  struct Keys {
    std::vector<std::string> required;
    std::vector<std::string> forbidden;

    friend bool operator==(const Keys&, const Keys&) = default;
  };
  struct Nothing {
    friend bool operator==(const Nothing&, const Nothing&) = default;
  };
  /// A finding that is known and let pass, with its reason, until a day (ISO 8601) where one is given.
  struct Waiver {
    std::string id;      ///< a shell pattern over finding ids
    std::string path;    ///< a shell pattern over paths; empty: everywhere
    std::string reason;
    std::string until;   ///< the last day on which it holds

    friend bool operator==(const Waiver&, const Waiver&) = default;
  };

  std::optional<Severity> fail_on = Severity::error;
  Rule<std::vector<std::string>> formats;  ///< ids that are allowed
  Rule<std::vector<std::string>> dtypes;   ///< of tensors, allowed
  Rule<Range> size;                        ///< of the file, in bytes
  Rule<Range> rank;                        ///< of every module of an adapter
  Rule<Keys> metadata;                     ///< keys at its top level
  Rule<PickleLicence> pickle{Severity::error, PickleLicence::inert};
  Rule<Nothing> finite;                    ///< no NaN and no infinity in any tensor
  Rule<Nothing> complete;                  ///< an adapter has all of its halves
  Rule<Nothing> labelled;                  ///< no byte that belongs to nothing
  Rule<Nothing> payload;                   ///< a search of the low bits finds nothing; takes its time
  Rule<std::string> base;                  ///< fits this model: a file, a folder or an index
  std::vector<std::pair<std::string, std::optional<Severity>>> findings;  ///< severities by id; nothing: not reported
  std::vector<Waiver> waivers;

  friend bool operator==(const Policy&, const Policy&) = default;
};

/// True for a day as 2030-01-31 (ISO 8601), by its form.
[[nodiscard]] bool is_day(std::string_view text) noexcept;

/// Reads a policy (schema upinspect.policy/1); what it does not say is as in a Policy by default. Unknown and repeated keys and
/// wrong types are refused with the place. Throws ExpectationError.
[[nodiscard]] Policy read_policy(const std::string& path);

/// Adds what breaks the rules to the artifact's findings and gives all of them the severities of the policy; a finding that is
/// waived becomes a note that says why. `path` is what waivers are held against, `today` an ISO 8601 day. Rules that read the
/// file again (payload, base) are left to the caller.
void apply_policy(const Policy& policy, const std::string& path, const std::string& today, Artifact& artifact);

}  // namespace upinspect
