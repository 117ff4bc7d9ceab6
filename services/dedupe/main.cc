#include "services/dedupe/dedupe_stage.h"
#include "services/runtime/service/service_main.h"
#include "services/runtime/service/stage_service.h"

int main(int argc, char** argv) {
  using namespace ringfence;
  return runtime::ServiceMain(argc, argv, runtime::Service::kDedupe,
                              "joins revisions, retractions and redeliveries",
                              [](runtime::Surroundings& surroundings) {
                                return runtime::StartStageService(
                                    dedupe_service::DedupeStage(),
                                    surroundings.config.dedupe().state_folder(), surroundings);
                              });
}
