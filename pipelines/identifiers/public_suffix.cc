#include "pipelines/identifiers/public_suffix.h"

#include <libpsl.h>

#include "pipelines/identifiers/normalise.h"

namespace ringfence::identifiers {

std::string RegistrableDomain(std::string_view host) {
  std::string terminated(host);
  const char* registrable = psl_registrable_domain(psl_builtin(), terminated.c_str());
  return registrable == nullptr ? std::string() : std::string(registrable);
}

std::string PublicSuffixListName() {
  // The hash of the list's source, and its size for a build that does not tell the hash.
  const char* sha1 = psl_builtin_sha1sum();
  return std::string(sha1 == nullptr ? "" : sha1) + "/" +
         std::to_string(psl_suffix_count(psl_builtin()));
}

}  // namespace ringfence::identifiers
