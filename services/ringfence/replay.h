#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pipelines/campaigns/campaign_names.h"
#include "pipelines/core/time.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/v1/indicator.pb.h"
#include "ringfence/v1/report_service.pb.h"

namespace ringfence::cli {

struct ReplayOptions {
  // Holds <partner>.jsonl or <partner>.jsonl.gz, one report a line.
  std::string folder;
  // By arrival, or one record of each file in turn.
  bool order_by_time = true;
  uint32_t partitions = 2;
  campaigns::NamingKey naming_key{};
  // The clock's now: nothing arrives later.
  core::Time now = 0;
  // Called with each accepted revision, in no particular order. May be empty.
  std::function<void(const internal::v1::ReportRevision&)> on_accepted;
};

struct ReplayResult {
  std::vector<v1::Indicator> indicators;
  std::vector<v1::Campaign> campaigns;
  std::vector<v1::Rejection> rejections;
  uint64_t accepted = 0;
  // Each record once, however often it is there.
  uint64_t rejected = 0;
  // Fatal problems by code.
  std::map<std::string, uint64_t> rejected_by_code;
  // The time of the set: the latest `reported_at` accepted.
  core::Time as_of = core::kTimeMin;
};

// Runs the stages over files of reports, with time taken from the reports, until all is quiet.
// Keeps the reports and the state in memory. kNotFound where the folder holds no such files; errors
// of reading as they are.
absl::StatusOr<ReplayResult> Replay(const ReplayOptions& options);

}  // namespace ringfence::cli
