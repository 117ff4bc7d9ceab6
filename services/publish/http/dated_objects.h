#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "pipelines/campaigns/read_view.h"
#include "pipelines/stix/objects.h"
#include "services/publish/moment.h"

namespace ringfence::publish {

// Where an object stands in the order in which objects were added. Microseconds since the Unix
// epoch are its `date_added`; should two have the same, the rest decides.
struct DatePlace {
  int64_t micros = 0;
  int32_t partition = -1;
  int64_t offset = -1;
  auto operator<=>(const DatePlace&) const = default;
};

// The STIX objects of one moment in the order in which they were added, which is the same on every
// replica and after a restart: a function of the last record of each identifier and where it stands
// in the log.
//
// A record's date is the second in which it was appended, and in it a slot by its offset and
// partition; its objects follow in the slot. Slots repeat after 62,500 records of one second, so
// below that rate dates are unique, but for those of hosts, URLs and IPs that a label has moved:
// one record moves all of a domain, and each takes a slot by a keyed hash of its id as well, which
// may be another's too. A second is shown once it is over in all partitions: what comes later
// always has a later date. Owned by one thread.
class DatedObjects {
 public:
  // All must outlive it.
  DatedObjects(const Moment& moment, const campaigns::CampaignNames& names,
               const stix::Objects& objects, const stix::Audience& audience);

  // Calls `visit` with each object behind `after`, in order, until it returns false.
  using Visit = std::function<bool(const DatePlace& place, const stix::Object& object)>;
  void After(const DatePlace& after, const Visit& visit);

 private:
  struct Entry {
    DatePlace place;
    core::Time append_time = 0;
    core::Id id;
    auto operator<=>(const Entry& other) const { return place <=> other.place; }
  };

  // The first change at or behind `offset`; nothing where there is none.
  std::optional<Entry> FirstAt(int32_t partition, int64_t offset);
  // The offset of the first change that was appended at `time` or later.
  int64_t OffsetAt(int32_t partition, core::Time time);
  // Of one second, moving `next` on; in order.
  std::vector<Entry> Second(int64_t second, std::vector<int64_t>& next);
  bool Show(std::vector<Entry>::const_iterator from, std::vector<Entry>::const_iterator until,
            const DatePlace& after, const Visit& visit);
  std::optional<stix::CampaignPlace> CampaignOf(const core::Id& id,
                                                const internal::v1::IndicatorRecord& record);

  const Moment& moment_;
  const campaigns::CampaignNames& names_;
  campaigns::ReadView view_;
  const stix::Objects& objects_;
  const stix::Audience audience_;

  struct KnownCampaign {
    std::optional<stix::CampaignPlace> place;
    // The oldest member that is listed.
    core::Id bearer;
  };
  std::map<campaigns::Label, KnownCampaign> campaigns_;
};

}  // namespace ringfence::publish
