#include "pipelines/identifiers/shared_values.h"

#include <algorithm>
#include <array>
#include <tuple>

namespace ringfence::identifiers {
namespace {

using enum v1::IdentifierType;

// Each line with the page that says so. Only what anybody can look up there, and what nobody owns
// or everybody uses: no exchange's wallet, which would be a matter of attribution.
constexpr auto kValues = std::to_array<SharedValue>({
    {IDENTIFIER_TYPE_IP, "1.0.0.1", "https://developers.cloudflare.com/1.1.1.1/ip-addresses/"},
    {IDENTIFIER_TYPE_IP, "1.0.0.2", "https://developers.cloudflare.com/1.1.1.1/ip-addresses/"},
    {IDENTIFIER_TYPE_IP, "1.0.0.3", "https://developers.cloudflare.com/1.1.1.1/ip-addresses/"},
    {IDENTIFIER_TYPE_IP, "1.1.1.1", "https://developers.cloudflare.com/1.1.1.1/ip-addresses/"},
    {IDENTIFIER_TYPE_IP, "1.1.1.2", "https://developers.cloudflare.com/1.1.1.1/ip-addresses/"},
    {IDENTIFIER_TYPE_IP, "1.1.1.3", "https://developers.cloudflare.com/1.1.1.1/ip-addresses/"},
    {IDENTIFIER_TYPE_IP, "114.114.114.114", "https://www.114dns.com/"},
    {IDENTIFIER_TYPE_IP, "114.114.115.115", "https://www.114dns.com/"},
    {IDENTIFIER_TYPE_IP, "119.29.29.29", "https://www.dnspod.cn/products/publicdns"},
    {IDENTIFIER_TYPE_IP, "149.112.112.10",
     "https://quad9.net/service/service-addresses-and-features/"},
    {IDENTIFIER_TYPE_IP, "149.112.112.11",
     "https://quad9.net/service/service-addresses-and-features/"},
    {IDENTIFIER_TYPE_IP, "149.112.112.112",
     "https://quad9.net/service/service-addresses-and-features/"},
    {IDENTIFIER_TYPE_IP, "170.247.170.2", "https://root-servers.org/"},
    {IDENTIFIER_TYPE_IP, "192.112.36.4", "https://root-servers.org/"},
    {IDENTIFIER_TYPE_IP, "192.203.230.10", "https://root-servers.org/"},
    {IDENTIFIER_TYPE_IP, "192.33.4.12", "https://root-servers.org/"},
    {IDENTIFIER_TYPE_IP, "192.36.148.17", "https://root-servers.org/"},
    {IDENTIFIER_TYPE_IP, "192.5.5.241", "https://root-servers.org/"},
    {IDENTIFIER_TYPE_IP, "192.58.128.30", "https://root-servers.org/"},
    {IDENTIFIER_TYPE_IP, "193.0.14.129", "https://root-servers.org/"},
    {IDENTIFIER_TYPE_IP, "198.41.0.4", "https://root-servers.org/"},
    {IDENTIFIER_TYPE_IP, "198.97.190.53", "https://root-servers.org/"},
    {IDENTIFIER_TYPE_IP, "199.7.83.42", "https://root-servers.org/"},
    {IDENTIFIER_TYPE_IP, "199.7.91.13", "https://root-servers.org/"},
    {IDENTIFIER_TYPE_IP, "2001:4860:4860::/64",
     "https://developers.google.com/speed/public-dns/docs/using"},
    {IDENTIFIER_TYPE_IP, "202.12.27.33", "https://root-servers.org/"},
    {IDENTIFIER_TYPE_IP, "208.67.220.123", "https://www.opendns.com/setupguide/"},
    {IDENTIFIER_TYPE_IP, "208.67.220.220", "https://www.opendns.com/setupguide/"},
    {IDENTIFIER_TYPE_IP, "208.67.222.123", "https://www.opendns.com/setupguide/"},
    {IDENTIFIER_TYPE_IP, "208.67.222.222", "https://www.opendns.com/setupguide/"},
    {IDENTIFIER_TYPE_IP, "223.5.5.5", "https://www.alidns.com/"},
    {IDENTIFIER_TYPE_IP, "223.6.6.6", "https://www.alidns.com/"},
    {IDENTIFIER_TYPE_IP, "2606:4700:4700::/64",
     "https://developers.cloudflare.com/1.1.1.1/ip-addresses/"},
    {IDENTIFIER_TYPE_IP, "2620:119:35::/64", "https://www.opendns.com/setupguide/"},
    {IDENTIFIER_TYPE_IP, "2620:119:53::/64", "https://www.opendns.com/setupguide/"},
    {IDENTIFIER_TYPE_IP, "2620:fe::/64",
     "https://quad9.net/service/service-addresses-and-features/"},
    {IDENTIFIER_TYPE_IP, "2a10:50c0::/64", "https://adguard-dns.io/en/public-dns.html"},
    {IDENTIFIER_TYPE_IP, "77.88.8.1", "https://dns.yandex.com/"},
    {IDENTIFIER_TYPE_IP, "77.88.8.8", "https://dns.yandex.com/"},
    {IDENTIFIER_TYPE_IP, "8.8.4.4", "https://developers.google.com/speed/public-dns/docs/using"},
    {IDENTIFIER_TYPE_IP, "8.8.8.8", "https://developers.google.com/speed/public-dns/docs/using"},
    {IDENTIFIER_TYPE_IP, "9.9.9.10", "https://quad9.net/service/service-addresses-and-features/"},
    {IDENTIFIER_TYPE_IP, "9.9.9.11", "https://quad9.net/service/service-addresses-and-features/"},
    {IDENTIFIER_TYPE_IP, "9.9.9.9", "https://quad9.net/service/service-addresses-and-features/"},
    {IDENTIFIER_TYPE_IP, "94.140.14.14", "https://adguard-dns.io/en/public-dns.html"},
    {IDENTIFIER_TYPE_IP, "94.140.15.15", "https://adguard-dns.io/en/public-dns.html"},
    {IDENTIFIER_TYPE_WALLET, "0x0000000000000000000000000000000000000000",
     "https://etherscan.io/address/0x0000000000000000000000000000000000000000"},
    {IDENTIFIER_TYPE_WALLET, "0x000000000000000000000000000000000000dead",
     "https://etherscan.io/address/0x000000000000000000000000000000000000dead"},
    {IDENTIFIER_TYPE_WALLET, "0x6b175474e89094c44da98b954eedeac495271d0f",
     "https://etherscan.io/address/0x6b175474e89094c44da98b954eedeac495271d0f"},
    {IDENTIFIER_TYPE_WALLET, "0x7a250d5630b4cf539739df2c5dacb4c659f2488d",
     "https://etherscan.io/address/0x7a250d5630b4cf539739df2c5dacb4c659f2488d"},
    {IDENTIFIER_TYPE_WALLET, "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48",
     "https://etherscan.io/address/0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"},
    {IDENTIFIER_TYPE_WALLET, "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2",
     "https://etherscan.io/address/0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"},
    {IDENTIFIER_TYPE_WALLET, "0xdac17f958d2ee523a2206206994597c13d831ec7",
     "https://etherscan.io/address/0xdac17f958d2ee523a2206206994597c13d831ec7"},
    {IDENTIFIER_TYPE_WALLET, "0xe592427a0aece92de3edee1f18e0157c05861564",
     "https://etherscan.io/address/0xe592427a0aece92de3edee1f18e0157c05861564"},
    {IDENTIFIER_TYPE_WALLET, "1BitcoinEaterAddressDontSendf59kuE",
     "https://mempool.space/address/1BitcoinEaterAddressDontSendf59kuE"},
    {IDENTIFIER_TYPE_WALLET, "1CounterpartyXXXXXXXXXXXXXXXUWLpVr",
     "https://mempool.space/address/1CounterpartyXXXXXXXXXXXXXXXUWLpVr"},
    {IDENTIFIER_TYPE_WALLET, "T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb",
     "https://tronscan.org/#/address/T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb"},
    {IDENTIFIER_TYPE_WALLET, "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
     "https://tronscan.org/#/address/TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"},
});

constexpr auto KeyOf(const SharedValue& value) { return std::tuple(value.type, value.value); }

static_assert(std::is_sorted(kValues.begin(), kValues.end(),
                             [](const SharedValue& a, const SharedValue& b) {
                               return KeyOf(a) < KeyOf(b);
                             }));

}  // namespace

std::span<const SharedValue> SharedValues() { return kValues; }

bool IsSharedValue(v1::IdentifierType type, std::string_view canonical_value) {
  if (type != IDENTIFIER_TYPE_IP && type != IDENTIFIER_TYPE_WALLET) return false;
  const SharedValue sought{type, canonical_value, ""};
  return std::binary_search(
      kValues.begin(), kValues.end(), sought,
      [](const SharedValue& a, const SharedValue& b) { return KeyOf(a) < KeyOf(b); });
}

}  // namespace ringfence::identifiers
