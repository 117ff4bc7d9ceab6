#include "services/ringfence/ingest.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "services/ringfence/client.h"
#include "services/ringfence/words.h"
#include "services/runtime/reaction.h"

namespace ringfence::cli {

Ingest::Ingest(const Options& options, World world, std::stop_token stop)
    : options_(options), world_(std::move(world)), stop_(std::move(stop)) {}

absl::Status Ingest::Send(const std::string& path, PositionFile* positions) {
  const std::string key = std::filesystem::absolute(path).string();
  const Position start = positions == nullptr ? Position() : positions->Get(key);
  absl::StatusOr<std::unique_ptr<LineReader>> reader = OpenAt(path, start);
  if (!reader.ok()) return reader.status();
  absl::Status status;
  bool at_end = false;
  while (status.ok() && !at_end && !stop_.stop_requested()) {
    absl::StatusOr<Batch> batch = ReadBatch(**reader);
    at_end = !batch.ok() || batch->lines.empty();
    if (!batch.ok()) status = batch.status();
    if (at_end) break;
    UnderWay& sent = under_way_.emplace_back();
    sent.end = batch->end;
    sent.lines = batch->lines.size();
    sent.answers =
        std::async(std::launch::async, [this, path, taken = *std::move(batch)]() mutable {
          return Submit(path, std::move(taken));
        });
    if (under_way_.size() >= options_.batches_under_way) {
      status = TakeFirst(key, **reader, positions);
    }
  }
  // A damaged end does not make lines before it unanswered.
  while (!under_way_.empty()) status.Update(TakeFirst(key, **reader, positions));
  if (status.ok() && !at_end) return absl::CancelledError("interrupted");
  return status;
}

absl::StatusOr<std::unique_ptr<LineReader>> Ingest::OpenAt(const std::string& path,
                                                           const Position& position) {
  absl::StatusOr<std::unique_ptr<LineReader>> reader = LineReader::Open(path);
  if (!reader.ok() || position.lines == 0) return reader;
  uint64_t lines = 0;
  for (; lines < position.lines; ++lines) {
    absl::StatusOr<std::optional<Line>> line = (*reader)->Next();
    if (!line.ok()) return line.status();
    if (!*line) break;
  }
  // Another file under the same name is sent from the start.
  if (lines < position.lines || (*reader)->checksum() != position.checksum) {
    return LineReader::Open(path);
  }
  totals_.skipped += lines;
  appends_rejects_ = true;
  return reader;
}

absl::StatusOr<Ingest::Batch> Ingest::ReadBatch(LineReader& reader) const {
  Batch batch;
  while (batch.lines.size() < options_.batch_reports_max &&
         batch.bytes < options_.batch_bytes_max) {
    absl::StatusOr<std::optional<Line>> line = reader.Next();
    // What was read before the damage is still sent; then the error comes again.
    if (!line.ok() && batch.lines.empty()) return line.status();
    if (!line.ok() || !*line) break;
    batch.end = {(*line)->number, reader.checksum()};
    batch.bytes += (*line)->text.size();
    batch.lines.push_back(*std::move(*line));
  }
  return batch;
}

absl::StatusOr<ReportLines::Answers> Ingest::Submit(const std::string& input, Batch batch) const {
  const ReportLines lines(options_.partner, input, batch.lines);
  if (lines.request().reports().empty()) return lines.Answer({});
  runtime::Backoff backoff;
  for (std::chrono::milliseconds waited{0};;) {
    absl::StatusOr<v1::SubmitReportsResponse> response = world_.submit(lines.request());
    if (response.ok() && response->results_size() != lines.request().reports_size()) {
      return absl::InternalError("the server did not answer every report");
    }
    if (response.ok()) return lines.Answer(*response);
    if (!IsPassing(response.status()) || waited >= options_.retry_for) return response.status();
    const std::chrono::milliseconds pause = backoff.Next();
    waited += pause;
    if (!world_.wait(pause)) return response.status();
  }
}

absl::Status Ingest::TakeFirst(const std::string& key, const LineReader& reader,
                               PositionFile* positions) {
  UnderWay first = std::move(under_way_.front());
  under_way_.pop_front();
  absl::StatusOr<ReportLines::Answers> answers = first.answers.get();
  absl::Status status = answers.ok() ? WriteRejections(answers->rejections) : answers.status();
  if (!status.ok()) {
    // Positions have no gaps: all after it counts as not sent. The futures wait.
    under_way_.clear();
    return status;
  }
  Count(*answers, first.lines);
  if (positions != nullptr) position_status_.Update(positions->Put(key, first.end));
  world_.progress(totals_, reader.Permille());
  return absl::OkStatus();
}

void Ingest::Count(const ReportLines::Answers& answers, uint64_t lines) {
  totals_.lines += lines;
  totals_.accepted += answers.accepted;
  totals_.with_problems += answers.with_problems;
  totals_.held += answers.held;
  totals_.rejected += answers.rejected;
  for (const auto& [code, count] : answers.fatal) totals_.fatal[code] += count;
  for (const auto& [code, count] : answers.notes) totals_.notes[code] += count;
}

absl::Status Ingest::WriteRejections(const std::vector<v1::Rejection>& rejections) {
  if (rejections.empty()) return absl::OkStatus();
  if (!rejects_.is_open()) {
    rejects_.open(options_.rejects_path, appends_rejects_ ? std::ios::app : std::ios::trunc);
  }
  for (const v1::Rejection& rejection : rejections) rejects_ << Json(rejection) << '\n';
  rejects_.flush();
  if (rejects_) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("{}: cannot be written", options_.rejects_path));
}

}  // namespace ringfence::cli
