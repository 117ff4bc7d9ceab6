#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "pipelines/core/id.h"
#include "ringfence/v1/indicator_service.pb.h"

namespace ringfence::client {

// What a subscriber holds: of each indicator its id and revision, which is all that a digest needs,
// and the indicator itself where it was put in whole. Owned by one thread.
class Set {
 public:
  struct Member {
    uint64_t revision = 0;
    // A v1::Indicator; empty where only its revision is kept.
    std::string bytes;
    bool operator==(const Member&) const = default;
  };

  void Put(const std::string& indicator_id, uint64_t revision, std::string bytes = "");
  void Remove(const std::string& indicator_id);
  void Clear();

  size_t size() const { return members_.size(); }
  bool Equals(const v1::SetDigest& digest) const;

  // Nothing where it is not in the set, or not kept whole.
  std::optional<v1::Indicator> Find(const std::string& indicator_id) const;
  // Each that is kept whole, in no order, until `visit` returns false.
  void ForEach(const std::function<bool(const v1::Indicator&)>& visit) const;

  const absl::flat_hash_map<std::string, Member>& members() const { return members_; }
  // Sorted, for tests and for people.
  std::map<std::string, uint64_t> Revisions() const;

 private:
  absl::flat_hash_map<std::string, Member> members_;
  core::SetSum sum_;
};

// What to do about traffic towards an indicator that a consumer holds: what it says; nothing
// (ACTION_UNSPECIFIED) once it has expired, though its removal has not come; at most MONITOR where
// the lease has run out, for nobody can retract to the consumer then. `now`: seconds since the Unix
// epoch.
v1::Action ActionNow(const v1::Indicator& indicator, int64_t now_seconds, bool lease_holds);

}  // namespace ringfence::client
