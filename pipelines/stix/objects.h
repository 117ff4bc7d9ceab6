#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pipelines/core/id.h"
#include "pipelines/core/time.h"
#include "pipelines/stix/ids.h"
#include "ringfence/internal/v1/mailbox.pb.h"
#include "ringfence/v1/indicator.pb.h"

// Indicators, and what is around them, as STIX 2.1 objects. Pure; ids follow from content:
//
//   indicator      that of the Indicator, which has the epoch in it: a value that comes back has
//   another sighting       of (indicator id), relationship of (indicator id, campaign id), campaign
//   of its id observables    as STIX has it, of what they hold
//
// `created` is the same for all, for who knows only that an indicator ended does not know when it
// began; `modified` is the time of the record that the version is from.
namespace ringfence::stix {

struct Object {
  std::string id;
  // Up to the "--" of its id.
  std::string Type() const { return id.substr(0, id.find("--")); }
  // `modified`, `created` where it has no other; empty for an observable.
  std::string version;
  std::string json;
};

// Who is to get objects: all of a level, or for analysts what is only monitored and exact counts
// too.
struct Audience {
  v1::Tlp level = v1::TLP_CLEAR;
  bool is_analysts = false;
  // A bit for the number of each type that it gets; who does not get all gets no campaigns, whose
  // members of other types he would miss.
  uint32_t types = ~uint32_t{0};
};

// Where the indicator stands: nothing where it is in no campaign.
struct CampaignPlace {
  std::string campaign_id;
  v1::Tlp tlp = v1::TLP_UNSPECIFIED;
  core::Time first_seen = 0;
  // This is its oldest member that is listed: the campaign's object goes with it.
  bool bears = false;
};

// Of one record at most as many.
inline constexpr size_t kObjectsOfRecordMax = 16;
// Counts below this are left out for all but analysts.
inline constexpr uint32_t kCountMin = 3;

class Objects {
 public:
  // As in canonical-forms, "Indicator id".
  explicit Objects(std::string_view deployment);

  // Who says it, the markings up to the level, and our extension.
  std::vector<Object> Static(const Audience& audience) const;

  // What all observed data that is revoked refers to instead of the value, which who reads now need
  // not learn. Goes out where OfRecord may give such.
  Object RevokedObservable(const Audience& audience) const;

  // What the audience is to hold of an identifier, whatever it holds: the indicator and its
  // observable where it may see them (at CHALLENGE or above; analysts get the observable of what is
  // only monitored, and that it was observed), and an end (revoked) to every version that it may
  // have been given and is not true any more, of at most 8 earlier epochs. Nothing of what it
  // cannot have heard of.
  std::vector<Object> OfRecord(const internal::v1::IndicatorRecord& record, core::Time modified,
                               const std::optional<CampaignPlace>& campaign,
                               const Audience& audience) const;

  // A UUIDv5 in the deployment's namespace.
  std::string Uuid(std::string_view name) const { return UuidV5(namespace_, name); }

 private:
  Object Indicator(const v1::Indicator& indicator, const std::string& modified,
                   const Audience& audience) const;
  Object Sighting(const v1::Indicator& indicator, const std::string& modified,
                  const Audience& audience) const;
  Object ObservedData(const v1::Indicator& indicator, const std::string& observable_id,
                      const std::string& modified) const;
  Object RevokedObservedData(const std::string& observable_id, const std::string& modified,
                             v1::Tlp level) const;
  Object Campaign(const CampaignPlace& campaign, const std::string& modified) const;
  Object Indicates(const v1::Indicator& indicator, const CampaignPlace& campaign,
                   const std::string& modified) const;
  Object Revoked(const std::string& indicator_id, const std::string& modified, v1::Tlp level) const;
  Object RevokedSighting(const std::string& indicator_id, const std::string& modified,
                         v1::Tlp level) const;

  const core::IndicatorNamespace ids_;
  const stix::Uuid namespace_;
  const std::string identity_;
};

// "marking-definition--…" of TLP 2.0.
std::string_view MarkingOf(v1::Tlp tlp);

}  // namespace ringfence::stix
