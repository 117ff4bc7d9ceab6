#pragma once

#include <string>
#include <vector>

#include "pipelines/core/id.h"
#include "pipelines/core/time.h"
#include "pipelines/identifiers/policy_values.h"
#include "pipelines/ties/rules.h"
#include "ringfence/internal/v1/mailbox.pb.h"

namespace ringfence::oracle {

struct World;

// What operators decided about one identifier, all overrides that cover it together.
struct Word {
  bool allow = false;
  bool appeal = false;
  bool confirmed = false;
  bool shared = false;
  bool canary = false;
  bool withhold = false;
  core::Time disregard_before = 0;
};

// Operators' decisions as they stand in the end.
class Decisions {
 public:
  // `world` must outlive it.
  explicit Decisions(const World& world);

  Word About(v1::IdentifierType type, const std::string& value) const;
  // An override of this one identifier says that it is shared infrastructure.
  bool IsShared(const core::Id& identifier) const;
  // An operator spares a host, URL or domain below the registrable domain, whether or not it was
  // ever named: it is allowed, withheld, a canary, under appeal or shared infrastructure.
  bool SparesBelow(const core::Id& base, const std::string& domain) const;
  bool Withdraws(const internal::v1::ReportRevision& revision) const;
  bool IsRetracted(const internal::v1::ReportRevision& revision) const;
  // Of a report that is held.
  enum class Fate { kWaits, kReleased, kDropped };
  Fate FateOf(const internal::v1::ReportRevision& revision) const;
  std::string OrganisationOf(const std::string& partner) const;
  // By the policy: until when a sighting counts, and the numbers by which listings are judged.
  core::Time LiveUntil(const internal::v1::NamedIdentifier& named) const;
  const identifiers::PolicyValues& policy() const { return policy_; }
  // The rule which ties count, where the policy says otherwise than `rules`.
  ties::Rules RulesBy(ties::Rules rules) const;
  // Without what canaries do.
  double WeightOf(const std::string& organisation) const;

 private:
  const World& world_;
  std::vector<const internal::v1::OverrideNews*> holding_;
  const internal::v1::Organisations* organisations_ = nullptr;
  const internal::v1::PolicyNews* news_ = nullptr;
  identifiers::PolicyValues policy_;
};

}  // namespace ringfence::oracle
