#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pipelines/core/id.h"
#include "pipelines/core/time.h"
#include "ringfence/v1/indicator.pb.h"
#include "tests/oracle/link_graph.h"
#include "tests/oracle/reports.h"

namespace ringfence::oracle {

// An organisation's name as decisions have it, and what its word weighs.
struct Weights {
  const Decisions& decisions;
  std::map<std::string, uint32_t> canaries_named;
  std::string OrganisationOf(const Occurrence& occurrence) const;
  double Of(const std::string& organisation) const;
};

// An identifier in the set, with what its campaign needs.
struct Listing {
  // Without scope and campaign_id, which depend on others.
  v1::Indicator indicator;
  core::Id id;
  core::Id base;
  core::Time first_seen = 0;
  core::Time last_seen = 0;
  // The link node whose component it belongs to; none where it links nothing.
  std::optional<Node> node;
  std::set<std::string> impersonated;
  // What operators decided about it.
  Word word;
};

// `all` are the occurrences of one identifier, or of all hosts of a domain about which operators
// said `word`; nullopt where it is not in the set.
std::optional<Listing> ListingOf(const std::vector<Occurrence>& all, const Word& word,
                                 const LinkGraph& graph, const Weights& weights, core::Time as_of);

}  // namespace ringfence::oracle
