// SPDX-License-Identifier: Apache-2.0
// Follows an index to the files beside it, and makes one artifact of them all.
#pragma once

#include "inspect/origins.hpp"
#include "model/builder.hpp"

namespace upinspect::inspecting {

/// Inspects every shard that the builder's index names, in the index's folder and nowhere else, adds their tensors to
/// the artifact (each with its file as Location::entry), their sources to `origins` and their findings, and holds the
/// index against what they hold. Does nothing where there is no index.
void join_shards(model::Builder& builder, Origins& origins);

/// For an adapter's configuration: names the weights beside it, or says that there are none.
void name_neighbours(model::Builder& builder);

}  // namespace upinspect::inspecting
