#include <algorithm>

#include "pipelines/identifiers/host.h"
#include "pipelines/identifiers/scheme.h"
#include "pipelines/identifiers/text.h"
#include "pipelines/identifiers/types.h"

namespace ringfence::identifiers {
namespace {

constexpr SchemeName kStores[] = {
    {"google-play", "google-play"},   {"googleplay", "google-play"}, {"play-store", "google-play"},
    {"playstore", "google-play"},     {"app-store", "app-store"},    {"appstore", "app-store"},
    {"apple-app-store", "app-store"}, {"itunes", "app-store"},
};

struct StorePage {
  std::string_view host;
  std::string_view store;
  // What stands before the package in the address.
  std::string_view before;
};

constexpr StorePage kPages[] = {
    {"play.google.com", "google-play", "id="},
    {"apps.apple.com", "app-store", "/id"},
    {"itunes.apple.com", "app-store", "/id"},
};

struct Package {
  std::string_view store;
  std::string name;
};

bool IsPackageCharacter(char c) { return IsAlphanumeric(c) || c == '.' || c == '-' || c == '_'; }

// "https://play.google.com/store/apps/details?id=com.fake.wallet&hl=en".
std::optional<Package> PackageOfPage(std::string_view text) {
  std::optional<Address> address = SplitAddress(text);
  if (!address) return std::nullopt;
  std::string host = AsciiLower(address->authority.host);
  const auto* page = std::find_if(std::begin(kPages), std::end(kPages),
                                  [&](const StorePage& row) { return row.host == host; });
  if (page == std::end(kPages)) return std::nullopt;
  size_t before = address->rest.find(page->before);
  if (before == std::string::npos) return std::nullopt;
  std::string_view name = std::string_view(address->rest).substr(before + page->before.size());
  auto end = std::find_if_not(name.begin(), name.end(), IsPackageCharacter);
  return Package{page->store, std::string(name.begin(), end)};
}

}  // namespace

Normalised NormaliseApp(std::string_view text, const Hints& hints) {
  auto [store, package] = SplitScheme(text, hints.scheme, kStores);
  if (std::optional<Package> of_page = PackageOfPage(package)) {
    if (store.empty()) store = of_page->store;
    package = std::move(of_page->name);
  }
  if (store.empty()) return Refused("app.no_store");
  if (package.empty()) return Refused("app.empty");
  if (!std::all_of(package.begin(), package.end(), IsPackageCharacter)) {
    return Refused("app.malformed");
  }
  return Of(store + ":" + AsciiLower(package));
}

}  // namespace ringfence::identifiers
