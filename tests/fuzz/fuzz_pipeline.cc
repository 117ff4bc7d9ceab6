// Reports of several partners through all stages: no organisation alone gets anything above
// MONITOR, and once all is withdrawn, nothing is left.
//
// Input: one record a line; the lines are of three partners in turn.
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "pipelines/intake/intake.h"
#include "services/ringfence/replay/memory_pipeline.h"
#include "services/ringfence/replay/published_set.h"
#include "tests/fuzz/fuzz.h"

namespace ringfence::fuzz {
namespace {

constexpr core::Time kArrival = 20'513 * core::kDay;  // 2026-03-01
constexpr int kReportsMax = 40;
constexpr std::string_view kPartners[] = {"first", "second", "third"};

class World {
 public:
  World()
      : intake_(intake::Intake::Options{.token_key = {.id = "k1"}}),
        pipeline_({}, [this](uint32_t partition, std::string_view key, std::string_view value) {
          set_.Apply(partition, key, value);
        }) {}

  void Report(std::string_view partner, std::string_view bytes) {
    const intake::Intake::Result result = intake_.FromRecord(partner, bytes, kArrival);
    if (!result.revision_message) return;
    Send(*result.revision_message);
    reports_.emplace(std::string(partner), result.report_id);
  }

  void RetractAll() {
    for (const auto& [partner, report_id] : reports_) {
      internal::v1::ReportRevision retraction;
      retraction.set_partner(partner);
      retraction.set_report_id(report_id);
      retraction.set_revision(UINT32_MAX);
      retraction.set_retracted(true);
      retraction.set_arrival(kArrival);
      Send(retraction);
    }
  }

  replay::PublishedSet::Contents Published() {
    pipeline_.Tick(kArrival);
    Expect(pipeline_.RunUntilQuiet().ok(), "the stages run until quiet");
    auto contents = set_.Finish({});
    Expect(contents.ok(), "what the stages send can be read");
    return *std::move(contents);
  }

 private:
  void Send(const internal::v1::ReportRevision& revision) {
    pipeline_.Send(revision);
    Expect(pipeline_.RunUntilQuiet().ok(), "the stages run until quiet");
  }

  intake::Intake intake_;
  replay::PublishedSet set_;
  replay::MemoryPipeline pipeline_;
  std::multimap<std::string, std::string> reports_;
};

void ExpectNobodyAlone(const v1::Indicator& indicator) {
  const v1::Explanation& explanation = indicator.explanation();
  Expect(indicator.action() != v1::ACTION_UNSPECIFIED, "an indicator has an action");
  if (explanation.organisations() >= 2 && explanation.incidents() >= 2) return;
  Expect(indicator.action() == v1::ACTION_MONITOR,
         "no organisation and no incident alone is above MONITOR");
  Expect(explanation.organisations() != 1 || indicator.score() <= 500, "none alone above 500");
}

}  // namespace
}  // namespace ringfence::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ringfence;  // NOLINT(google-build-using-namespace)
  fuzz::World world;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  for (int i = 0; i < fuzz::kReportsMax && !rest.empty(); ++i) {
    const size_t end = rest.find('\n');
    world.Report(fuzz::kPartners[i % 3], rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  const replay::PublishedSet::Contents published = world.Published();
  for (const v1::Indicator& indicator : published.indicators) fuzz::ExpectNobodyAlone(indicator);
  for (const v1::Campaign& campaign : published.campaigns) {
    fuzz::Expect(campaign.indicators() >= 2, "a campaign has two members");
  }
  world.RetractAll();
  const replay::PublishedSet::Contents left = world.Published();
  fuzz::Expect(left.indicators.empty() && left.campaigns.empty(),
               "withdrawn reports leave nothing");
  return 0;
}
