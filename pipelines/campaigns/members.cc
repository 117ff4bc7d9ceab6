#include "pipelines/campaigns/members.h"

#include <deque>
#include <queue>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace ringfence::campaigns {
namespace {

// Rows of a node that are read at a time.
constexpr size_t kReadAhead = 16;

Standing StandingAt(std::string_view key, const Label& node, const Member& member) {
  return {.node = node,
          .first_seen = FirstSeenOf(key),
          .id = IdAtEnd(key),
          .member = {.score = member.score, .tlp = member.tlp, .node = {}}};
}

// What stands on one node, from the oldest on.
class Walk {
 public:
  // From `oldest` on, which stands there.
  Walk(core::State& state, Standing oldest) : state_(&state) {
    ahead_.push_back(std::move(oldest));
  }

  const Standing& front() const { return ahead_.front(); }
  // Moves on; false at the end.
  bool Next() {
    const Standing last = std::move(ahead_.front());
    ahead_.pop_front();
    if (!ahead_.empty()) return true;
    if (at_end_) return false;
    StandingOn(
        *state_, last.node,
        [this](const Standing& standing) {
          ahead_.push_back(standing);
          return ahead_.size() < kReadAhead;
        },
        &last);
    at_end_ = ahead_.size() < kReadAhead;
    return !ahead_.empty();
  }

  bool IsOlderThan(core::Time first_seen, const core::Id& id) const {
    return std::tie(front().first_seen, front().id) < std::tie(first_seen, id);
  }

 private:
  core::State* state_;
  std::deque<Standing> ahead_;
  bool at_end_ = false;
};

struct IsYounger {
  bool operator()(const Walk& a, const Walk& b) const {
    return b.IsOlderThan(a.front().first_seen, a.front().id);
  }
};

}  // namespace

void StandingOn(core::State& state, const Label& node, const VisitStanding& visit,
                const Standing* behind) {
  const std::string prefix = GroupPrefix(Table::kStanding, node);
  // A key's successor is the key with a zero byte behind it.
  const std::string from =
      behind != nullptr ? AgeKey(Table::kStanding, node, behind->first_seen, behind->id) + '\0'
                        : prefix;
  state.Scan(from, PrefixEnd(prefix), [&](std::string_view key, std::string_view value) {
    return visit(StandingAt(key, node, DecodeMember(value)));
  });
}

void MembersByNode(core::State& state, const Label& label, const VisitStanding& visit) {
  const std::string from = GroupPrefix(Table::kMembers, label);
  state.Scan(from, PrefixEnd(from), [&](std::string_view key, std::string_view value) {
    const Member member = DecodeMember(value);
    if (!member.node) return visit(StandingAt(key, {IdAtEnd(key), 0}, member));
    bool goes_on = true;
    StandingOn(state, *member.node,
               [&](const Standing& standing) { return goes_on = visit(standing); });
    return goes_on;
  });
}

void MembersByAge(core::State& state, const Label& label, const VisitStanding& visit) {
  std::priority_queue<Walk, std::vector<Walk>, IsYounger> walks;
  bool goes_on = true;
  const auto take_oldest = [&] {
    Walk walk = walks.top();
    walks.pop();
    goes_on = visit(walk.front());
    if (walk.Next()) walks.push(std::move(walk));
  };
  const std::string from = GroupPrefix(Table::kMembers, label);
  state.Scan(from, PrefixEnd(from), [&](std::string_view key, std::string_view value) {
    const Member member = DecodeMember(value);
    const Standing oldest = StandingAt(key, member.node.value_or(Label{IdAtEnd(key), 0}), member);
    while (goes_on && !walks.empty() && walks.top().IsOlderThan(oldest.first_seen, oldest.id))
      take_oldest();
    if (!goes_on) return false;
    if (member.node) {
      walks.emplace(state, oldest);
    } else {
      goes_on = visit(oldest);
    }
    return goes_on;
  });
  while (goes_on && !walks.empty()) take_oldest();
}

}  // namespace ringfence::campaigns
