#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::publish {

// The list of organisations, in YAML:
//
//   organisations:
//     - name: harbour
//       weight: 0.5            # 0 to 0.5, which is the default
//       partners: [harbour-bank, harbour-mobile]
//
// kInvalidArgument, with "PATH:LINE:", where it says something else, names a partner twice, or an
// organisation that is not called a-z, 0-9 and '-' up to 40. Without place.
absl::StatusOr<internal::v1::Organisations> ParseOrganisations(const std::string& path,
                                                               const std::string& text);
// kUnavailable where the file cannot be read.
absl::StatusOr<internal::v1::Organisations> ReadOrganisations(const std::string& path);

}  // namespace ringfence::publish
