#include "tests/sim/world.h"

#include <algorithm>
#include <set>
#include <string>
#include <tuple>

#include "pipelines/identifiers/policy.h"

namespace ringfence::sim {
namespace {

using core::kDay;
using core::kHour;
using core::Time;
using internal::v1::NamedIdentifier;
using internal::v1::ReportRevision;
using enum v1::IdentifierRole;
using enum v1::IdentifierType;

constexpr Time kStart = 20'000 * kDay;

// A value that reports may name. A URL names `host` too.
struct Value {
  v1::IdentifierType type;
  std::string value;
  v1::IdentifierType base_type = IDENTIFIER_TYPE_UNSPECIFIED;
  std::string base_value = "";
  internal::v1::Standing standing = internal::v1::STANDING_NORMAL;
  v1::IdentifierType host_type = IDENTIFIER_TYPE_UNSPECIFIED;
  std::string host = "";
};

Value Url(const std::string& host, const std::string& base, const std::string& path) {
  return {.type = IDENTIFIER_TYPE_URL,
          .value = "http://" + host + "/" + path,
          .base_type = IDENTIFIER_TYPE_DOMAIN,
          .base_value = base,
          .host_type = IDENTIFIER_TYPE_DOMAIN,
          .host = host};
}

Value Host(const std::string& host, const std::string& base) {
  if (host == base) return {.type = IDENTIFIER_TYPE_DOMAIN, .value = host};
  return {.type = IDENTIFIER_TYPE_DOMAIN,
          .value = host,
          .base_type = IDENTIFIER_TYPE_DOMAIN,
          .base_value = base};
}

Value OnRegistrableDomain(Random& random) {
  const std::string base = random.Pick({"example.com", "example.org"});
  const std::string host = random.Pick({"", "a.", "b.", "c."}) + base;
  if (random.Chance(0.5)) return Host(host, base);
  return Url(host, base, random.Pick({"1", "2", "3", "4"}));
}

Value OnSharedHost(Random& random) {
  const std::string host = "short.example";
  if (random.Chance(0.3)) {
    return {.type = IDENTIFIER_TYPE_DOMAIN,
            .value = host,
            .standing = internal::v1::STANDING_SHARED_HOST};
  }
  return {.type = IDENTIFIER_TYPE_URL,
          .value = "http://" + host + "/" + random.Pick({"x", "y"}),
          .host_type = IDENTIFIER_TYPE_DOMAIN,
          .host = host};
}

Value OnAddress(Random& random) {
  const std::string address = random.Pick({"198.51.100.7", "198.51.100.8"});
  if (random.Chance(0.6)) return {.type = IDENTIFIER_TYPE_IP, .value = address};
  return {.type = IDENTIFIER_TYPE_URL,
          .value = "http://" + address + "/" + random.Pick({"p", "q"}),
          .base_type = IDENTIFIER_TYPE_IP,
          .base_value = address,
          .host_type = IDENTIFIER_TYPE_IP,
          .host = address};
}

Value Standalone(Random& random) {
  const std::string number = std::to_string(random.Below(3));
  switch (random.Below(11)) {
    case 0:
      return {.type = IDENTIFIER_TYPE_SENDER_ID, .value = "GB:HMRC" + number};
    case 1:
      return {.type = IDENTIFIER_TYPE_EMAIL, .value = "jane" + number + "@example.com"};
    case 2:
      return {.type = IDENTIFIER_TYPE_REMOTE_ACCESS_ID, .value = "anydesk:12345678" + number};
    case 3:
      return {.type = IDENTIFIER_TYPE_REMOTE_ACCESS_ID, .value = "goto:12345678" + number};
    case 4:
      return {.type = IDENTIFIER_TYPE_IBAN, .value = "GB82WEST1234569876543" + number};
    case 5:
      return {.type = IDENTIFIER_TYPE_UPI, .value = "some.one" + number + "@okbank"};
    case 6:
      return {.type = IDENTIFIER_TYPE_WALLET, .value = "wallet" + number};
    case 7:
      return {.type = IDENTIFIER_TYPE_WALLET,
              .value = "untagged" + number,
              .standing = internal::v1::STANDING_UNTAGGED_WALLET};
    case 8:
      return {.type = IDENTIFIER_TYPE_PAYMENT_REFERENCE, .value = "ref:FT23117" + number};
    case 9:
      return {.type = IDENTIFIER_TYPE_SOCIAL_HANDLE, .value = "telegram:anna" + number};
    default:
      return {.type = IDENTIFIER_TYPE_BANK_ACCOUNT,
              .value = "gb-sort-code:123456/1234567" + number};
  }
}

Value RandomValue(Random& random) {
  const double dice = random.Unit();
  if (dice < 0.3) {
    return {.type = IDENTIFIER_TYPE_PHONE,
            .value = "+1212555010" + std::to_string(random.Below(8))};
  }
  if (dice < 0.5) return OnRegistrableDomain(random);
  if (dice < 0.55) return OnSharedHost(random);
  if (dice < 0.7) return OnAddress(random);
  return Standalone(random);
}

v1::IdentifierRole RoleFor(v1::IdentifierType type, Random& random) {
  switch (type) {
    case IDENTIFIER_TYPE_PHONE:
      return random.Pick({IDENTIFIER_ROLE_CALLBACK, IDENTIFIER_ROLE_CALLBACK,
                          IDENTIFIER_ROLE_CALLER_ID, IDENTIFIER_ROLE_MESSAGE_SENDER,
                          IDENTIFIER_ROLE_UNSPECIFIED});
    case IDENTIFIER_TYPE_EMAIL:
      return random.Pick({IDENTIFIER_ROLE_CONTACT, IDENTIFIER_ROLE_MESSAGE_SENDER});
    case IDENTIFIER_TYPE_REMOTE_ACCESS_ID:
      return IDENTIFIER_ROLE_REMOTE_CONTROLLER;
    case IDENTIFIER_TYPE_PAYMENT_REFERENCE:
      return IDENTIFIER_ROLE_TRANSACTION;
    default:
      return random.Pick({IDENTIFIER_ROLE_CONTACT, IDENTIFIER_ROLE_BENEFICIARY});
  }
}

class Generator {
 public:
  explicit Generator(Random& random) : random_(random) {
    duration_ = random_.Pick({kHour, 6 * kDay, 40 * kDay, 120 * kDay, 300 * kDay, 900 * kDay});
    for (int64_t count = random_.Between(2, 14); count > 0; --count) {
      pool_.push_back(RandomValue(random_));
    }
    partners_ = static_cast<uint64_t>(random_.Between(1, 4));
    most_named_ = random_.Chance(0.1) ? 14 : 4;
    with_old_ = random_.Chance(0.5);
    joins_ = random_.Chance(0.7);
  }

  WorldPlan Plan() {
    const int64_t reports = random_.Between(1, 12);
    for (int64_t number = 0; number < reports; ++number) AddReport(number);
    std::stable_sort(plan_.arrivals.begin(), plan_.arrivals.end(),
                     [](const auto& a, const auto& b) { return a.at < b.at; });
    ChooseEnd();
    return std::move(plan_);
  }

 private:
  void AddReport(int64_t number) {
    const std::string partner = "partner-" + std::to_string(random_.Below(partners_));
    const Time base = kStart + Within(duration_);
    for (int64_t revisions = random_.Between(1, 4); revisions > 0; --revisions) {
      ReportRevision revision;
      revision.set_partner(partner);
      revision.set_report_id(std::to_string(number));
      revision.set_revision(static_cast<uint32_t>(random_.Below(3)));
      const Time at = base + (random_.Chance(0.5) ? Within(kHour) : Within(duration_ / 4));
      if (random_.Chance(0.25)) {
        revision.set_retracted(true);
        revision.set_retraction_reason(v1::RETRACTION_REASON_NOT_FRAUD);
      } else {
        Fill(at, revision);
      }
      Arrive(at, revision);
      if (random_.Chance(0.25)) ArriveAgain(at, revision);
    }
  }

  void Arrive(Time at, ReportRevision revision) {
    revision.set_arrival(at);
    plan_.arrivals.push_back({at, std::move(revision)});
  }

  // A partner sends a revision again, perhaps much later, while intake still accepts it.
  void ArriveAgain(Time at, const ReportRevision& revision) {
    Time latest = at + duration_;
    if (!revision.retracted()) latest = std::min(latest, LatestArrivalOf(revision));
    if (latest <= at) return;
    Arrive(random_.Chance(0.5) ? latest : at + Within(latest - at), revision);
  }

  static Time LatestArrivalOf(const ReportRevision& revision) {
    Time earliest = revision.occurred_at();
    for (const NamedIdentifier& named : revision.identifiers()) {
      earliest = std::min(earliest, named.observed_at());
    }
    return earliest + identifiers::kLinkSpan;
  }

  // Up to `duration`, often on the edge of a day.
  Time Within(Time duration) {
    const Time time = static_cast<Time>(random_.Below(static_cast<uint64_t>(duration) + 1));
    return random_.Chance(0.2) ? time - time % kDay : time;
  }

  Time SeenBefore(Time at) {
    const double dice = random_.Unit();
    if (dice < 0.4) return at;
    if (dice < 0.6) return at - Within(2 * kDay);
    if (dice < 0.65) return at + Within(kDay);
    return at - Within(with_old_ ? identifiers::kLinkSpan : 20 * kDay);
  }

  void Fill(Time at, ReportRevision& revision) {
    std::string hash;
    for (int i = 0; i < 32; ++i) hash += static_cast<char>(random_.Below(256));
    revision.set_content_hash(hash);
    revision.set_occurred_at(SeenBefore(at));
    revision.set_reported_at(at);
    revision.set_scam_type(static_cast<v1::ScamType>(random_.Below(4)));
    revision.set_impersonated(random_.Pick({"", "", "Microsoft", "HMRC"}));
    revision.set_country(random_.Pick({"", "GB", "US", "DE"}));
    revision.set_tlp(static_cast<v1::Tlp>(random_.Between(v1::TLP_CLEAR, v1::TLP_AMBER_STRICT)));
    revision.set_basis(random_.Chance(0.8)
                           ? v1::BASIS_SELF_REPORTED
                           : random_.Pick({v1::BASIS_LOSS_CONFIRMED, v1::BASIS_THIRD_PARTY_FEED,
                                           v1::BASIS_FEED_HIT}));
    for (int64_t count = random_.Between(1, most_named_); count > 0; --count) {
      Name(at, random_.Pick(pool_), revision);
    }
    RemoveRepeated(revision);
    for (uint64_t count = random_.Below(3); count > 0; --count) Pay(revision);
    if (joins_) Join(revision);
  }

  // What shows that two reports are of one incident, or of two: values of few victims.
  void Join(ReportRevision& revision) {
    for (uint32_t kind : {1, 2, 3, 6, 7}) {
      if (!random_.Chance(0.4)) continue;
      internal::v1::VictimToken& token = *revision.add_victim_tokens();
      token.set_kind(kind);
      token.set_token("k1:" + std::to_string(random_.Below(2)));
    }
    if (random_.Chance(0.1)) revision.set_origin(random_.Pick({"police:1", "police:2"}));
    if (random_.Chance(0.1)) revision.add_external_references(random_.Pick({"case:1", "case:2"}));
    if (random_.Chance(0.2)) revision.set_narrative_fingerprint(random_.Pick<uint64_t>({1, 2}));
    for (internal::v1::PaymentFact& payment : *revision.mutable_payments()) {
      if (random_.Chance(0.4)) payment.set_reference(random_.Pick({"ref:FT2311700", "ref:RENT12"}));
      if (random_.Chance(0.6)) continue;
      payment.set_payee_type(IDENTIFIER_TYPE_WALLET);
      payment.set_payee_value(random_.Pick({"wallet0", "wallet1"}));
    }
  }

  void Name(Time at, const Value& value, ReportRevision& revision) {
    NamedIdentifier named;
    named.set_type(value.type);
    named.set_value(value.value);
    named.set_role(RoleFor(value.type, random_));
    named.set_attested(named.role() == IDENTIFIER_ROLE_CALLER_ID && random_.Chance(0.3));
    named.set_observed_at(random_.Chance(0.5) ? revision.occurred_at() : SeenBefore(at));
    named.set_standing(value.standing);
    named.set_base_type(value.base_type);
    named.set_base_value(value.base_value);
    *revision.add_identifiers() = named;
    if (value.host_type == IDENTIFIER_TYPE_UNSPECIFIED) return;
    NamedIdentifier& host = *revision.add_identifiers();
    host.set_type(value.host_type);
    host.set_value(value.host);
    host.set_role(named.role());
    host.set_observed_at(named.observed_at());
    host.set_via_url(value.value);
    if (value.base_type == IDENTIFIER_TYPE_DOMAIN && value.base_value != value.host) {
      host.set_base_type(value.base_type);
      host.set_base_value(value.base_value);
    }
    if (value.base_type == IDENTIFIER_TYPE_UNSPECIFIED) {
      host.set_standing(internal::v1::STANDING_SHARED_HOST);
    }
  }

  static void RemoveRepeated(ReportRevision& revision) {
    std::set<std::tuple<int, std::string, int, bool, Time, std::string>> seen;
    ReportRevision kept;
    for (const NamedIdentifier& named : revision.identifiers()) {
      const bool is_new = seen.emplace(named.type(), named.value(), named.role(), named.attested(),
                                       named.observed_at(), named.via_url())
                              .second;
      if (is_new) *kept.add_identifiers() = named;
    }
    revision.mutable_identifiers()->Swap(kept.mutable_identifiers());
  }

  void Pay(ReportRevision& revision) {
    internal::v1::PaymentFact& payment = *revision.add_payments();
    payment.set_status(static_cast<v1::Payment::Status>(random_.Below(4)));
    payment.set_amount(random_.Pick({"", "299", "0.5", "0.000000000000000001", "12345.67", "0"}));
    payment.set_currency(random_.Pick({"", "GBP", "USD", "USD"}));
    payment.set_paid_at(revision.occurred_at());
  }

  // Often just before, at or after the time at which something expires.
  void ChooseEnd() {
    Time& end = plan_.as_of;
    end = plan_.arrivals.back().at;
    end += random_.Pick({Time{0}, Within(kDay), Within(100 * kDay), Within(450 * kDay)});
    const ReportRevision& revision = random_.Pick(plan_.arrivals).revision;
    if (revision.identifiers().empty() || random_.Chance(0.3)) return;
    const NamedIdentifier& named = revision.identifiers(
        static_cast<int>(random_.Below(static_cast<uint64_t>(revision.identifiers_size()))));
    const Time edge = random_.Chance(0.5)
                          ? named.observed_at() + identifiers::PolicyOf(named.type()).span
                          : core::StartOfDay(identifiers::LinkUntilDay(named.observed_at()));
    end = std::max(end, edge + random_.Between(-1, 1));
  }

  Random& random_;
  Time duration_ = 0;
  std::vector<Value> pool_;
  uint64_t partners_ = 1;
  int64_t most_named_ = 4;
  bool with_old_ = false;
  bool joins_ = false;
  WorldPlan plan_;
};

}  // namespace

WorldPlan RandomWorld(Random& random) { return Generator(random).Plan(); }

}  // namespace ringfence::sim
