#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "pipelines/referral/dossier.h"

namespace ringfence::referral {

// Counted up when the same dossier gives other bytes.
inline constexpr int kPackFormat = 1;

// The files of a pack, its manifest last. The same dossier and key always give the same bytes.
// kResourceExhausted where there is no memory for a document.
absl::StatusOr<std::vector<PackFile>> MakePack(const Dossier& dossier, const Aliases& aliases);

// All files in one ZIP archive, stored as they are and dated 1980-01-01, so that neither a
// compressor, a clock nor a time zone decides a byte. kResourceExhausted likewise.
absl::StatusOr<std::string> Zip(const std::vector<PackFile>& files);

// What Zip made; kInvalidArgument where it is none, or a name in it would lead out of its folder.
absl::StatusOr<std::vector<PackFile>> Unzip(const std::string& archive);

}  // namespace ringfence::referral
