#include "pipelines/referral/manifest.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "pipelines/core/id.h"

namespace ringfence::referral {

std::string Sha256Hex(std::string_view bytes) {
  const core::Sha256Digest digest = core::Sha256(bytes);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

std::string Sha256Sums(std::vector<PackFile> files) {
  std::sort(files.begin(), files.end(),
            [](const PackFile& a, const PackFile& b) { return a.name < b.name; });
  std::string lines;
  for (const PackFile& file : files) lines += Sha256Hex(file.bytes) + "  " + file.name + "\n";
  return lines;
}

}  // namespace ringfence::referral
