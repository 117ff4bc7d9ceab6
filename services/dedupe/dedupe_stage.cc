#include "services/dedupe/dedupe_stage.h"

#include "pipelines/dedupe/dedupe.h"

namespace ringfence::dedupe_service {

runtime::StageKind DedupeStage() {
  runtime::StageKind kind;
  kind.name = "dedupe";
  kind.mailbox = core::Mailbox::kDedupe;
  kind.make = [](core::State& state, uint32_t partition) {
    dedupe::Options options;
    options.partition = partition;
    return dedupe::MakeDedupe(state, options);
  };
  return kind;
}

}  // namespace ringfence::dedupe_service
