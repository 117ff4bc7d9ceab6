#include "services/intake/intake_service.h"

int main(int argc, char** argv) {
  using namespace ringfence;
  return runtime::ServiceMain(argc, argv, runtime::Service::kIntake,
                              "checks partners' reports and normalises what they name",
                              intake_service::StartIntakeService, intake_service::CheckIntakeFiles);
}
