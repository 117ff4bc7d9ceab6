#include "pipelines/dedupe/verdicts.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"
#include "pipelines/core/id.h"

namespace ringfence::dedupe {
namespace {

using core::Id;
using internal::v1::NamedIdentifier;
using internal::v1::PartnerRetraction;
using internal::v1::ReportRevision;
using internal::v1::StoredMark;
using internal::v1::StoredReport;

constexpr char kRetractionTable = 'p';
constexpr std::string_view kOrganisationsKey = "g";
// No report that arrived before it is kept, or comes again.
constexpr core::Time kRetractionSpan = 403 * core::kDay;

std::string RetractionKey(core::Place place) {
  std::string key(1, kRetractionTable);
  for (int shift = 56; shift >= 0; shift -= 8) {
    key.push_back(static_cast<char>(place >> shift & 0xff));
  }
  return key;
}

Id IdOf(const NamedIdentifier& named) { return core::IdentifierId(named.type(), named.value()); }
Id IdOf(const StoredMark& mark) { return {mark.id_hi(), mark.id_lo()}; }

bool IsNothing(const internal::v1::Mark& mark) {
  return mark.bars() == internal::v1::BARS_NONE && mark.disregard_before() == 0;
}

}  // namespace

Verdicts::Verdicts(core::State& state) : state_(state) {
  const std::string from(1, kRetractionTable);
  const std::string until(1, static_cast<char>(kRetractionTable + 1));
  state_.Scan(from, until, [this](std::string_view, std::string_view value) {
    PartnerRetraction retraction;
    if (retraction.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
      retractions_.push_back(std::move(retraction));
    }
    return true;
  });
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
    if (over) state_.Delete(RetractionKey(held.place()));
    return over;
  });
  retractions_.push_back(retraction);
  state_.Put(RetractionKey(retraction.place()), retraction.SerializeAsString());
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

bool Verdicts::Withdraws(std::string_view partner, core::Time arrival) const {
  return std::any_of(retractions_.begin(), retractions_.end(), [&](const PartnerRetraction& held) {
    return held.partner() == partner && held.from() <= arrival && arrival < held.until();
  });
}

std::string Verdicts::OrganisationOf(const std::string& partner) const {
  if (!listed_) return partner;
  const auto member = members_.find(partner);
  return member == members_.end() ? "unlisted/" + partner : member->second;
}

ReportRevision Verdicts::Decide(ReportRevision revision, const StoredReport& stored) const {
  if (listed_) revision.set_partner(OrganisationOf(revision.partner()));
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
