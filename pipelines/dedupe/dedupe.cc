#include "pipelines/dedupe/dedupe.h"

#include <algorithm>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "google/protobuf/arena.h"
#include "pipelines/core/envelope.h"
#include "pipelines/core/id.h"
#include "pipelines/core/review.h"
#include "pipelines/core/timers.h"
#include "pipelines/dedupe/blocks.h"
#include "pipelines/dedupe/evidence.h"
#include "pipelines/dedupe/holds.h"
#include "pipelines/dedupe/join_store.h"
#include "pipelines/dedupe/joining.h"
#include "pipelines/dedupe/post.h"
#include "pipelines/dedupe/verdicts.h"
#include "ringfence/internal/v1/state.pb.h"

// Tables of the state, beside those of JoinStore and Holds:
//   't' due (8) report (16)     when a report is no longer needed
//   'm'                         StageClock
namespace ringfence::dedupe {
namespace {

using core::Id;
using core::Time;
using internal::v1::Continue;
using internal::v1::Envelope;
using internal::v1::Evidence;
using internal::v1::ReportRevision;
using internal::v1::StoredReport;

constexpr char kTimerTable = 't';

// Evidence links until at most 400 days after it was seen, which is at most a day after it arrived,
// and a report is taken until 400 days after it occurred: from then on nothing of it can count or
// come again.
constexpr core::Day kKeptDays = 403;

// Which of two revisions of one report holds.
template <typename Revision>
auto Order(const Revision& revision) {
  return std::make_tuple(revision.revision(), revision.retracted(),
                         std::string_view(revision.content_hash()), -int64_t{DoubtsOf(revision)});
}

components::Rules RulesOf(const Options& options) {
  components::Rules rules = options.rules;
  rules.day_ranks = true;
  return rules;
}

class Dedupe : public core::Stage {
 public:
  Dedupe(core::State& state, const Options& options)
      : options_(options),
        rules_(RulesOf(options)),
        timers_(state, kTimerTable),
        clock_(state),
        store_(state),
        verdicts_(state),
        review_(state),
        post_(options.partition, options.own_messages_max, options.places_soft_max),
        holds_(state, store_, post_, verdicts_, options.partition, options.review_max),
        joining_(store_, post_, verdicts_, rules_, {options.block_max, options.peers_max},
                 [this](Report& report) { Touch(report); }) {}

  absl::Status Apply(const core::Record& record, core::Output& output) override {
    arena_.Reset();
    auto envelope = core::ParseEnvelope(record, arena_);
    if (!envelope.ok()) return envelope.status();
    const Envelope& messages = **envelope;
    post_.Begin(record.offset, output);
    clock_.Advance(record, messages.tick());
    joining_.set_now(clock_.now());
    for (const Continue& go_on : messages.continues()) {
      if (go_on.work() == Continue::WORK_SWEEP) clock_.set_sweeping(false);
    }
    Sweep();
    ApplyDecisions(messages);
    for (const ReportRevision& revision : messages.revisions()) ApplyRevision(revision);
    for (const auto& node : messages.nodes()) joining_.Apply(node);
    for (const Continue& go_on : messages.continues()) {
      if (go_on.work() != Continue::WORK_ANNOUNCE) continue;
      joining_.Announce({{go_on.base_hi(), go_on.base_lo()}, go_on.day()});
    }
    for (const auto& entry : messages.block_entries()) joining_.Apply(entry);
    for (const auto& news : messages.block_news()) joining_.Apply(news);
    for (const auto& facts : messages.facts()) joining_.Apply(facts);
    while (std::optional<OwnMessage> message = post_.TakeOwn()) {
      std::visit([this](const auto& own) { joining_.Apply(own); }, *message);
    }
    for (Report* report : std::exchange(touched_, {})) Finish(*report);
    return Status();
  }

  absl::Status EndBatch(core::Output&) override { return Status(); }

  absl::Status Store() override {
    clock_.Store();
    store_.WriteBack();
    return Status();
  }
  size_t UnstoredBytes() const override { return store_.UnstoredBytes(); }

  Time AsOf() const override { return clock_.now(); }

  std::vector<Event> TakeEvents() override {
    const Joining::Floods floods = joining_.TakeFloods();
    std::vector<Event> events;
    if (floods.begun > 0) events.push_back({"flood_begun", floods.begun});
    if (floods.reports > 0) events.push_back({"flood_report", floods.reports});
    return events;
  }

 private:
  absl::Status Status() const {
    if (post_.ran_out()) return absl::InternalError("dedupe: a record has used up its places");
    return store_.status();
  }

  void Touch(Report& report) {
    if (report.touched) return;
    report.touched = true;
    touched_.push_back(&report);
  }

  // -- operators' decisions

  void ApplyDecisions(const Envelope& messages) {
    for (const auto& retraction : messages.partner_retractions()) {
      if (verdicts_.Put(retraction, clock_.now())) BeginReview();
    }
    for (const auto& organisations : messages.organisations()) {
      if (verdicts_.Put(organisations)) BeginReview();
    }
    for (const auto& decision : messages.held_decisions()) {
      if (verdicts_.Put(decision, clock_.now())) BeginReview();
    }
    for (const auto& policy : messages.policies()) {
      if (verdicts_.Put(policy)) BeginReview();
    }
    for (const auto& news : messages.marks()) ApplyMark(news);
    for (const Continue& go_on : messages.continues()) {
      if (go_on.work() == Continue::WORK_REVIEW) GoOnReviewing();
      if (go_on.work() == Continue::WORK_HOLD) holds_.GoOn(clock_.now());
    }
    for (const auto& hold : messages.referral_holds()) holds_.Apply(hold, clock_.now());
  }

  void ApplyMark(const internal::v1::MarkNews& news) {
    Report& report = store_.LoadReport({news.report_hi(), news.report_lo()});
    if (!report.known || report.stored.retracted()) return;
    report.dirty = true;
    if (!PutMark(news, store_.RevisionOf(report), report.stored)) return;
    joining_.Redecide(report);
    report.revised = true;
    Touch(report);
  }

  void BeginReview() {
    if (review_.Begin(~uint64_t{0})) post_.ContinueReview();
  }

  void GoOnReviewing() {
    if (!review_.running()) return;
    const std::vector<Id> ids = store_.NextReports(review_.after(), options_.review_max);
    for (const Id& id : ids) ReviewReport(store_.LoadReport(id));
    std::optional<Id> last;
    if (ids.size() == options_.review_max) last = ids.back();
    if (review_.GoOn(last)) post_.ContinueReview();
  }

  void ReviewReport(Report& report) {
    StoredReport& held = report.stored;
    if (held.retracted()) return;
    const ReportRevision revision = store_.RevisionOf(report);
    const bool withdrawn = verdicts_.Withdraws(revision);
    if (withdrawn && held.withdrawn()) return;
    if (withdrawn != held.withdrawn()) {
      const std::vector<BlockKey> blocks = BlocksInHeld(report);
      held.set_withdrawn(withdrawn);
      if (withdrawn) {
        joining_.Leave(report, blocks);
      } else {
        joining_.Revise(report, blocks, revision);
        held.set_spans_place(verdicts_.spans_place());
      }
    } else if (held.spans_place() != verdicts_.spans_place()) {
      joining_.Redecide(report);
      held.set_spans_place(verdicts_.spans_place());
    } else if (verdicts_.OrganisationOf(revision.partner()) == ShownOrganisation(revision, held)) {
      return;
    }
    report.revised = true;
    report.dirty = true;
    Touch(report);
  }

  static const std::string& ShownOrganisation(const ReportRevision& revision,
                                              const StoredReport& held) {
    return held.organisation().empty() ? revision.partner() : held.organisation();
  }

  void ApplyRevision(const ReportRevision& revision) {
    Report& report = store_.LoadReport(core::ReportKey(revision.partner(), revision.report_id()));
    StoredReport& held = report.stored;
    if (report.known && core::StartOfDay(held.until_day()) <= clock_.now()) Forget(report);
    if (report.known && Order(held) >= Order(revision)) return KeepUntil(report, revision);
    const std::vector<BlockKey> blocks = BlocksInHeld(report);
    if (report.known) timers_.Clear(core::StartOfDay(held.until_day()), report.id);
    held.set_revision(revision.revision());
    held.set_retracted(revision.retracted());
    held.set_content_hash(revision.content_hash());
    revision.SerializeToString(held.mutable_content());
    const core::Day until = core::FloorDay(revision.arrival()) + kKeptDays;
    held.set_until_day(report.known ? std::max(until, held.until_day()) : until);
    timers_.Set(core::StartOfDay(held.until_day()), report.id);
    report.known = true;
    report.dirty = true;
    report.revised = true;
    held.set_doubts(DoubtsOf(revision));
    held.set_withdrawn(!revision.retracted() && verdicts_.Withdraws(revision));
    held.set_spans_place(verdicts_.spans_place());
    PruneMarks(revision, held);
    if (revision.retracted() || held.withdrawn()) {
      joining_.Leave(report, blocks);
    } else {
      joining_.Revise(report, blocks, revision);
    }
    Touch(report);
  }

  // The blocks that the revision before is in.
  std::vector<BlockKey> BlocksInHeld(const Report& report) {
    if (!report.known || report.stored.entry_place() == 0) return {};
    return BlocksOf(store_.RevisionOf(report));
  }

  // What is lower may come again as well: what holds is known as long as that.
  void KeepUntil(Report& report, const ReportRevision& lower) {
    const core::Day until = core::FloorDay(lower.arrival()) + kKeptDays;
    if (until <= report.stored.until_day()) return;
    timers_.Clear(core::StartOfDay(report.stored.until_day()), report.id);
    report.stored.set_until_day(until);
    report.dirty = true;
    timers_.Set(core::StartOfDay(until), report.id);
  }

  // The end of a record for a report that it touched: its evidence goes out where the report or its
  // incident is another now.
  void Finish(Report& report) {
    report.touched = false;
    store_.Measure(report);
    if (!report.known) return;
    Joins& joins = report.joins;
    std::optional<Id> root;
    std::string bearers;
    if (joins.node && !joins.node->node.labelled) {
      // Its incident is not known just now: it stays with the last.
      root = joins.shown;
      bearers = joins.shown_bearers;
    } else if (joins.node && joins.node->node.root.id != report.id) {
      root = joins.node->node.root.id;
      bearers = joins.node->bearers();
    }
    if (!report.revised && root == joins.shown && bearers == joins.shown_bearers) return;
    report.revised = false;
    report.dirty = true;
    joins.shown = root;
    joins.shown_bearers = std::move(bearers);
    SendEvidence(report);
  }

  void SendEvidence(Report& report) {
    std::vector<Evidence> evidence;
    if (!report.stored.retracted() && !report.stored.withdrawn()) {
      const ReportRevision held = store_.RevisionOf(report);
      const ReportRevision revision = verdicts_.Decide(held, report.stored);
      const bool renamed = revision.partner() != held.partner();
      report.stored.set_organisation(renamed ? revision.partner() : std::string());
      if (report.joins.shown) {
        internal::v1::IncidentBearers bearers;
        if (!bearers.ParseFromString(report.joins.shown_bearers)) {
          return store_.Damaged("root's bearers");
        }
        evidence = MakeEvidence(revision, report.id, *report.joins.shown, bearers);
      } else {
        evidence = MakeEvidence(revision, report.id);
      }
    }
    std::vector<Id> bases;
    for (const Evidence& about : evidence) bases.push_back({about.base_hi(), about.base_lo()});
    TakeBack(report, bases);
    report.stored.clear_bases();
    for (const Id& base : bases) {
      report.stored.add_bases(base.hi);
      report.stored.add_bases(base.lo);
    }
    for (Evidence& about : evidence) post_.Send(std::move(about));
  }

  // Bases that the report sent evidence to before and has nothing to say about any more. `now` is
  // sorted.
  void TakeBack(const Report& report, const std::vector<Id>& now) {
    const auto& before = report.stored.bases();
    for (int i = 0; i + 1 < before.size(); i += 2) {
      const Id base{before[i], before[i + 1]};
      if (std::binary_search(now.begin(), now.end(), base)) continue;
      Evidence removal;
      removal.set_base_hi(base.hi);
      removal.set_base_lo(base.lo);
      removal.set_report_hi(report.id.hi);
      removal.set_report_lo(report.id.lo);
      removal.set_removed(true);
      post_.Send(std::move(removal));
    }
  }

  void Forget(Report& report) {
    timers_.Clear(core::StartOfDay(report.stored.until_day()), report.id);
    // A share may outlive the report in what a later report bears.
    if (report.joins.shown) TakeBack(report, {});
    joining_.Leave(report, BlocksInHeld(report));
    store_.Forget(report);
  }

  // Forgets what can no longer matter.
  void Sweep() {
    std::vector<core::Timers::Entry> due = timers_.Due(clock_.now(), options_.sweep_max);
    for (const core::Timers::Entry& entry : due) {
      Report& report = store_.LoadReport(entry.id);
      if (report.known) Forget(report);
      timers_.Clear(entry.due, entry.id);
    }
    const bool more = store_.SweepTombstones(clock_.now(), options_.sweep_max);
    if ((due.size() < options_.sweep_max && !more) || clock_.sweeping()) return;
    clock_.set_sweeping(true);
    post_.ContinueSweep();
  }

  const Options options_;
  const components::Rules rules_;
  core::Timers timers_;
  core::StageClock clock_;
  JoinStore store_;
  Verdicts verdicts_;
  core::Review review_;
  Post post_;
  Holds holds_;
  Joining joining_;
  google::protobuf::Arena arena_;
  std::vector<Report*> touched_;
};

}  // namespace

std::unique_ptr<core::Stage> MakeDedupe(core::State& state, const Options& options) {
  return std::make_unique<Dedupe>(state, options);
}

}  // namespace ringfence::dedupe
