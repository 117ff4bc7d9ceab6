#include "services/publish/referrals.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "pipelines/campaigns/read_view.h"
#include "pipelines/core/time.h"
#include "pipelines/referral/pack.h"
#include "services/publish/override_check.h"

namespace ringfence::publish {
namespace {

using core::Id;
using internal::v1::ReferralFreeze;

constexpr size_t kHoldIdBytes = 16;
constexpr size_t kTextBytesMax = 500;
// Of a chunk of indicators, before the one that passes it.
constexpr size_t kChunkBytes = size_t{512} << 10;
constexpr std::chrono::milliseconds kLookEvery{100};

std::string PositionOf(const DecisionBook::Referral& held) {
  const std::string& id = held.freeze.hold_id();
  return absl::StrCat(held.offset, "-",
                      absl::BytesToHexString(absl::string_view(id.data(), id.size())));
}

struct Position {
  int64_t offset = 0;
  std::string hold_id;
};

std::optional<Position> ParsePosition(const std::string& text) {
  Position position;
  const size_t dash = text.find('-');
  if (dash == std::string::npos || text.size() - dash - 1 != 2 * kHoldIdBytes) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + dash, position.offset);
  if (error != std::errc() || end != text.data() + dash) return std::nullopt;
  // One position has one text.
  if (text.find_first_not_of("0123456789abcdef", dash + 1) != std::string::npos)
    return std::nullopt;
  for (const char* c = text.data() + dash + 1; c != text.data() + text.size(); c += 2) {
    uint8_t byte = 0;
    if (std::from_chars(c, c + 2, byte, 16).ptr != c + 2) return std::nullopt;
    position.hold_id.push_back(static_cast<char>(byte));
  }
  return position;
}

std::string NewHoldId() {
  std::random_device random;
  std::string id;
  while (id.size() < kHoldIdBytes) id.push_back(static_cast<char>(random() & 0xff));
  return id;
}

// protobuf has seen to it that it is UTF-8.
absl::Status CheckText(const char* field, const std::string& text) {
  if (text.size() > kTextBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat(field, ": at most 500 bytes"));
  }
  const bool control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (control) return absl::InvalidArgumentError(absl::StrCat(field, ": has control characters"));
  return absl::OkStatus();
}

absl::Status CheckRequest(const v1::CreateReferralRequest& request) {
  for (const auto& [field, text] : {std::pair("addressee", &request.addressee()),
                                    std::pair("legal_basis", &request.legal_basis()),
                                    std::pair("reference", &request.reference())}) {
    if (absl::Status status = CheckText(field, *text); !status.ok()) return status;
  }
  const std::string& country = request.jurisdiction();
  const bool is_country =
      country.empty() ||
      (country.size() == 2 &&
       std::all_of(country.begin(), country.end(), [](char c) { return 'A' <= c && c <= 'Z'; }));
  if (!is_country) {
    return absl::InvalidArgumentError("jurisdiction: two upper-case letters, as in ISO 3166-1");
  }
  return absl::OkStatus();
}

// What is said again of a pack must be what was said before.
absl::Status CheckSame(const v1::CreateReferralRequest& request, const ReferralFreeze& freeze) {
  for (const auto& [field, asked, frozen] :
       {std::tuple("campaign_id", &request.campaign_id(), &freeze.campaign_id()),
        std::tuple("addressee", &request.addressee(), &freeze.addressee()),
        std::tuple("legal_basis", &request.legal_basis(), &freeze.legal_basis()),
        std::tuple("reference", &request.reference(), &freeze.reference()),
        std::tuple("jurisdiction", &request.jurisdiction(), &freeze.jurisdiction())}) {
    if (asked->empty() || *asked == *frozen) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(field,
                     ": the pack at this position has another; leave it out, or the "
                     "position for a new pack"));
  }
  return absl::OkStatus();
}

std::vector<internal::v1::ReferralMembers> ChunksOf(std::vector<v1::Indicator> members) {
  std::vector<internal::v1::ReferralMembers> chunks;
  size_t bytes = kChunkBytes;
  for (v1::Indicator& member : members) {
    if (bytes >= kChunkBytes) {
      chunks.emplace_back();
      bytes = 0;
    }
    bytes += member.ByteSizeLong();
    *chunks.back().add_indicators() = std::move(member);
  }
  return chunks;
}

std::string IdsOf(const std::vector<v1::Indicator>& members) {
  std::vector<Id> ids;
  for (const v1::Indicator& member : members) {
    ids.push_back(core::IdentifierId(member.type(), member.value()));
  }
  std::sort(ids.begin(), ids.end());
  std::string bytes;
  for (const Id& id : ids) id.AppendTo(bytes);
  return bytes;
}

std::string_view Bytes(const campaigns::NamingKey& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

}  // namespace

Referrals::Referrals(Options options, DecisionBook& book, const Publisher& publisher)
    : options_(std::move(options)),
      book_(book),
      publisher_(publisher),
      aliases_(Bytes(options_.key)) {}

absl::Status Referrals::WriteDown(const std::string& who, const std::string& what,
                                  const std::string& subject, const std::string& why,
                                  const std::string& reference) {
  if (options_.audit == nullptr) return absl::OkStatus();
  return options_.audit->Record({options_.clock(), who, what, subject, why, reference});
}

absl::StatusOr<DecisionBook::Referral> Referrals::Find(const v1::CreateReferralRequest& request,
                                                       const runtime::Caller& caller) const {
  const std::optional<Position> position = ParsePosition(request.position());
  if (!position) return absl::InvalidArgumentError("position: none that a pack has");
  const std::optional<DecisionBook::Referral> held = book_.FindReferral(position->hold_id);
  if (!held || held->offset != position->offset || held->freeze.tlp() > caller.max_tlp) {
    return absl::NotFoundError("there is no hold at this position: it was lifted, or never was");
  }
  if (absl::Status status = CheckSame(request, held->freeze); !status.ok()) return status;
  return *held;
}

absl::StatusOr<DecisionBook::Referral> Referrals::Freeze(const v1::CreateReferralRequest& request,
                                                         const runtime::Caller& caller) {
  if (request.campaign_id().empty()) return absl::InvalidArgumentError("campaign_id: is missing");
  if (book_.Referrals().size() >= options_.holds_max) {
    return absl::ResourceExhaustedError(
        absl::StrCat(options_.holds_max, " legal holds stand already: lift one first"));
  }
  internal::v1::DecisionRecord record;
  ReferralFreeze& freeze = *record.mutable_referral();
  std::vector<v1::Indicator> members;
  {
    const std::shared_ptr<const Moment> moment = publisher_.Latest();
    if (!moment->complete) return absl::UnavailableError("the set is not complete yet");
    campaigns::ReadView view(*moment->state, publisher_.names());
    const auto label = view.LabelOfCampaign(request.campaign_id());
    const std::optional<v1::Campaign> campaign = label ? view.CampaignOf(*label) : std::nullopt;
    if (!campaign || campaign->tlp() > caller.max_tlp) {
      return absl::NotFoundError("no such campaign");
    }
    if (campaign->indicators() > options_.indicators_max) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the campaign has more than ", options_.indicators_max, " indicators"));
    }
    members = view.Members(*label, options_.indicators_max, v1::TLP_RED);
    freeze.set_campaign_id(campaign->campaign_id());
    freeze.set_fingerprint(campaign->fingerprint());
    freeze.set_tlp(campaign->tlp());
  }
  freeze.set_hold_id(NewHoldId());
  freeze.set_addressee(request.addressee());
  freeze.set_legal_basis(request.legal_basis());
  freeze.set_reference(request.reference());
  freeze.set_jurisdiction(request.jurisdiction());
  freeze.set_at(options_.clock());
  freeze.set_by(caller.name);
  freeze.set_deployment(options_.deployment);
  freeze.set_release(options_.release);
  freeze.set_members(IdsOf(members));
  freeze.set_indicators(static_cast<uint32_t>(members.size()));
  freeze.set_partitions(options_.dedupe_partitions);
  const std::string hold_id = freeze.hold_id();
  absl::Status status = WriteDown(caller.name, "referral.create", freeze.campaign_id(),
                                  request.legal_basis(), request.reference());
  if (status.ok()) status = book_.Freeze(std::move(record), ChunksOf(std::move(members)));
  if (!status.ok()) return status;
  std::optional<DecisionBook::Referral> held = book_.FindReferral(hold_id);
  if (!held) return absl::UnavailableError("the hold was lifted meanwhile");
  return *std::move(held);
}

absl::StatusOr<referral::Dossier> Referrals::Gather(const DecisionBook::Referral& held,
                                                    const std::function<bool()>& stopped) const {
  referral::Dossier dossier;
  dossier.freeze = held.freeze;
  dossier.position = PositionOf(held);
  absl::StatusOr<std::vector<v1::Indicator>> indicators = book_.MembersOf(held);
  if (!indicators.ok()) return indicators.status();
  dossier.indicators = *std::move(indicators);
  const auto until = std::chrono::steady_clock::now() + options_.gather_within;
  while (true) {
    if (stopped && stopped()) return absl::CancelledError("nobody waits for it any more");
    std::shared_ptr<const Moment> moment = publisher_.Latest();
    {
      campaigns::ReadView view(*moment->state, publisher_.names());
      auto reports = view.FrozenReports(held.freeze.hold_id(), held.freeze.partitions());
      if (reports) {
        dossier.reports = *std::move(reports);
        return dossier;
      }
    }
    if (std::chrono::steady_clock::now() >= until) {
      return absl::UnavailableError(
          absl::StrCat("not all that is known has been gathered yet; it stands still at position ",
                       dossier.position, ": ask for that again"));
    }
    // Not held while it waits.
    const Moment* known = moment.get();
    moment.reset();
    publisher_.AwaitOther(known, kLookEvery);
  }
}

absl::StatusOr<Referrals::Pack> Referrals::Create(const v1::CreateReferralRequest& request,
                                                  const runtime::Caller& caller,
                                                  const std::function<bool()>& stopped) {
  if (absl::Status status = CheckRequest(request); !status.ok()) return status;
  const bool again = !request.position().empty();
  const absl::StatusOr<DecisionBook::Referral> held =
      again ? Find(request, caller) : Freeze(request, caller);
  if (!held.ok()) return held.status();
  if (again) {
    absl::Status status = WriteDown(caller.name, "referral.again", held->freeze.campaign_id(),
                                    held->freeze.legal_basis(), held->freeze.reference());
    if (!status.ok()) return status;
  }
  const absl::StatusOr<referral::Dossier> dossier = Gather(*held, stopped);
  if (!dossier.ok()) return dossier.status();
  const auto files = referral::MakePack(*dossier, aliases_);
  if (!files.ok()) return files.status();
  absl::StatusOr<std::string> archive = referral::Zip(*files);
  if (!archive.ok()) return archive.status();
  return Pack{held->freeze.campaign_id(), dossier->position, *std::move(archive)};
}

v1::ListHoldsResponse Referrals::List() const {
  v1::ListHoldsResponse response;
  const std::vector<DecisionBook::Referral> referrals = book_.Referrals();
  for (auto held = referrals.rbegin(); held != referrals.rend(); ++held) {
    const ReferralFreeze& freeze = held->freeze;
    v1::Hold& hold = *response.add_holds();
    hold.set_position(PositionOf(*held));
    hold.set_campaign_id(freeze.campaign_id());
    hold.set_addressee(freeze.addressee());
    hold.set_legal_basis(freeze.legal_basis());
    hold.set_reference(freeze.reference());
    hold.set_set_by(freeze.by());
    *hold.mutable_set_at() = core::ToProto(freeze.at());
    hold.set_indicators(freeze.indicators());
  }
  return response;
}

absl::Status Referrals::Lift(const v1::LiftHoldRequest& request, const std::string& who) {
  if (absl::Status status = CheckReason("reason", request.reason()); !status.ok()) return status;
  const std::optional<Position> position = ParsePosition(request.position());
  if (!position) return absl::InvalidArgumentError("position: none that a pack has");
  const std::optional<DecisionBook::Referral> held = book_.FindReferral(position->hold_id);
  if (!held || held->offset != position->offset) {
    return absl::NotFoundError("there is no such hold");
  }
  absl::Status status = WriteDown(who, "hold.lift", held->freeze.campaign_id(), request.reason(),
                                  held->freeze.reference());
  if (!status.ok()) return status;
  return book_.Lift(position->hold_id, who, request.reason());
}

}  // namespace ringfence::publish
