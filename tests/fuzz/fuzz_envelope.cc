// A mailbox's record: damaged bytes are an error of the stage's, never a crash; twice the same
// record is as good as once.
//
// Input: stage (1 byte, even dedupe, odd cluster), then an Envelope.
#include <memory>
#include <string_view>

#include "pipelines/cluster/cluster.h"
#include "pipelines/core/memory_state.h"
#include "pipelines/core/output_testing.h"
#include "pipelines/dedupe/dedupe.h"
#include "tests/fuzz/fuzz.h"

namespace ringfence::fuzz {
namespace {

std::unique_ptr<core::Stage> MakeStage(bool cluster, core::State& state) {
  if (cluster) return cluster::MakeCluster(state, cluster::Options());
  return dedupe::MakeDedupe(state, dedupe::Options());
}

}  // namespace
}  // namespace ringfence::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ringfence;  // NOLINT(google-build-using-namespace)
  if (size == 0) return 0;
  core::MemoryState state;
  const std::unique_ptr<core::Stage> stage = fuzz::MakeStage(data[0] % 2 == 1, state);
  core::FakeOutput output(/*dedupe_partitions=*/2, /*cluster_partitions=*/2);
  core::Record record;
  record.value = std::string_view(reinterpret_cast<const char*>(data) + 1, size - 1);
  for (record.offset = 0; record.offset < 2; ++record.offset) {
    if (!stage->Apply(record, output).ok()) return 0;
    if (!stage->EndBatch(output).ok() || !stage->Store().ok()) return 0;
  }
  for (const auto& [key, value] : output.indicators) {
    internal::v1::IndicatorRecord sent;
    fuzz::Expect(sent.ParseFromString(value), "what a stage sends can be read");
  }
  return 0;
}
