#include "services/publish/console/event_stream.h"

#include <utility>

namespace ringfence::publish {
namespace {

using Clock = std::chrono::steady_clock;

// A place among the streams, given back by the last copy.
class Place {
 public:
  explicit Place(std::shared_ptr<std::atomic<size_t>> streams) : streams_(std::move(streams)) {}
  ~Place() { streams_->fetch_sub(1); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  const std::shared_ptr<std::atomic<size_t>> streams_;
};

// What one stream has been told.
struct Told {
  uint64_t changes = 0;
  core::Time as_of = core::kTimeMin;
  // Nothing yet where they are the epoch.
  Clock::time_point state_at;
  Clock::time_point at;
};

bool IsNews(const Moment& moment, const Told& told) {
  return told.state_at == Clock::time_point() || moment.changes != told.changes ||
         moment.as_of != told.as_of;
}

}  // namespace

std::optional<runtime::HttpResponse> EventStreams::Begin(Describe describe) {
  if (streams_->fetch_add(1) >= options_.streams_max) {
    streams_->fetch_sub(1);
    return std::nullopt;
  }
  runtime::HttpResponse response;
  response.content_type = "text/event-stream";
  response.headers.emplace_back("Cache-Control", "no-store");
  // Shared, as the server may copy the function.
  auto place = std::make_shared<const Place>(streams_);
  auto told = std::make_shared<Told>();
  response.next = [this, place, told,
                   describe = std::move(describe)](std::string& piece) -> absl::StatusOr<bool> {
    const Moment* before = publisher_.Latest().get();
    std::shared_ptr<const Moment> moment = publisher_.Latest();
    const Clock::time_point now = Clock::now();
    const bool is_due = told->state_at + options_.state_every <= now;
    if (!(is_due && IsNews(*moment, *told))) {
      // Not held while waiting: what it holds cannot be cleaned up.
      moment.reset();
      moment = publisher_.AwaitOther(before, options_.step);
    }
    if (!publisher_.Health().ok()) return false;
    const Clock::time_point later = Clock::now();
    if (told->state_at + options_.state_every <= later && IsNews(*moment, *told)) {
      *told = {moment->changes, moment->as_of, later, later};
      piece += "event: state\ndata: " + describe(*moment) + "\n\n";
    } else if (told->at + options_.keep_alive_every <= later) {
      told->at = later;
      piece += ": keep-alive\n\n";
    }
    return true;
  };
  return response;
}

}  // namespace ringfence::publish
