// SPDX-License-Identifier: Apache-2.0
// Members of a tar archive that its reader leaves for the conductor to look into.
#pragma once

#include "containers/tar.hpp"
#include "model/builder.hpp"

namespace upinspect::formats {

/// Leaves the member, if it is a file, for the conductor to look into, or to say why that cannot be.
inline void claim_member(model::Builder& builder, const containers::TarMember& member) {
  if (member.kind != containers::TarKind::file) {
    return;
  }
  model::MemberClaim claim;
  claim.name = member.name;
  claim.packed = member.data;
  claim.unread = containers::why_unreadable(member);
  builder.add_member(std::move(claim));
}

}  // namespace upinspect::formats
