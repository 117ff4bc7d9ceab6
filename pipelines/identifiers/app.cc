#include <algorithm>

#include "pipelines/identifiers/host.h"
#include "pipelines/identifiers/scheme.h"
#include "pipelines/identifiers/text.h"
#include "pipelines/identifiers/types.h"
#include "pipelines/identifiers/url_path.h"

namespace ringfence::identifiers {
namespace {

constexpr SchemeName kStores[] = {
    {"google-play", "google-play"},   {"googleplay", "google-play"}, {"play-store", "google-play"},
    {"playstore", "google-play"},     {"app-store", "app-store"},    {"appstore", "app-store"},
    {"apple-app-store", "app-store"}, {"itunes", "app-store"},
};

struct Package {
  std::string_view store;
  std::string name;
};

bool IsPackageCharacter(char c) { return IsAlphanumeric(c) || c == '.' || c == '-' || c == '_'; }

// "https://play.google.com/store/apps/details?id=com.fake.wallet&hl=en".
std::string PlayPackage(std::string_view path, std::string_view query) {
  while (path.ends_with('/')) path.remove_suffix(1);
  if (!path.ends_with("/details")) return {};
  std::string name = PercentDecoded(ParameterOf(query, "id"));
  name.erase(std::find_if_not(name.begin(), name.end(), IsPackageCharacter), name.end());
  return name;
}

// "https://apps.apple.com/us/app/fake-wallet/id123456789": the last segment of an "id" and digits.
std::string AppleNumber(std::string_view path, std::string_view) {
  size_t app = path.find("/app/");
  if (app == std::string_view::npos) return {};
  path.remove_prefix(app);
  while (!path.empty()) {
    size_t slash = path.rfind('/');
    std::string_view segment = path.substr(slash + 1);
    if (StartsWithNoCase(segment, "id") && segment.size() > 2 && IsAllDigits(segment.substr(2))) {
      return std::string(segment.substr(2));
    }
    path = path.substr(0, slash);
  }
  return {};
}

struct StorePage {
  std::string_view host;
  std::string_view store;
  // Empty where the page is not that of an application.
  std::string (*package)(std::string_view path, std::string_view query);
};

constexpr StorePage kPages[] = {
    {"play.google.com", "google-play", PlayPackage},
    {"apps.apple.com", "app-store", AppleNumber},
    {"itunes.apple.com", "app-store", AppleNumber},
};

std::optional<Package> PackageOfPage(std::string_view text) {
  std::optional<Address> address = SplitAddress(text);
  if (!address) return std::nullopt;
  std::string host = AsciiLower(address->authority.host);
  const auto* page = std::find_if(std::begin(kPages), std::end(kPages),
                                  [&](const StorePage& row) { return row.host == host; });
  if (page == std::end(kPages)) return std::nullopt;
  std::string_view rest = address->rest;
  rest = rest.substr(0, rest.find('#'));
  size_t query = std::min(rest.find('?'), rest.size());
  std::string name =
      page->package(rest.substr(0, query), rest.substr(std::min(query + 1, rest.size())));
  if (name.empty()) return std::nullopt;
  return Package{page->store, std::move(name)};
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
