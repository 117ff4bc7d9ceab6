#include "services/intake/quotas.h"

#include <gtest/gtest.h>

#include <vector>

namespace ringfence::intake_service {
namespace {

constexpr core::Time kHour = 480'000 * core::kHour;

internal::v1::ReportRevision Report(const std::string& partner,
                                    const std::vector<std::string>& phones = {}) {
  internal::v1::ReportRevision revision;
  revision.set_partner(partner);
  for (const std::string& phone : phones) {
    internal::v1::NamedIdentifier& named = *revision.add_identifiers();
    named.set_type(v1::IDENTIFIER_TYPE_PHONE);
    named.set_value(phone);
  }
  return revision;
}

bool IsBeyond(Quotas& quotas, const internal::v1::ReportRevision& revision, core::Time arrival) {
  const auto counted = quotas.Count(revision, arrival);
  return counted && counted->beyond;
}

TEST(Quotas, WithoutLimitsNothingIsBeyond) {
  Quotas quotas({});
  for (int i = 0; i < 10'000; ++i) EXPECT_FALSE(IsBeyond(quotas, Report("a", {"+1"}), kHour));
}

TEST(Quotas, AreOfAPartnerAndAnHour) {
  Quotas quotas({.limits = {.reports = 2}});
  EXPECT_FALSE(IsBeyond(quotas, Report("a"), kHour));
  EXPECT_FALSE(IsBeyond(quotas, Report("a"), kHour + 1));
  EXPECT_TRUE(IsBeyond(quotas, Report("a"), kHour + 2));
  EXPECT_FALSE(IsBeyond(quotas, Report("b"), kHour + 2));
  EXPECT_FALSE(IsBeyond(quotas, Report("a"), kHour + core::kHour));
  // What is late is still judged with its own hour.
  EXPECT_TRUE(IsBeyond(quotas, Report("a"), kHour + 3));
}

TEST(Quotas, RetractionsAreNeverBeyondAndCountNothing) {
  Quotas quotas({.limits = {.reports = 1}});
  internal::v1::ReportRevision retraction = Report("a");
  retraction.set_retracted(true);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(IsBeyond(quotas, retraction, kHour));
  EXPECT_FALSE(IsBeyond(quotas, Report("a"), kHour));
  EXPECT_TRUE(IsBeyond(quotas, Report("a"), kHour));
  EXPECT_FALSE(IsBeyond(quotas, retraction, kHour));
}

TEST(Quotas, OnlyIdentifiersThatNobodyKnowsCountAndEachOnce) {
  const core::Id known = core::IdentifierId(v1::IDENTIFIER_TYPE_PHONE, "+9");
  Quotas quotas({.limits = {.new_identifiers = 2},
                 .is_known = [&](const core::Id& id) { return id == known; }});
  EXPECT_FALSE(IsBeyond(quotas, Report("a", {"+1", "+2", "+9"}), kHour));
  EXPECT_FALSE(IsBeyond(quotas, Report("a", {"+2", "+1"}), kHour));
  EXPECT_TRUE(IsBeyond(quotas, Report("a", {"+1", "+3"}), kHour));
  // It stays so: what was beyond has not become known by it.
  EXPECT_TRUE(IsBeyond(quotas, Report("a", {"+3"}), kHour));
  EXPECT_FALSE(IsBeyond(quotas, Report("a", {"+9"}), kHour));
}

TEST(Quotas, WhatIsUndoneCountsNothing) {
  Quotas quotas({.limits = {.reports = 2, .new_identifiers = 2}});
  EXPECT_FALSE(IsBeyond(quotas, Report("a", {"+1"}), kHour));
  const auto counted = quotas.Count(Report("a", {"+1", "+2"}), kHour);
  ASSERT_TRUE(counted);
  EXPECT_TRUE(IsBeyond(quotas, Report("a", {"+3"}), kHour));
  quotas.Undo(*counted);
  Quotas::Counted of_another_hour = *counted;
  of_another_hour.hour -= 2;
  quotas.Undo(of_another_hour);
  // Two reports are left that count, and of the identifiers the first.
  EXPECT_TRUE(IsBeyond(quotas, Report("a", {"+3"}), kHour));
  Quotas identifiers({.limits = {.new_identifiers = 2}});
  identifiers.Undo(*identifiers.Count(Report("a", {"+1", "+2"}), kHour));
  EXPECT_FALSE(IsBeyond(identifiers, Report("a", {"+3", "+4"}), kHour));
}

}  // namespace
}  // namespace ringfence::intake_service
