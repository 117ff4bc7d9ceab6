#include "services/runtime/kafka/errors.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace ringfence::runtime {
namespace {

using Code = absl::StatusCode;

struct Row {
  rd_kafka_resp_err_t error;
  KafkaReaction reaction;
  Code code;
};

constexpr KafkaReaction kRetry = KafkaReaction::kRetry;
constexpr KafkaReaction kRecreate = KafkaReaction::kRecreate;
constexpr KafkaReaction kStop = KafkaReaction::kStop;

constexpr Row kRows[] = {
    // Of the client library: brokers that are away, requests that came too late.
    {RD_KAFKA_RESP_ERR__TRANSPORT, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__RESOLVE, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__TIMED_OUT, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__QUEUE_FULL, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__RETRY, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__WAIT_COORD, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__WAIT_CACHE, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__IN_PROGRESS, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__INTR, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__OUTDATED, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__BAD_MSG, kRetry, Code::kUnavailable},
    // The library says so of a single broker's connection too.
    {RD_KAFKA_RESP_ERR__SSL, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, kRetry, Code::kUnavailable},
    // The idempotent producer cannot go on; what it had under way is given up.
    {RD_KAFKA_RESP_ERR__FATAL, kRecreate, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE, kRecreate, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__INCONSISTENT, kRecreate, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__PURGE_QUEUE, kRecreate, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, kRecreate, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__DESTROY, kRecreate, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, kRecreate, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, kRecreate, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, kRecreate, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING, kRecreate, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_PRODUCER_FENCED, kRecreate, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR__FENCED, kRecreate, Code::kUnavailable},
    // Of brokers: leaders and coordinators that move, replicas that are behind.
    {RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_NOT_COORDINATOR, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_NOT_CONTROLLER, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_STALE_BROKER_EPOCH, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED, kRetry, Code::kUnavailable},
    {RD_KAFKA_RESP_ERR_POLICY_VIOLATION, kStop, Code::kFailedPrecondition},
    // What is asked for is not there, or no longer.
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, kStop, Code::kNotFound},
    {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, kStop, Code::kNotFound},
    {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, kStop, Code::kNotFound},
    {RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, kStop, Code::kOutOfRange},
    {RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, kStop, Code::kOutOfRange},
    // Rights and configuration.
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, kStop, Code::kPermissionDenied},
    {RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, kStop, Code::kPermissionDenied},
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, kStop, Code::kPermissionDenied},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM, kStop, Code::kFailedPrecondition},
    {RD_KAFKA_RESP_ERR_SECURITY_DISABLED, kStop, Code::kFailedPrecondition},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, kStop, Code::kFailedPrecondition},
    {RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, kStop, Code::kFailedPrecondition},
    {RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, kStop, Code::kFailedPrecondition},
    {RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT, kStop, Code::kFailedPrecondition},
    {RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL, kStop, Code::kFailedPrecondition},
    {RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED, kStop, Code::kFailedPrecondition},
    {RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, kStop, Code::kAlreadyExists},
    {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, kStop, Code::kInvalidArgument},
    {RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, kStop, Code::kInvalidArgument},
    {RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR, kStop, Code::kInvalidArgument},
    {RD_KAFKA_RESP_ERR_INVALID_REPLICA_ASSIGNMENT, kStop, Code::kInvalidArgument},
    {RD_KAFKA_RESP_ERR_INVALID_CONFIG, kStop, Code::kInvalidArgument},
    {RD_KAFKA_RESP_ERR_INVALID_REQUEST, kStop, Code::kInvalidArgument},
    {RD_KAFKA_RESP_ERR_INVALID_GROUP_ID, kStop, Code::kInvalidArgument},
    {RD_KAFKA_RESP_ERR__INVALID_ARG, kStop, Code::kInvalidArgument},
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, kStop, Code::kInvalidArgument},
    {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, kStop, Code::kInvalidArgument},
    {RD_KAFKA_RESP_ERR_INVALID_RECORD, kStop, Code::kInvalidArgument},
    // Damage.
    {RD_KAFKA_RESP_ERR_INVALID_MSG, kStop, Code::kDataLoss},
    {RD_KAFKA_RESP_ERR__BAD_COMPRESSION, kStop, Code::kDataLoss},
    // Bugs of ours.
    {RD_KAFKA_RESP_ERR__STATE, kStop, Code::kInternal},
    {RD_KAFKA_RESP_ERR__CONFLICT, kStop, Code::kInternal},
    {RD_KAFKA_RESP_ERR__NOT_CONFIGURED, kStop, Code::kInternal},
};

const Row* Find(rd_kafka_resp_err_t error) {
  const auto row = std::find_if(std::begin(kRows), std::end(kRows),
                                [&](const Row& each) { return each.error == error; });
  return row == std::end(kRows) ? nullptr : row;
}

}  // namespace

KafkaReaction KafkaReactionTo(rd_kafka_resp_err_t code) {
  const Row* row = Find(code);
  return row == nullptr ? kRetry : row->reaction;
}

rd_kafka_resp_err_t CauseOf(rd_kafka_t* client, rd_kafka_resp_err_t code) {
  const bool given_up = code == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
                        code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT ||
                        code == RD_KAFKA_RESP_ERR__FATAL;
  if (!given_up) return code;
  const rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(client, nullptr, 0);
  return fatal == RD_KAFKA_RESP_ERR_NO_ERROR ? code : fatal;
}

absl::Status KafkaStatus(rd_kafka_resp_err_t code, std::string_view tried,
                         std::string_view details) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  const Row* row = Find(code);
  std::string text = "kafka: " + std::string(tried) + ": " + rd_kafka_err2name(code);
  text += ": ";
  text += details.empty() ? std::string_view(rd_kafka_err2str(code)) : details;
  return absl::Status(row == nullptr ? Code::kUnavailable : row->code, text);
}

}  // namespace ringfence::runtime
