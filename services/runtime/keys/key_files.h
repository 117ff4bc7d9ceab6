#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pipelines/campaigns/campaign_names.h"
#include "pipelines/intake/victim_tokens.h"

namespace ringfence::runtime {

// The secrets of a deployment. Whoever loses them loses the names of campaigns, and what joins
// victims' reports.
struct TokenKeys {
  intake::TokenKey first;
  // While the key is being changed (ops/incidents.md).
  std::vector<intake::TokenKey> further;
};
struct Keys {
  TokenKeys victim_tokens;
  campaigns::NamingKey naming{};
  // Signs cursors.
  std::string cursors;
};

// What to do about a key that is missing.
enum class Missing { kMake, kRefuse };

// Reads the keys in `folder`, each a file of its own (victim-tokens.key, naming.key, cursors.key).
// One that is missing is made of random bytes, with mode 0600, and is on disk before this returns;
// or it is refused: beside data, a new key would rename every campaign and join no victim's later
// reports with the earlier ones. Files victim-tokens-*.key beside them are further keys for
// victims' tokens, at most three, each with an id of its own.
//
// Errors: kFailedPrecondition where a key is missing and refused, kInvalidArgument where a file
// holds something else, kUnavailable where it cannot be read or written. None quotes a key.
absl::StatusOr<Keys> ReadOrMakeKeys(const std::string& folder, Missing missing);

// One key by its file's path. Errors as above; kFailedPrecondition where it is missing.
// The key in one file, without what stands beside it.
absl::StatusOr<intake::TokenKey> ReadTokenKey(const std::string& path);
// Further keys stand beside the first, in files victim-tokens-*.key, in the order of their names.
absl::StatusOr<TokenKeys> ReadTokenKeys(const std::string& path);
absl::StatusOr<campaigns::NamingKey> ReadNamingKey(const std::string& path);
absl::StatusOr<std::string> ReadCursorsKey(const std::string& path);

}  // namespace ringfence::runtime
