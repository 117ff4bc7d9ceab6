#include "pipelines/dedupe/holds.h"

#include <algorithm>
#include <utility>

#include "pipelines/dedupe/evidence.h"

namespace ringfence::dedupe {
namespace {

using core::Id;
using core::Time;
using internal::v1::IncidentBearers;
using internal::v1::NamedIdentifier;
using internal::v1::ReferralEntry;
using internal::v1::ReferralHold;
using internal::v1::ReferralReport;
using internal::v1::ReportRevision;
using internal::v1::StoredHeld;
using internal::v1::StoredHold;

constexpr char kHoldTable = 'h';
constexpr char kHeldTable = 'k';
constexpr char kRunningTable = 'v';
constexpr std::string_view kForgottenKey = "f";
constexpr size_t kIdBytes = 16;
// Longer than a word of it is usually on its way. What comes later still is known by its place.
constexpr Time kLiftedKept = 30 * core::kDay;

std::string HoldKey(std::string_view hold_id) {
  return std::string(1, kHoldTable) + std::string(hold_id);
}

std::string RunningKey(std::string_view hold_id) {
  return std::string(1, kRunningTable) + std::string(hold_id);
}

std::string HeldPrefix(std::string_view hold_id) {
  return std::string(1, kHeldTable) + std::string(hold_id);
}

std::string HeldKey(std::string_view hold_id, const Id& report) {
  std::string key = HeldPrefix(hold_id);
  report.AppendTo(key);
  return key;
}

// Ids of 16 bytes one after the other, ascending.
bool Contains(std::string_view members, const Id& id) {
  size_t low = 0;
  size_t high = members.size() / kIdBytes;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    const Id at = Id::FromBytes(members.substr(middle * kIdBytes, kIdBytes));
    if (at == id) return true;
    at < id ? low = middle + 1 : high = middle;
  }
  return false;
}

bool IsDisregarded(const NamedIdentifier& named) {
  return named.mark().disregard_before() != 0 &&
         named.observed_at() < named.mark().disregard_before();
}

bool IsBorneByMember(const IncidentBearers& bearers, const ReferralHold& hold) {
  return std::any_of(bearers.bearers().begin(), bearers.bearers().end(),
                     [&](const IncidentBearers::Bearer& b) {
                       return b.from() <= hold.at() && hold.at() < b.until() &&
                              Contains(hold.members(), {b.id_hi(), b.id_lo()});
                     });
}

void AddMembers(const ReportRevision& revision, const ReferralHold& hold, ReferralReport& about) {
  for (const NamedIdentifier& named : revision.identifiers()) {
    if (IsDisregarded(named)) continue;
    const Id id = core::IdentifierId(named.type(), named.value());
    if (!Contains(hold.members(), id)) continue;
    ReferralReport::Member& member = *about.add_members();
    member.set_id_hi(id.hi);
    member.set_id_lo(id.lo);
    member.set_role(named.role());
    member.set_observed_at(named.observed_at());
  }
}

ReferralEntry EntryOf(const ReferralHold& hold) {
  ReferralEntry entry;
  entry.set_hold_id(hold.hold_id());
  return entry;
}

}  // namespace

std::optional<ReferralReport> DescribeForReferral(const ReportRevision& revision,
                                                  const std::string& partner, const Id& report,
                                                  const Id& incident,
                                                  const IncidentBearers& bearers,
                                                  const ReferralHold& hold) {
  if (revision.referral() == v1::REFERRAL_NEVER) return std::nullopt;
  ReferralReport about;
  about.set_counts(IsBorneByMember(bearers, hold));
  AddMembers(revision, hold, about);
  if (!about.counts() && about.members().empty()) return std::nullopt;
  about.set_partner(partner);
  about.set_organisation(revision.partner());
  about.set_incident_hi(incident.hi);
  about.set_incident_lo(incident.lo);
  about.set_representative(incident == report);
  about.set_country(revision.country());
  about.set_basis(revision.basis());
  about.set_scam_type(revision.scam_type());
  about.set_impersonated(revision.impersonated());
  about.set_occurred_at(revision.occurred_at());
  about.set_reported_at(revision.reported_at());
  about.set_arrival(revision.arrival());
  about.set_revision(revision.revision());
  about.set_listed(revision.referral() == v1::REFERRAL_ALLOWED);
  if (about.listed()) about.set_content_hash(revision.content_hash());
  for (v1::AmountTotal& loss : SettledLosses(revision)) *about.add_losses() = std::move(loss);
  return about;
}

Holds::Holds(core::State& state, JoinStore& store, Post& post, const Verdicts& verdicts,
             uint32_t partition, size_t reports_max)
    : state_(state),
      store_(store),
      post_(post),
      verdicts_(verdicts),
      partition_(partition),
      reports_max_(reports_max) {}

std::optional<StoredHold> Holds::Find(std::string_view hold_id) const {
  StoredHold stored;
  const std::optional<std::string> bytes = state_.Get(HoldKey(hold_id));
  if (!bytes) return std::nullopt;
  if (!stored.ParseFromString(*bytes)) {
    store_.Damaged("hold");
    return std::nullopt;
  }
  return stored;
}

void Holds::Put(const StoredHold& stored) {
  const std::string& id = stored.hold().hold_id();
  state_.Put(HoldKey(id), stored.SerializeAsString());
  const std::string running = RunningKey(id);
  stored.running() ? state_.Put(running, "") : state_.Delete(running);
}

core::Place Holds::ForgottenUntil() const {
  StoredHold stored;
  const std::optional<std::string> bytes = state_.Get(kForgottenKey);
  if (bytes && !stored.ParseFromString(*bytes)) store_.Damaged("place of forgotten holds");
  return stored.hold().place();
}

void Holds::ForgetLifted(Time now) {
  std::vector<std::string> forgotten;
  core::Place until = 0;
  state_.Scan(std::string(1, kHoldTable), std::string(1, kHoldTable + 1),
              [&](std::string_view key, std::string_view value) {
                StoredHold stored;
                if (stored.ParseFromArray(value.data(), static_cast<int>(value.size())) &&
                    stored.forget_at() != 0 && stored.forget_at() <= now) {
                  forgotten.emplace_back(key);
                  until = std::max(until, core::Place{stored.hold().place()});
                }
                return true;
              });
  if (forgotten.empty()) return;
  for (const std::string& key : forgotten) state_.Delete(key);
  StoredHold last;
  last.mutable_hold()->set_place(std::max(until, ForgottenUntil()));
  state_.Put(kForgottenKey, last.SerializeAsString());
}

void Holds::Apply(const ReferralHold& hold, Time now) {
  ForgetLifted(now);
  std::optional<StoredHold> stored = Find(hold.hold_id());
  if (stored && stored->hold().place() >= hold.place()) return;
  // One that was lifted does not come back.
  if (stored && stored->hold().removed()) return;
  // All up to that place have come before: this is a copy of one that was lifted.
  if (!stored && hold.place() <= ForgottenUntil()) return;
  StoredHold next;
  *next.mutable_hold() = hold;
  next.set_running(true);
  if (stored) next.set_reports(stored->reports());
  Put(next);
  post_.ContinueHolds();
}

void Holds::GoOn(Time now) {
  std::optional<std::string> running;
  state_.Scan(std::string(1, kRunningTable), std::string(1, kRunningTable + 1),
              [&](std::string_view key, std::string_view) {
                running = key.substr(1);
                return false;
              });
  // A message to itself may come twice.
  if (!running) return;
  std::optional<StoredHold> next = Find(*running);
  if (!next) return;
  const bool done = next->hold().removed() ? LetGo(*next) : TakeReports(*next, now);
  if (done) {
    next->set_running(false);
    next->clear_after();
    ReferralEntry entry = EntryOf(next->hold());
    entry.set_done(true);
    entry.set_removed(next->hold().removed());
    entry.set_partition(partition_);
    entry.set_reports(next->reports());
    post_.Send(std::move(entry));
    if (next->hold().removed()) {
      next->mutable_hold()->clear_members();
      next->set_forget_at(now + kLiftedKept);
    }
  }
  Put(*next);
  // There may be another hold that waits.
  post_.ContinueHolds();
}

bool Holds::TakeReports(StoredHold& stored, Time now) {
  std::optional<Id> after;
  if (stored.after().size() == kIdBytes) after = Id::FromBytes(stored.after());
  const std::vector<Id> ids = store_.NextReports(after, reports_max_);
  for (const Id& id : ids) Take(stored, id, now);
  if (ids.size() < reports_max_) return true;
  stored.set_after(ids.back().Bytes());
  return false;
}

void Holds::Take(StoredHold& stored, const Id& id, Time now) {
  const Report& report = store_.LoadReport(id);
  if (!report.known || report.stored.retracted() || report.stored.withdrawn()) return;
  if (core::StartOfDay(report.stored.until_day()) <= now) return;
  const ReportRevision held = store_.RevisionOf(report);
  const ReportRevision revision = verdicts_.Decide(held, report.stored);
  IncidentBearers bearers;
  if (!report.joins.shown) {
    bearers = BearersOf(revision);
  } else if (!bearers.ParseFromString(report.joins.shown_bearers)) {
    return store_.Damaged("root's bearers");
  }
  std::optional<ReferralReport> about = DescribeForReferral(
      revision, held.partner(), id, report.joins.shown.value_or(id), bearers, stored.hold());
  if (!about) return;
  StoredHeld copy;
  copy.set_content(report.stored.content());
  copy.set_incident_hi(about->incident_hi());
  copy.set_incident_lo(about->incident_lo());
  state_.Put(HeldKey(stored.hold().hold_id(), id), copy.SerializeAsString());
  ReferralEntry entry = EntryOf(stored.hold());
  entry.set_report_hi(id.hi);
  entry.set_report_lo(id.lo);
  *entry.mutable_report() = *std::move(about);
  post_.Send(std::move(entry));
  stored.set_reports(stored.reports() + 1);
}

bool Holds::LetGo(StoredHold& stored) {
  const std::string prefix = HeldPrefix(stored.hold().hold_id());
  std::vector<std::string> keys;
  // Above all 16 bytes that may follow.
  const std::string until = prefix + std::string(kIdBytes + 1, '\xff');
  state_.Scan(prefix, until, [&](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return keys.size() < reports_max_;
  });
  for (const std::string& key : keys) {
    const Id report = Id::FromBytes(std::string_view(key).substr(prefix.size()));
    ReferralEntry entry = EntryOf(stored.hold());
    entry.set_report_hi(report.hi);
    entry.set_report_lo(report.lo);
    entry.set_removed(true);
    post_.Send(std::move(entry));
    state_.Delete(key);
  }
  return keys.size() < reports_max_;
}

}  // namespace ringfence::dedupe
