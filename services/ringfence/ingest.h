#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <fstream>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ringfence/v1/report_service.pb.h"
#include "services/ringfence/line_reader.h"
#include "services/ringfence/position_file.h"
#include "services/ringfence/report_lines.h"

namespace ringfence::cli {

// Streams files of reports to a gateway: batches, several of them under way, answered in order, so
// that a position in a file means that all lines before it are answered. To be used by one thread.
class Ingest {
 public:
  struct Options {
    std::string partner;
    // All that was not used whole goes here.
    std::string rejects_path;
    size_t batch_reports_max = 500;
    size_t batch_bytes_max = size_t{1} << 20;
    size_t batches_under_way = 4;
    // How long a passing error is waited out, without counting the calls themselves.
    std::chrono::milliseconds retry_for{120'000};
  };
  struct Totals {
    uint64_t lines = 0;
    // Answered by an earlier run.
    uint64_t skipped = 0;
    uint64_t accepted = 0;
    uint64_t with_problems = 0;
    uint64_t held = 0;
    uint64_t rejected = 0;
    std::map<std::string, uint64_t> fatal;
    std::map<std::string, uint64_t> notes;
  };
  // What it needs of the world. All but `progress` are called from several threads.
  struct World {
    std::function<absl::StatusOr<v1::SubmitReportsResponse>(const v1::SubmitReportsRequest&)>
        submit;
    // False where there is no more time to wait.
    std::function<bool(std::chrono::milliseconds)> wait;
    // After every batch. `permille` of the file that is being read, where that is known.
    std::function<void(const Totals& totals, std::optional<uint32_t> permille)> progress;
  };

  // `stop` ends it between batches; what is under way is still waited for.
  Ingest(const Options& options, World world, std::stop_token stop);

  // Sends the rest of `path` ("-": standard input) from the position in `positions` on, if there
  // are any and if the file still begins as it did; there it keeps how far it came. kCancelled
  // after `stop`; other errors are those of the file, of the server after all retries, or of the
  // file of rejections.
  absl::Status Send(const std::string& path, PositionFile* positions);

  const Totals& totals() const { return totals_; }
  // Whether positions could be kept.
  const absl::Status& position_status() const { return position_status_; }

 private:
  struct Batch {
    std::vector<Line> lines;
    size_t bytes = 0;
    Position end;
  };
  struct UnderWay {
    Position end;
    uint64_t lines = 0;
    std::future<absl::StatusOr<ReportLines::Answers>> answers;
  };

  absl::StatusOr<std::unique_ptr<LineReader>> OpenAt(const std::string& path,
                                                     const Position& position);
  // Empty at the end of the file.
  absl::StatusOr<Batch> ReadBatch(LineReader& reader) const;
  absl::StatusOr<ReportLines::Answers> Submit(const std::string& input, Batch batch) const;
  // Waits for the first that is under way.
  absl::Status TakeFirst(const std::string& key, const LineReader& reader, PositionFile* positions);
  void Count(const ReportLines::Answers& answers, uint64_t lines);
  absl::Status WriteRejections(const std::vector<v1::Rejection>& rejections);

  const Options options_;
  const World world_;
  const std::stop_token stop_;
  Totals totals_;
  absl::Status position_status_;
  std::deque<UnderWay> under_way_;
  std::ofstream rejects_;
  // A run that goes on where another stopped adds to its rejections.
  bool appends_rejects_ = false;
};

}  // namespace ringfence::cli
