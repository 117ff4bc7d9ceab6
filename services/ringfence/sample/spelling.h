#pragma once

#include <string_view>

#include "ringfence/v1/report.pb.h"
#include "services/ringfence/sample/named.h"
#include "services/ringfence/sample/random.h"

namespace ringfence::sample {

// The identifier as a victim, or a company's form, writes it down: national forms, punctuation,
// capitals, defanged addresses. Whatever it looks like, its canonical form is that of `named`.
// Type, value, scheme, region and sub-account are set; `victim_country` is the region that the
// report gives by itself.
v1::Identifier Spell(const Named& named, std::string_view victim_country, Random& random);

}  // namespace ringfence::sample
