#include "tests/oracle/real_reports.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include "pipelines/intake/intake.h"
#include "tests/oracle/incidents.h"

namespace ringfence::oracle {
namespace {

// After the last of the reports: a replay's clock, which only cuts what lies in the future.
constexpr core::Time kNow = 20'454 * core::kDay;
constexpr size_t kLineBytesMax = size_t{1} << 20;

}  // namespace

bool ForEachLine(const std::filesystem::path& path,
                 const std::function<void(std::string_view)>& visit) {
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), &gzclose);
  if (file == nullptr) return false;
  std::string line(kLineBytesMax, '\0');
  while (gzgets(file.get(), line.data(), static_cast<int>(line.size())) != nullptr) {
    const size_t size = std::strlen(line.data());
    visit(std::string_view(line.data(), size > 0 && line[size - 1] == '\n' ? size - 1 : size));
  }
  int error = Z_OK;
  gzerror(file.get(), &error);
  return error == Z_OK || error == Z_STREAM_END;
}

World WorldOfFolder(const std::filesystem::path& folder) {
  World world;
  world.as_of = core::kTimeMin;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    const std::string partner = name.substr(0, name.find('.'));
    intake::Intake intake({.token_key = {.id = "replay", .secret = {}}, .replay = true});
    const bool whole = ForEachLine(entry.path(), [&](std::string_view line) {
      intake::Intake::Result result = intake.FromJson(partner, line, kNow);
      if (!result.revision_message) return;
      const internal::v1::ReportRevision& revision = *result.revision_message;
      if (!revision.retracted()) {
        world.as_of = std::max(world.as_of, core::Time{revision.reported_at()});
      }
      world.revisions.push_back(revision);
    });
    if (!whole) return {};
  }
  world.representatives = Representatives(world);
  return world;
}

}  // namespace ringfence::oracle
