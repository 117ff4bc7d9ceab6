#include "pipelines/dedupe/verdicts.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "pipelines/core/id.h"

namespace ringfence::dedupe {
namespace {

using core::Id;
using internal::v1::HeldDecision;
using internal::v1::NamedIdentifier;
using internal::v1::PartnerRetraction;
using internal::v1::ReportRevision;
using internal::v1::StoredMark;
using internal::v1::StoredReport;

constexpr char kRetractionTable = 'p';
constexpr char kHeldTable = 'q';
constexpr std::string_view kOrganisationsKey = "g";
constexpr std::string_view kPolicyKey = "y";
// A report is kept for 403 days, and for as many again whenever a copy of a lower revision comes:
// what was decided about its arrival has to be known as long. There are few decisions.
constexpr core::Time kRetractionSpan = 3'650 * core::kDay;

std::string PlaceKey(char table, core::Place place) {
  std::string key(1, table);
  for (int shift = 56; shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(place >> shift & 0xff));
  }
  return key;
}

// Every message of a table, parsed; what does not parse is not ours.
template <typename Message, typename Visit>
void ReadTable(core::State& state, char table, Visit visit) {
  const std::string from(1, table);
  const std::string until(1, static_cast<char>(table + 1));
  state.Scan(from, until, [&](std::string_view, std::string_view value) {
    Message message;
    if (message.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
      visit(std::move(message));
    }
    return true;
  });
}

Id IdOf(const NamedIdentifier& named) { return core::IdentifierId(named.type(), named.value()); }
Id IdOf(const StoredMark& mark) { return {mark.id_hi(), mark.id_lo()}; }

bool IsNothing(const internal::v1::Mark& mark) {
  return mark.bars() == internal::v1::BARS_NONE && mark.disregard_before() == 0;
}

}  // namespace

Verdicts::Verdicts(core::State& state) : state_(state) {
  ReadTable<PartnerRetraction>(state_, kRetractionTable, [this](PartnerRetraction retraction) {
    retractions_.push_back(std::move(retraction));
  });
  ReadTable<HeldDecision>(state_, kHeldTable, [this](HeldDecision decision) {
    held_decisions_[decision.place()] = std::move(decision);
  });
  internal::v1::StoredPolicy policy;
  if (const auto stored = state_.Get(kPolicyKey); stored && policy.ParseFromString(*stored)) {
    policy_place_ = policy.news().place();
    policy_ = identifiers::ValuesOf(policy.news().policy());
    spans_place_ = policy.redo_place();
  }
  internal::v1::Organisations organisations;
  const auto bytes = state_.Get(kOrganisationsKey);
  if (bytes && organisations.ParseFromString(*bytes)) Put(organisations);
}

bool Verdicts::Put(const PartnerRetraction& retraction, core::Time now) {
  const bool known = std::any_of(
      retractions_.begin(), retractions_.end(),
      [&](const PartnerRetraction& held) { return held.place() == retraction.place(); });
  if (known) return false;
  std::erase_if(retractions_, [&](const PartnerRetraction& held) {
    const bool over = now - kRetractionSpan > held.until();
    if (over) state_.Delete(PlaceKey(kRetractionTable, held.place()));
    return over;
  });
  retractions_.push_back(retraction);
  state_.Put(PlaceKey(kRetractionTable, retraction.place()), retraction.SerializeAsString());
  return true;
}

bool Verdicts::Put(const internal::v1::Organisations& organisations) {
  if (organisations_place_ >= organisations.place()) return false;
  organisations_place_ = organisations.place();
  listed_ = organisations.listed();
  members_.clear();
  for (const auto& member : organisations.members()) {
    members_[member.partner()] = member.organisation();
  }
  state_.Put(kOrganisationsKey, organisations.SerializeAsString());
  return true;
}

bool Verdicts::Put(const HeldDecision& decision, core::Time now) {
  if (held_decisions_.contains(decision.place())) return false;
  std::erase_if(held_decisions_, [&](const auto& held) {
    const bool over = now - kRetractionSpan > held.second.until();
    if (over) state_.Delete(PlaceKey(kHeldTable, held.first));
    return over;
  });
  held_decisions_[decision.place()] = decision;
  state_.Put(PlaceKey(kHeldTable, decision.place()), decision.SerializeAsString());
  return true;
}

bool Verdicts::Put(const internal::v1::PolicyNews& policy) {
  if (policy_place_ >= policy.place()) return false;
  const identifiers::PolicyValues values = identifiers::ValuesOf(policy.policy());
  const bool same = values.SameSpans(policy_);
  policy_place_ = policy.place();
  policy_ = values;
  if (!same) spans_place_ = policy.place();
  internal::v1::StoredPolicy stored;
  *stored.mutable_news() = policy;
  stored.set_redo_place(spans_place_);
  state_.Put(kPolicyKey, stored.SerializeAsString());
  return !same;
}

bool Verdicts::Withdraws(const ReportRevision& revision) const {
  const bool waits =
      revision.held() && FateOf(revision.partner(), revision.arrival()) != Fate::kReleased;
  return waits || IsRetracted(revision);
}

bool Verdicts::IsRetracted(const ReportRevision& revision) const {
  return std::any_of(retractions_.begin(), retractions_.end(), [&](const PartnerRetraction& held) {
    return held.partner() == revision.partner() && held.from() <= revision.arrival() &&
           revision.arrival() < held.until();
  });
}

std::optional<Verdicts::Fate> Verdicts::FateOf(std::string_view partner, core::Time arrival) const {
  // The last word holds.
  for (auto it = held_decisions_.rbegin(); it != held_decisions_.rend(); ++it) {
    const HeldDecision& decision = it->second;
    const bool covers =
        decision.partner() == partner && decision.from() <= arrival && arrival < decision.until();
    if (covers) return decision.drop() ? Fate::kDropped : Fate::kReleased;
  }
  return std::nullopt;
}

std::string Verdicts::OrganisationOf(const std::string& partner) const {
  if (!listed_) return partner;
  const auto member = members_.find(partner);
  return member == members_.end() ? "unlisted/" + partner : member->second;
}

ReportRevision Verdicts::Decide(ReportRevision revision, const StoredReport& stored) const {
  if (listed_) revision.set_partner(OrganisationOf(revision.partner()));
  StampSpans(revision);
  if (stored.marks().empty()) return revision;
  absl::flat_hash_map<Id, const internal::v1::Mark*> marks;
  for (const StoredMark& mark : stored.marks()) {
    if (!IsNothing(mark.mark())) marks[IdOf(mark)] = &mark.mark();
  }
  if (marks.empty()) return revision;
  for (NamedIdentifier& named : *revision.mutable_identifiers()) {
    const auto mark = marks.find(IdOf(named));
    if (mark != marks.end()) *named.mutable_mark() = *mark->second;
  }
  return revision;
}

// Only what is not by the compiled policy: evidence is the same as ever without another one.
void Verdicts::StampSpans(ReportRevision& revision) const {
  static const identifiers::PolicyValues kCompiled;
  if (policy_.SameSpans(kCompiled)) return;
  for (NamedIdentifier& named : *revision.mutable_identifiers()) {
    const core::Time span = policy_.SpanOf(named.type());
    if (span != kCompiled.SpanOf(named.type())) named.set_live_until(named.observed_at() + span);
    if (named.type() == v1::IDENTIFIER_TYPE_PHONE &&
        policy_.phone_block_span != kCompiled.phone_block_span) {
      named.set_block_until(named.observed_at() + policy_.phone_block_span);
    }
  }
}

namespace {

// Each report that is held, and whether it was dropped. What its partner or an operator took back
// is held no longer: no release would bring it back.
template <typename Visit>
void VisitHeld(core::State& state, Visit visit) {
  const Verdicts verdicts(state);
  StoredReport stored;
  ReportRevision revision;
  state.Scan("i", "j", [&](std::string_view key, std::string_view) {
    const auto value = state.Get("r" + std::string(key.substr(1)));
    if (!value || !stored.ParseFromString(*value)) return true;
    if (!revision.ParseFromString(stored.content())) return true;
    if (verdicts.IsRetracted(revision)) return true;
    const auto fate = verdicts.FateOf(revision.partner(), revision.arrival());
    if (fate != Verdicts::Fate::kReleased) visit(revision, fate == Verdicts::Fate::kDropped);
    return true;
  });
}

}  // namespace

uint32_t DoubtsOf(const ReportRevision& revision) {
  const auto echoes = std::count_if(revision.identifiers().begin(), revision.identifiers().end(),
                                    [](const NamedIdentifier& named) { return named.echo(); });
  return static_cast<uint32_t>(echoes) + (revision.held() ? kHeldDoubts : 0);
}

bool IsHeld(const StoredReport& stored) {
  return stored.withdrawn() && !stored.retracted() && stored.doubts() >= kHeldDoubts;
}

std::vector<HeldReports> ListHeld(core::State& state) {
  std::map<std::string, HeldReports> by_partner;
  VisitHeld(state, [&](const ReportRevision& revision, bool dropped) {
    HeldReports& held = by_partner[revision.partner()];
    held.partner = revision.partner();
    if (dropped) {
      ++held.dropped;
      return;
    }
    const core::Time arrival = revision.arrival();
    held.first = held.waiting == 0 ? arrival : std::min(held.first, arrival);
    held.last = std::max(held.last, arrival);
    ++held.waiting;
  });
  std::vector<HeldReports> list;
  for (auto& [partner, held] : by_partner) list.push_back(std::move(held));
  return list;
}

uint64_t CountHeld(core::State& state, const std::string& partner, core::Time from,
                   core::Time until, bool drop) {
  uint64_t reports = 0;
  const auto is_meant = [&](const ReportRevision& revision) {
    return from <= revision.arrival() && revision.arrival() < until &&
           revision.partner() == partner;
  };
  if (!drop) {
    VisitHeld(state, [&](const ReportRevision& revision, bool) { reports += is_meant(revision); });
    return reports;
  }
  // What was released stands among all others.
  const Verdicts verdicts(state);
  StoredReport stored;
  ReportRevision revision;
  state.Scan("r", "s", [&](std::string_view, std::string_view value) {
    if (!stored.ParseFromArray(value.data(), static_cast<int>(value.size()))) return true;
    if (stored.retracted() || !revision.ParseFromString(stored.content())) return true;
    if (!revision.held() || !is_meant(revision) || verdicts.IsRetracted(revision)) return true;
    reports += verdicts.FateOf(partner, revision.arrival()) != Verdicts::Fate::kDropped;
    return true;
  });
  return reports;
}

uint64_t CountReports(core::State& state, const std::string& partner, core::Time from,
                      core::Time until) {
  uint64_t reports = 0;
  StoredReport stored;
  ReportRevision revision;
  state.Scan("r", "s", [&](std::string_view, std::string_view value) {
    if (!stored.ParseFromArray(value.data(), static_cast<int>(value.size()))) return true;
    if (stored.retracted() || stored.withdrawn()) return true;
    if (!revision.ParseFromString(stored.content())) return true;
    const bool arrived = from <= revision.arrival() && revision.arrival() < until;
    if (arrived && revision.partner() == partner) ++reports;
    return true;
  });
  return reports;
}

bool PutMark(const internal::v1::MarkNews& news, const ReportRevision& revision,
             StoredReport& stored) {
  const Id id{news.id_hi(), news.id_lo()};
  const bool named =
      std::any_of(revision.identifiers().begin(), revision.identifiers().end(),
                  [&](const NamedIdentifier& identifier) { return IdOf(identifier) == id; });
  if (!named) return false;
  auto held = std::find_if(stored.mutable_marks()->begin(), stored.mutable_marks()->end(),
                           [&](const StoredMark& mark) { return IdOf(mark) == id; });
  if (held == stored.mutable_marks()->end()) {
    StoredMark& added = *stored.add_marks();
    added.set_id_hi(id.hi);
    added.set_id_lo(id.lo);
    held = stored.mutable_marks()->end() - 1;
  }
  if (held->place() >= news.place()) return false;
  held->set_place(news.place());
  const bool same = held->mark().bars() == news.mark().bars() &&
                    held->mark().disregard_before() == news.mark().disregard_before();
  *held->mutable_mark() = news.mark();
  return !same;
}

void PruneMarks(const ReportRevision& revision, StoredReport& stored) {
  if (stored.marks().empty()) return;
  absl::flat_hash_set<Id> named;
  for (const NamedIdentifier& identifier : revision.identifiers()) named.insert(IdOf(identifier));
  google::protobuf::RepeatedPtrField<StoredMark> kept;
  for (const StoredMark& mark : stored.marks()) {
    if (named.contains(IdOf(mark))) *kept.Add() = mark;
  }
  stored.mutable_marks()->Swap(&kept);
}

}  // namespace ringfence::dedupe
