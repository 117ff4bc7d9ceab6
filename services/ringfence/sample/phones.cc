#include "services/ringfence/sample/phones.h"

#include <fmt/format.h>

namespace ringfence::sample {
namespace {

// Geographic area codes, parted by spaces.
constexpr std::string_view kUsAreaCodes =
    "201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 220 223 224 225 228 "
    "229 231 234 239 240 248 251 252 253 254 256 260 262 267 269 270 272 276 279 281 301 302 "
    "303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 323 325 326 330 331 "
    "332 334 336 337 339 341 346 347 351 352 360 361 364 380 385 386 401 402 404 405 406 407 "
    "408 409 410 412 413 414 415 417 419 423 424 425 430 432 434 435 440 442 443 445 447 448 "
    "458 463 464 469 470 475 478 479 480 484 501 502 503 504 505 507 508 509 510 512 513 515 "
    "516 517 518 520 530 531 534 539 540 541 551 559 561 562 563 564 567 570 571 572 573 574 "
    "575 580 582 585 586 601 602 603 605 606 607 608 609 610 612 614 615 616 617 618 619 620 "
    "623 626 628 629 630 631 636 640 641 646 650 651 656 657 659 660 661 662 667 669 678 680 "
    "681 682 689 701 702 703 704 706 707 708 712 713 714 715 716 717 718 719 720 724 725 726 "
    "727 731 732 734 737 740 743 747 754 757 760 762 763 765 769 770 771 772 773 774 775 779 "
    "781 785 786 801 802 803 804 805 806 808 810 812 813 814 815 816 817 818 820 826 828 830 "
    "831 832 838 839 840 843 845 847 848 850 854 856 857 858 859 860 862 863 864 865 870 872 "
    "878 901 903 904 906 907 908 909 910 912 913 914 915 916 917 918 919 920 925 928 929 930 "
    "931 934 936 937 938 940 941 943 945 947 948 949 951 952 954 956 959 970 971 972 973 978 "
    "979 980 984 985 986 989 ";
constexpr std::string_view kCaAreaCodes =
    "204 226 236 249 250 289 306 343 365 367 403 416 418 431 437 438 450 506 514 519 548 579 "
    "581 587 604 613 639 647 672 705 709 778 780 782 807 819 825 867 873 902 905 ";

struct Reserved {
  std::string_view country;
  std::string_view prefix;
  // How many digits follow, and which numbers these may be.
  int digits;
  uint32_t first;
  uint32_t count;
};

constexpr Reserved kReserved[] = {
    {"GB", "+44113496", 4, 0, 1'000},                                        // Leeds
    {"GB", "+44114496", 4, 0, 1'000},                                        // Sheffield
    {"GB", "+44116496", 4, 0, 1'000},                                        // Leicester
    {"GB", "+44117496", 4, 0, 1'000},                                        // Bristol
    {"GB", "+44118496", 4, 0, 1'000},                                        // Reading
    {"GB", "+44121496", 4, 0, 1'000},                                        // Birmingham
    {"GB", "+44131496", 4, 0, 1'000},                                        // Edinburgh
    {"GB", "+44141496", 4, 0, 1'000},                                        // Glasgow
    {"GB", "+44151496", 4, 0, 1'000},                                        // Liverpool
    {"GB", "+44161496", 4, 0, 1'000},                                        // Manchester
    {"GB", "+44191498", 4, 0, 1'000},                                        // Tyneside
    {"GB", "+44207946", 4, 0, 1'000},                                        // London
    {"GB", "+44289649", 4, 6'000, 1'000},                                    // Northern Ireland
    {"GB", "+44292018", 4, 0, 1'000},                                        // Cardiff
    {"GB", "+44808157", 4, 0, 1'000},                                        // freephone
    {"GB", "+44306999", 4, 0, 1'000},                                        // the whole country
    {"AU", "+6125550", 4, 0, 10'000},                                        // New South Wales
    {"AU", "+6127010", 4, 0, 10'000},     {"AU", "+6135550", 4, 0, 10'000},  // Victoria
    {"AU", "+6137010", 4, 0, 10'000},     {"AU", "+6175550", 4, 0, 10'000},  // Queensland
    {"AU", "+6177010", 4, 0, 10'000},     {"AU", "+6187010", 4, 0, 10'000},  // Western Australia
    {"DE", "+493023125", 3, 0, 1'000},                                       // Berlin
    {"DE", "+494066969", 3, 0, 1'000},                                       // Hamburg
    {"DE", "+496990009", 3, 0, 1'000},                                       // Frankfurt am Main
    {"DE", "+498999998", 3, 0, 1'000},                                       // Munich
    {"DE", "+492214710", 3, 0, 1'000},                                       // Cologne
    {"DE", "+4917139200", 2, 0, 100},                                        // mobile
    {"DE", "+49176040690", 2, 0, 100},                                       // mobile
};

// Where a national number is parted, by how it begins.
struct Grouping {
  std::string_view country;
  std::string_view national_prefix;
  // Sizes of the pieces of the national number.
  int pieces[3];
};

constexpr Grouping kGroupings[] = {
    {"US", "", {3, 3, 4}},   {"CA", "", {3, 3, 4}},   {"GB", "2", {2, 4, 4}},
    {"GB", "", {3, 3, 4}},   {"AU", "", {1, 4, 4}},   {"DE", "30", {2, 8, 0}},
    {"DE", "40", {2, 8, 0}}, {"DE", "69", {2, 8, 0}}, {"DE", "89", {2, 8, 0}},
    {"DE", "", {3, 8, 0}},
};

struct Pieces {
  std::string_view area;
  std::string_view middle;
  std::string_view last;
};

Pieces Part(std::string_view national, std::string_view country) {
  for (const Grouping& grouping : kGroupings) {
    if (grouping.country != country || !national.starts_with(grouping.national_prefix)) continue;
    const auto area = static_cast<size_t>(grouping.pieces[0]);
    const auto middle = static_cast<size_t>(grouping.pieces[1]);
    Pieces pieces{national.substr(0, area), national.substr(area, middle), ""};
    if (national.size() > area + middle) pieces.last = national.substr(area + middle);
    return pieces;
  }
  return {national, "", ""};
}

// Area, middle and last piece, calling code.
constexpr const char* kNanpNational[] = {"({0}) {1}-{2}", "{0}-{1}-{2}",   "{0}.{1}.{2}",
                                         "{0}{1}{2}",     "1-{0}-{1}-{2}", "1 {0} {1} {2}"};
constexpr const char* kTrunkNational[] = {"0{0} {1} {2}", "(0{0}) {1} {2}", "0{0}{1}{2}",
                                          "0{0}-{1}{2}", "0{0} {1}{2}"};
constexpr const char* kInternational[] = {"+{3} {0} {1} {2}",  "+{3}{0}{1}{2}",
                                          "+{3}-{0}-{1}{2}",   "+{3} ({0}) {1}{2}",
                                          "tel:+{3}{0}{1}{2}", "+{3}.{0}.{1}{2}"};

std::string_view CallingCode(std::string_view country) {
  if (country == "GB") return "44";
  if (country == "AU") return "61";
  if (country == "DE") return "49";
  return "1";
}

}  // namespace

Phones::Phones(Random& random) {
  for (const auto& [country, codes] :
       {std::pair{"US", kUsAreaCodes}, std::pair{"CA", kCaAreaCodes}}) {
    // Four characters an area code; the ranges' prefix is the code alone.
    for (size_t i = 0; i < codes.size(); i += 4)
      supplies_[country].ranges.push_back({codes.substr(i, 3), 4, 100, 100});
  }
  for (const Reserved& reserved : kReserved) {
    supplies_[std::string(reserved.country)].ranges.push_back(
        {reserved.prefix, reserved.digits, reserved.count, reserved.first});
  }
  for (auto& [country, supply] : supplies_) {
    uint64_t size = 0;
    for (const Range& range : supply.ranges) size += range.count;
    supply.order.emplace(size, random);
  }
}

std::string Phones::Supply::At(uint64_t index) const {
  uint64_t left = order->At(index);
  auto range = ranges.begin();
  for (; left >= range->count; ++range) left -= range->count;
  const bool is_area_code = range->prefix.front() != '+';
  return fmt::format("{}{}{}{:0{}}", is_area_code ? "+1" : "", range->prefix,
                     is_area_code ? "555" : "", range->first + left, range->digits);
}

Phones::Supply* Phones::SupplyOf(std::string_view country) {
  const auto supply = supplies_.find(country);
  return supply == supplies_.end() || supply->second.Left() == 0 ? nullptr : &supply->second;
}

std::optional<std::string> Phones::ForFraudster(std::string_view country) {
  Supply* supply = SupplyOf(country);
  if (supply == nullptr) return std::nullopt;
  return supply->At(supply->front++);
}

std::optional<std::string> Phones::ForVictim(std::string_view country) {
  Supply* supply = SupplyOf(country);
  if (supply == nullptr) return std::nullopt;
  return supply->At(supply->order->size() - ++supply->back);
}

std::string SpellPhone(std::string_view e164, std::string_view country, bool national,
                       Random& random) {
  const std::string_view code = CallingCode(country);
  const auto [area, middle, last] = Part(e164.substr(1 + code.size()), country);
  const char* form = !national     ? random.Pick(kInternational)
                     : code == "1" ? random.Pick(kNanpNational)
                                   : random.Pick(kTrunkNational);
  std::string text = fmt::format(fmt::runtime(form), area, middle, last, code);
  while (text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace ringfence::sample
