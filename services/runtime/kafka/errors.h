#pragma once

#include <librdkafka/rdkafka.h>

#include <string_view>

#include "absl/status/status.h"

namespace ringfence::runtime {

// What an error of Kafka's asks for. Sorted here once, for all that talks to it.
enum class KafkaReaction {
  // It passes: the same again, a little later.
  kRetry,
  // It passes with a new client: this one is done for.
  kRecreate,
  // It does not pass by itself: configuration, rights, damage, a bug.
  kStop,
};

// Codes that the table does not know are retried: that loses nothing, and shows in metrics.
KafkaReaction KafkaReactionTo(rd_kafka_resp_err_t code);

// What made `client` give a record up: records of one that is done for are reported as purged,
// which says nothing of why (rights that are missing, for one). `code` itself otherwise.
rd_kafka_resp_err_t CauseOf(rd_kafka_t* client, rd_kafka_resp_err_t code);

// Says what was tried and what Kafka answered. What is to be retried, with a new client or not, is
// kUnavailable; what is not, the table's code. Ok for no error.
absl::Status KafkaStatus(rd_kafka_resp_err_t code, std::string_view tried,
                         std::string_view details = {});

}  // namespace ringfence::runtime
