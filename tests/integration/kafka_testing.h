#pragma once

#include <string>

#include "services/runtime/kafka/kafka_options.h"

namespace ringfence::runtime {

// Of the broker that the tests run against: environment variable RINGFENCE_KAFKA, or the file that
// RINGFENCE_KAFKA_FILE names.
std::string KafkaBrokers();
// A prefix of topics' names that no other test has.
std::string FreshPrefix();
// For short tests, in a fresh prefix.
KafkaOptions TestKafkaOptions();

}  // namespace ringfence::runtime
