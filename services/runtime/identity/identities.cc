#include "services/runtime/identity/identities.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_join.h"
#include "services/runtime/config/message_reader.h"
#include "services/runtime/identity/caller.h"
#include "services/runtime/identity/roles.h"

namespace ringfence::runtime {
namespace {

using internal::v1::Identity;

constexpr size_t kNameBytesMax = 255;
constexpr size_t kPartnerNameMax = 40;
constexpr int kRangesMax = 1'000;

// What no setting says alone.
class Rules {
 public:
  Rules(const std::string& path, const std::map<std::string, int>& lines,
        std::vector<std::string>& problems)
      : path_(path), lines_(lines), problems_(problems) {}

  void Check(const internal::v1::Identities& file) {
    if (file.trust_domain().empty())
      Breach("trust_domain", "is missing: names are spiffe://TRUST_DOMAIN/PATH");
    if (file.identities_size() > Identities::kIdentitiesMax)
      Breach("identities", "at most " + std::to_string(Identities::kIdentitiesMax));
    for (int i = 0; i < file.identities_size(); ++i)
      Check("identities[" + std::to_string(i) + "]", file.trust_domain(), file.identities(i));
  }

 private:
  void Breach(const std::string& setting, const std::string& why) {
    auto line = lines_.find(setting);
    // What is missing: where it should be.
    if (line == lines_.end()) line = lines_.find(setting.substr(0, setting.rfind('.')));
    problems_.push_back(path_ + (line == lines_.end() ? "" : ":" + std::to_string(line->second)) +
                        ": " + setting + ": " + why);
  }

  void Check(const std::string& at, const std::string& domain, const Identity& identity) {
    if (identity.name().empty()) {
      Breach(at + ".name", "is missing");
    } else if (!IsIdentityName(identity.name(), domain)) {
      Breach(at + ".name",
             "spiffe://" + domain + "/PATH is wanted, of letters, digits, '.', '-', '_' and '/'");
    } else if (!names_.insert(identity.name()).second) {
      Breach(at + ".name", "is there twice");
    }
    if (identity.role() == internal::v1::ROLE_UNSPECIFIED) {
      Breach(at + ".role", "is missing");
      return;
    }
    CheckPartner(at, identity);
    CheckReader(at, identity);
    CheckRanges(at, identity);
  }

  void CheckPartner(const std::string& at, const Identity& identity) {
    const bool is_partner = identity.role() == internal::v1::ROLE_PARTNER;
    if (is_partner && !IsPartnerName(identity.partner()))
      Breach(at + ".partner", "1-40 of a-z, 0-9 and - are wanted: reports go to reports.PARTNER");
    if (!is_partner && !identity.partner().empty()) Breach(at + ".partner", "is of partners alone");
    const bool needs_organisation = !is_partner && identity.role() != internal::v1::ROLE_MONITOR &&
                                    identity.role() != internal::v1::ROLE_PROXY;
    if (needs_organisation && identity.organisation().empty())
      Breach(at + ".organisation", "is missing");
  }

  void CheckReader(const std::string& at, const Identity& identity) {
    const Role role = identity.role();
    const bool reads = role == internal::v1::ROLE_CONSUMER || role == internal::v1::ROLE_ANALYST ||
                       role == internal::v1::ROLE_CUSTODIAN || role == internal::v1::ROLE_OPERATOR;
    if (!reads) {
      if (identity.max_tlp() != v1::TLP_UNSPECIFIED)
        Breach(at + ".max_tlp", std::string("means nothing for a ") + RoleWord(role));
      if (identity.types_size() > 0)
        Breach(at + ".types", std::string("means nothing for a ") + RoleWord(role));
      return;
    }
    if (identity.max_tlp() == v1::TLP_UNSPECIFIED)
      Breach(at + ".max_tlp", "is missing: clear, green, amber or amber_strict");
    if (identity.max_tlp() == v1::TLP_RED)
      Breach(at + ".max_tlp", "red is for named persons and given to nobody here");
  }

  void CheckRanges(const std::string& at, const Identity& identity) {
    const bool is_custodian = identity.role() == internal::v1::ROLE_CUSTODIAN;
    if (is_custodian && identity.ranges().empty())
      Breach(at + ".ranges", "are missing: whose the identifiers are");
    if (!is_custodian && !identity.ranges().empty())
      Breach(at + ".ranges", "are of custodians alone");
    if (identity.ranges_size() > kRangesMax)
      Breach(at + ".ranges", "at most " + std::to_string(kRangesMax));
    for (int i = 0; i < identity.ranges_size(); ++i) {
      const internal::v1::IdentityRange& range = identity.ranges(i);
      const std::string name = at + ".ranges[" + std::to_string(i) + "]";
      if (range.type() == v1::IDENTIFIER_TYPE_UNSPECIFIED) {
        Breach(name + ".type", "is missing");
      } else if (absl::Status status = CheckRange(range.type(), range.value()); !status.ok()) {
        Breach(name + ".value", std::string(status.message()));
      }
    }
  }

  const std::string& path_;
  const std::map<std::string, int>& lines_;
  std::vector<std::string>& problems_;
  std::set<std::string> names_;
};

bool IsSegment(std::string_view segment) {
  return !segment.empty() && segment != "." && segment != ".." &&
         segment.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
             ".-_") == std::string_view::npos;
}

}  // namespace

bool IsPartnerName(std::string_view name) {
  return !name.empty() && name.size() <= kPartnerNameMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

bool IsIdentityName(std::string_view name, std::string_view trust_domain) {
  const std::string beginning = "spiffe://" + std::string(trust_domain) + "/";
  if (trust_domain.empty() || !name.starts_with(beginning) || name.size() > kNameBytesMax)
    return false;
  std::string_view path = name.substr(beginning.size());
  for (;;) {
    const size_t slash = path.find('/');
    if (!IsSegment(path.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

absl::StatusOr<Identities> Identities::Parse(const std::string& path, const std::string& text) {
  internal::v1::Identities file;
  std::map<std::string, int> lines;
  std::vector<std::string> problems;
  const bool is_yaml = ReadMessage(
      path, text, [](const char*) -> const char* { return nullptr; }, file, lines, problems);
  if (is_yaml) Rules(path, lines, problems).Check(file);
  if (!problems.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
  Identities identities;
  identities.trust_domain_ = file.trust_domain();
  for (Identity& identity : *file.mutable_identities()) {
    if (identity.organisation().empty()) identity.set_organisation(identity.partner());
    auto kept = std::make_shared<Identity>(std::move(identity));
    identities.by_name_[kept->name()] = kept;
  }
  return identities;
}

absl::StatusOr<Identities> Identities::Read(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadSmallFile(path);
  if (!text.ok()) return text.status();
  return Parse(path, *text);
}

std::shared_ptr<const Identity> Identities::Find(std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? nullptr : found->second;
}

}  // namespace ringfence::runtime
