#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "pipelines/core/id.h"

namespace ringfence::campaigns {

// A deployment's key for the names of campaigns; a replay's is all zeros unless it is given one.
using NamingKey = std::array<uint8_t, 16>;

// Campaign ids (canonical-forms, "Identifier id and campaign id"): one block of AES-128 under the
// naming key, in lower-case base32 (RFC 4648) without padding. Nobody without the key learns from
// a name which identifier it was made of. Thread-safe.
class CampaignNames {
 public:
  explicit CampaignNames(const NamingKey& key) : key_(key) {}

  // `oldest` is the member with the least (first_seen, identifier id).
  std::string NameOf(const core::Id& oldest) const;
  // The identifier that a name was made of; nullopt where the text is no name. Any 26 characters
  // of base32 lead to some id, mostly of no identifier.
  std::optional<core::Id> OldestOf(std::string_view campaign_id) const;

  // One block, for other things that must not show an identifier's id.
  core::Id Hide(const core::Id& id) const;
  core::Id Reveal(const core::Id& hidden) const;

 private:
  NamingKey key_;
};

}  // namespace ringfence::campaigns
