#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "ringfence/internal/v1/identities.pb.h"

namespace ringfence::runtime {

// What the identities file says. Does not change.
class Identities {
 public:
  static constexpr int kIdentitiesMax = 4'000;

  // kInvalidArgument holds every problem, a line each, "PATH:LINE: setting: why". `path` is for
  // messages only.
  static absl::StatusOr<Identities> Parse(const std::string& path, const std::string& text);
  // kUnavailable where the file cannot be read.
  static absl::StatusOr<Identities> Read(const std::string& path);

  const std::string& trust_domain() const { return trust_domain_; }
  // Null: nobody.
  std::shared_ptr<const internal::v1::Identity> Find(std::string_view name) const;
  size_t size() const { return by_name_.size(); }

 private:
  std::string trust_domain_;
  absl::flat_hash_map<std::string, std::shared_ptr<const internal::v1::Identity>> by_name_;
};

// Is it spiffe://TRUST_DOMAIN/PATH, as SPIFFE writes IDs: segments of letters, digits, '.', '-' and
// '_', at most 255 bytes in all?
bool IsIdentityName(std::string_view name, std::string_view trust_domain);

// 1-40 of [a-z0-9-]: it becomes part of topics' names and of metrics' labels.
bool IsPartnerName(std::string_view name);

}  // namespace ringfence::runtime
