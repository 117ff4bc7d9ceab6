#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "pipelines/campaigns/campaign_names.h"
#include "pipelines/intake/victim_tokens.h"

namespace ringfence::server {

// The secrets of a deployment. Whoever loses them loses the names of campaigns, and what joins
// victims' reports.
struct Keys {
  intake::TokenKey victim_tokens;
  campaigns::NamingKey naming{};
  // Signs cursors.
  std::string cursors;
};

// Reads the keys in `folder`, each a file of its own (victim-tokens.key, naming.key, cursors.key);
// one that is missing is made of random bytes, with mode 0600, and is on disk before this returns.
// Errors: kInvalidArgument where a file holds something else, kUnavailable where it cannot be read
// or written. None quotes a key.
absl::StatusOr<Keys> ReadOrMakeKeys(const std::string& folder);

}  // namespace ringfence::server
