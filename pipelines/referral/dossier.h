#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pipelines/core/id.h"
#include "ringfence/internal/v1/decision.pb.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/v1/indicator.pb.h"

namespace ringfence::referral {

// Everything that a referral pack is made of, as it was frozen. Nothing else goes into one.
struct Dossier {
  // Without its members.
  internal::v1::ReferralFreeze freeze;
  // What makes the same pack again.
  std::string position;
  // The campaign's, as they were published.
  std::vector<v1::Indicator> indicators;
  // In the order of the reports' ids.
  std::vector<internal::v1::ReferralEntry> reports;
};

// Hides what a pack must not show but has to tell apart: under a key of the deployment, so that
// nobody else finds out by trying. The same in every pack of a deployment.
class Aliases {
 public:
  // `key`: at least 16 bytes, for nothing but this or what it is derived from.
  explicit Aliases(std::string_view key);

  // "R-" and 16 characters of base32.
  std::string OfReport(const core::Id& report) const;
  // "I-", likewise.
  std::string OfIncident(const core::Id& incident) const;
  // HMAC-SHA-256 of a report's content hash, as 64 hexadecimal digits.
  std::string OfContent(std::string_view content_hash) const;

 private:
  std::string Mac(std::string_view what, std::string_view data) const;

  std::string key_;
};

struct PackFile {
  // Unix, relative, without "..".
  std::string name;
  std::string bytes;
};

}  // namespace ringfence::referral
