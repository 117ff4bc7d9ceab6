#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "pipelines/core/id.h"

// Lists that consumers keep in step by differences: ascending numbers, each once. What is sent
// takes one version of a list to another, and says what must come out.
namespace ringfence::lists {

enum class Form : uint8_t {
  // E.164 numbers without the plus: gaps as LEB128, 8 bytes each below the sum.
  kNumbers = 1,
  // 4-byte prefixes of keyed hashes: gaps Rice-coded, 4 bytes each below the sum.
  kPrefixes = 2,
};

using Elements = std::vector<uint64_t>;

struct Update {
  Form form = Form::kNumbers;
  // The version that it is for; empty: for any, what is held is replaced.
  std::string from;
  std::string version;
  // To be taken out first, whether they are there or not; then to be put in. Both ascending.
  Elements removals;
  Elements additions;
  // Of what comes out.
  uint64_t count = 0;
  core::Sha256Digest sum{};
};

// SHA-256 of the elements, ascending, each big-endian in its form's number of bytes.
core::Sha256Digest SumOf(const Elements& sorted, Form form);

// On the wire (integers are LEB128, texts and blocks begin with their length in bytes):
//
//   "RFL1"  form (1 byte)  from  version  removals  additions  count  sum (32 bytes)
//   elements:  count  [first  [gaps...]]                            form 1
//              count  [first  [parameter (1 byte)  Rice block]]     form 2
std::string Encode(const Update& update);
// kDataLoss where `bytes` holds something else. Needs memory in proportion to `bytes` only.
absl::StatusOr<Update> Decode(std::string_view bytes);

// What a consumer holds. Owned by one thread.
class HeldList {
 public:
  explicit HeldList(Form form) : form_(form) {}

  // kFailedPrecondition where the update is for another version or form: ask for the whole.
  // kDataLoss where something else comes out than it says. What is held is unchanged then.
  absl::Status Apply(const Update& update);

  const Elements& elements() const { return elements_; }
  const std::string& version() const { return version_; }

 private:
  const Form form_;
  Elements elements_;
  std::string version_;
};

}  // namespace ringfence::lists
