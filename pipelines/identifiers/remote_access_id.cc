#include <algorithm>

#include "pipelines/identifiers/scheme.h"
#include "pipelines/identifiers/text.h"
#include "pipelines/identifiers/types.h"

namespace ringfence::identifiers {
namespace {

constexpr SchemeName kVendors[] = {
    {"anydesk", "anydesk"},
    {"any-desk", "anydesk"},
    {"teamviewer", "teamviewer"},
    {"team-viewer", "teamviewer"},
    {"rustdesk", "rustdesk"},
    {"rust-desk", "rustdesk"},
    {"ultraviewer", "ultraviewer"},
    {"ultra-viewer", "ultraviewer"},
    {"goto", "goto"},
    {"gotoassist", "goto"},
    {"goto-assist", "goto"},
    {"quickassist", "quickassist"},
    {"quick-assist", "quickassist"},
    {"supremo", "supremo"},
    {"screenconnect", "screenconnect"},
    {"connectwise", "screenconnect"},
    {"splashtop", "splashtop"},
    {"chrome-remote-desktop", "chrome-remote-desktop"},
};

constexpr std::string_view kNumbered[] = {"anydesk", "teamviewer", "rustdesk", "ultraviewer"};

// Shorter numbers are remains of one, longer ones several.
constexpr size_t kDigitsMin = 6;
constexpr size_t kDigitsMax = 16;

bool IsNumbered(std::string_view vendor) {
  return std::find(std::begin(kNumbered), std::end(kNumbered), vendor) != std::end(kNumbered);
}

// "name@ad", or "name@namespace" of a customer's own.
bool IsAlias(std::string_view id) {
  size_t at = id.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < id.size() &&
         std::count(id.begin(), id.end(), '@') == 1 && !HoldsWhiteSpace(id);
}

std::string WithoutWhiteSpace(std::string_view text) {
  std::string kept = CollapseWhiteSpace(text);
  std::erase(kept, ' ');
  return kept;
}

}  // namespace

Normalised NormaliseRemoteAccessId(std::string_view text, const Hints& hints) {
  auto [vendor, rest] = SplitScheme(text, hints.scheme, kVendors);
  if (vendor.empty()) return Refused("remote_access_id.no_vendor");
  std::string id = ToLower(WithoutWhiteSpace(rest));
  if (id.empty()) return Refused("remote_access_id.empty");
  bool is_alias = vendor == "anydesk" && IsAlias(id);
  if (IsNumbered(vendor) && !is_alias) {
    std::optional<std::string> digits = LettersAndDigits(id);
    bool is_number = digits && IsAllDigits(*digits) && digits->size() >= kDigitsMin &&
                     digits->size() <= kDigitsMax;
    if (!is_number) return Refused("remote_access_id.malformed");
    id = std::move(*digits);
  }
  return Of(vendor + ":" + id);
}

}  // namespace ringfence::identifiers
