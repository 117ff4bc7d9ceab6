#include "services/ringfence/local_set.h"

namespace ringfence::cli {

void LocalSet::Put(const std::string& indicator_id, uint64_t revision) {
  Remove(indicator_id);
  revisions_[indicator_id] = revision;
  sum_.Add(core::SetSum::DigestMember(indicator_id, revision));
}

void LocalSet::Remove(const std::string& indicator_id) {
  const auto held = revisions_.find(indicator_id);
  if (held == revisions_.end()) return;
  sum_.Remove(core::SetSum::DigestMember(indicator_id, held->second));
  revisions_.erase(held);
}

void LocalSet::Clear() {
  revisions_.clear();
  sum_ = {};
}

bool LocalSet::Equals(const v1::SetDigest& digest) const {
  return digest.count() == revisions_.size() && digest.sum() == sum_.Bytes();
}

}  // namespace ringfence::cli
