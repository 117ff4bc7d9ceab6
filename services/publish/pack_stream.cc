#include "services/publish/pack_stream.h"

#include <algorithm>
#include <utility>

namespace ringfence::publish {

void PackStream::Send(absl::StatusOr<std::string> pack) {
  if (!pack.ok()) {
    Finish({static_cast<grpc::StatusCode>(pack.status().code()),
            std::string(pack.status().message())});
    return;
  }
  pack_ = *std::move(pack);
  SendNext();
}

void PackStream::SendNext() {
  if (sent_ == pack_.size()) {
    Finish(grpc::Status::OK);
    return;
  }
  const size_t bytes = std::min(kPieceBytes, pack_.size() - sent_);
  piece_.set_data(pack_.substr(sent_, bytes));
  sent_ += bytes;
  StartWrite(&piece_);
}

void PackStream::OnWriteDone(bool ok) {
  if (!ok) {
    Finish({grpc::StatusCode::CANCELLED, "the caller has gone"});
    return;
  }
  SendNext();
}

}  // namespace ringfence::publish
