#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <string>

#include "absl/status/statusor.h"
#include "ringfence/v1/admin_service.pb.h"

namespace ringfence::publish {

// A pack on its way to a caller, in pieces. Owns itself: it is gone once gRPC is done with it,
// which is after Finish or Send.
class PackStream : public grpc::ServerWriteReactor<v1::CreateReferralResponse> {
 public:
  static constexpr size_t kPieceBytes = size_t{256} << 10;

  // Once, from any thread: the pack, or why there is none.
  void Send(absl::StatusOr<std::string> pack);
  bool is_cancelled() const { return is_cancelled_; }

 private:
  void OnWriteDone(bool ok) override;
  void OnCancel() override { is_cancelled_ = true; }
  void OnDone() override { delete this; }
  void SendNext();

  std::string pack_;
  size_t sent_ = 0;
  v1::CreateReferralResponse piece_;
  std::atomic<bool> is_cancelled_ = false;
};

}  // namespace ringfence::publish
