#include "services/ringfence/replay.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <functional>
#include <set>
#include <tuple>
#include <utility>

#include "pipelines/core/id.h"
#include "pipelines/intake/intake.h"
#include "services/ringfence/line_reader.h"
#include "services/ringfence/replay/memory_pipeline.h"
#include "services/ringfence/replay/published_set.h"

namespace ringfence::cli {
namespace {

using internal::v1::ReportRevision;

constexpr size_t kRevisionsAtOnce = 500;

// One accepted record, and when it comes.
struct Arrival {
  core::Time time = 0;
  std::string revision;
};

struct File {
  std::string partner;
  std::string path;
};

absl::StatusOr<std::vector<File>> FindFiles(const std::string& folder) {
  std::vector<File> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    for (const std::string_view ending : {".jsonl", ".jsonl.gz"}) {
      // truth.jsonl is what `ringfence sample` writes beside the partners' files.
      if (!name.ends_with(ending) || name == "truth.jsonl") continue;
      files.push_back({name.substr(0, name.size() - ending.size()), entry.path().string()});
    }
  }
  if (error) return absl::NotFoundError(folder + ": " + error.message());
  if (files.empty())
    return absl::NotFoundError(folder + " holds no <partner>.jsonl or <partner>.jsonl.gz");
  std::sort(files.begin(), files.end(),
            [](const File& a, const File& b) { return a.path < b.path; });
  return files;
}

class Replayer {
 public:
  explicit Replayer(const ReplayOptions& options)
      : options_(options), intake_({.token_key = {.id = "replay", .secret = {}}, .replay = true}) {}

  absl::StatusOr<ReplayResult> Run() {
    absl::StatusOr<std::vector<File>> files = FindFiles(options_.folder);
    if (!files.ok()) return files.status();
    std::vector<std::deque<Arrival>> arrivals;
    for (const File& file : *files) {
      absl::StatusOr<std::deque<Arrival>> read = Read(file);
      if (!read.ok()) return read.status();
      arrivals.push_back(*std::move(read));
    }
    if (absl::Status status = RunStages(InOrder(std::move(arrivals))); !status.ok()) return status;
    auto contents = set_.Finish(options_.naming_key);
    if (!contents.ok()) return contents.status();
    result_.indicators = std::move(contents->indicators);
    result_.campaigns = std::move(contents->campaigns);
    SortRejections();
    return std::move(result_);
  }

 private:
  absl::StatusOr<std::deque<Arrival>> Read(const File& file) {
    absl::StatusOr<std::unique_ptr<LineReader>> reader = LineReader::Open(file.path);
    if (!reader.ok()) return reader.status();
    std::deque<Arrival> arrivals;
    core::Time latest = core::kTimeMin;
    while (true) {
      absl::StatusOr<std::optional<Line>> line = (*reader)->Next();
      if (!line.ok()) return line.status();
      if (!*line) return arrivals;
      if ((*line)->text.find_first_not_of(" \t\r") == std::string::npos) continue;
      if (auto revision = Take(file.partner, **line)) {
        // A retraction need not have times of its own: it comes where it stands.
        const bool has_time = !revision->retracted() || revision->arrival() < options_.now;
        if (has_time) latest = std::max(latest, core::Time{revision->arrival()});
        arrivals.push_back(
            {has_time ? revision->arrival() : latest, revision->SerializeAsString()});
      }
    }
  }

  std::optional<ReportRevision> Take(const std::string& partner, const Line& line) {
    intake::Intake::Result result = intake_.FromJson(partner, line.text, options_.now);
    const auto offset = static_cast<int64_t>(line.number) - 1;
    if (auto rejection = intake::RejectionOf(partner, result, 0, offset)) {
      // The same record delivered again is the same rejection.
      const core::Sha256Digest record = core::Sha256(partner + '\0' + line.text);
      const bool is_first = rejected_records_.insert(record).second;
      if (is_first) result_.rejections.push_back(*std::move(rejection));
      if (!is_first && !result.revision_message) return std::nullopt;
    }
    if (!result.revision_message) {
      ++result_.rejected;
      for (const v1::Problem& problem : result.problems) {
        if (problem.fatal()) ++result_.rejected_by_code[problem.code()];
      }
      return std::nullopt;
    }
    ++result_.accepted;
    const ReportRevision& revision = *result.revision_message;
    if (!revision.retracted())
      result_.as_of = std::max(result_.as_of, core::Time{revision.reported_at()});
    if (options_.on_accepted) options_.on_accepted(revision);
    return std::move(result.revision_message);
  }

  std::vector<Arrival> InOrder(std::vector<std::deque<Arrival>> files) const {
    std::vector<Arrival> order;
    for (bool more = true; more;) {
      more = false;
      for (std::deque<Arrival>& file : files) {
        if (file.empty()) continue;
        more = true;
        order.push_back(std::move(file.front()));
        file.pop_front();
      }
    }
    if (options_.order_by_time) {
      std::stable_sort(order.begin(), order.end(),
                       [](const Arrival& a, const Arrival& b) { return a.time < b.time; });
    }
    return order;
  }

  absl::Status RunStages(const std::vector<Arrival>& arrivals) {
    replay::MemoryPipeline pipeline(
        {.partitions = options_.partitions},
        [this](uint32_t partition, std::string_view key, std::string_view value) {
          set_.Apply(partition, key, value);
        });
    std::optional<core::Day> day;
    size_t sent = 0;
    ReportRevision revision;
    for (const Arrival& arrival : arrivals) {
      const core::Day arrived = core::FloorDay(std::min(arrival.time, result_.as_of));
      const bool new_day = !day || arrived > *day;
      if (new_day || sent % kRevisionsAtOnce == 0) {
        if (absl::Status status = pipeline.RunUntilQuiet(); !status.ok()) return status;
      }
      if (new_day) {
        day = arrived;
        pipeline.Tick(core::StartOfDay(arrived));
      }
      if (!revision.ParseFromString(arrival.revision))
        return absl::InternalError("a revision does not parse");
      pipeline.Send(revision);
      ++sent;
    }
    if (absl::Status status = pipeline.RunUntilQuiet(); !status.ok()) return status;
    pipeline.Tick(result_.as_of);
    return pipeline.RunUntilQuiet();
  }

  // By (partner, report id, revision), then by the rest, where it stood left out.
  void SortRejections() {
    std::vector<std::pair<std::string, v1::Rejection>> keyed;
    for (v1::Rejection& rejection : result_.rejections) {
      v1::Rejection rest = rejection;
      rest.clear_partition();
      rest.clear_offset();
      keyed.emplace_back(rest.SerializeAsString(), std::move(rejection));
    }
    auto key = [](const std::pair<std::string, v1::Rejection>& entry) {
      return std::make_tuple(std::cref(entry.second.partner()), std::cref(entry.second.report_id()),
                             entry.second.revision(), std::cref(entry.first));
    };
    auto before = [&](const auto& a, const auto& b) { return key(a) < key(b); };
    std::sort(keyed.begin(), keyed.end(), before);
    result_.rejections.clear();
    for (auto& [rest, rejection] : keyed) result_.rejections.push_back(std::move(rejection));
  }

  const ReplayOptions& options_;
  intake::Intake intake_;
  replay::PublishedSet set_;
  ReplayResult result_;
  // Hashes of those that `result_.rejections` stand for.
  std::set<core::Sha256Digest> rejected_records_;
};

}  // namespace

absl::StatusOr<ReplayResult> Replay(const ReplayOptions& options) {
  return Replayer(options).Run();
}

}  // namespace ringfence::cli
