#include "services/publish/publish_service.h"

int main(int argc, char** argv) {
  using namespace ringfence;
  return runtime::ServiceMain(argc, argv, runtime::Service::kPublish,
                              "serves the set of indicators and the campaigns",
                              publish::StartPublishService, publish::CheckPublishFiles);
}
