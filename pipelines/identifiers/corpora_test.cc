// Real reports: every value is taken or refused with a code, and what is taken is its own canonical
// form.
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <memory>

#include "pipelines/identifiers/normalise_testing.h"

namespace ringfence::identifiers {
namespace {

namespace fs = std::filesystem;
using enum v1::IdentifierType;

// Of each folder of real reports, every `step`th.
void ForEachReport(const fs::path& folder, int step,
                   const std::function<void(const v1::Report&)>& visit) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(entry.path().c_str(), "rb"), gzclose);
    ASSERT_NE(file, nullptr) << entry.path();
    std::string line(64 * 1024, '\0');
    for (int number = 0; gzgets(file.get(), line.data(), static_cast<int>(line.size())); ++number) {
      if (number % step != 0) continue;
      v1::Report report;
      auto status = google::protobuf::util::JsonStringToMessage(line.c_str(), &report);
      ASSERT_TRUE(status.ok()) << entry.path() << " line " << number;
      visit(report);
    }
  }
}

class Corpora : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(data_)) {
      std::cerr << "SKIPPED: no real reports in " << data_ << "\n";
      GTEST_SKIP() << "no real reports in " << data_;
    }
  }

  // Counts "taken" and the codes; checks that what is taken comes back.
  void Count(const v1::Identifier& identifier, std::string_view country) {
    Hints hints;
    hints.region = identifier.region().empty() ? country : std::string_view(identifier.region());
    hints.scheme = identifier.scheme();
    Normalised normalised = Normalise(identifier.type(), identifier.value(), hints);
    const auto* canonical = std::get_if<Canonical>(&normalised);
    if (canonical == nullptr) {
      ++outcomes_[std::get<Problem>(normalised).code];
      return;
    }
    ++outcomes_["taken"];
    ++standings_[canonical->standing];
    Canonical again = Taken(identifier.type(), canonical->value, hints);
    EXPECT_EQ(again.value, canonical->value) << identifier.value();
    EXPECT_EQ(again.standing, canonical->standing) << identifier.value();
    EXPECT_EQ(again.base_value, canonical->base_value) << identifier.value();
    EXPECT_EQ(again.also_value, canonical->also_value) << identifier.value();
    if (!canonical->also_value.empty()) {
      EXPECT_EQ(Outcome(canonical->also_type, canonical->also_value), canonical->also_value);
    }
  }

  const fs::path data_ = RINGFENCE_SHARED_DATA;
  std::map<std::string, int> outcomes_;
  std::map<int, int> standings_;
};

TEST_F(Corpora, ScamSitesAreTakenButForAddressesOfAnotherKind) {
  ForEachReport(data_ / "cryptoscamdb", 1, [this](const v1::Report& report) {
    for (const v1::Identifier& identifier : report.identifiers()) {
      if (identifier.type() == IDENTIFIER_TYPE_URL) Count(identifier, "");
    }
  });
  // Names that are public suffixes as a whole ("….pg"), a scheme written twice, an e-mail address.
  EXPECT_EQ(outcomes_["url.scheme"], 1);
  EXPECT_LE(outcomes_["url.not_public"], 20);
  EXPECT_EQ(outcomes_.size(), 3u);
  EXPECT_GT(outcomes_["taken"], 11400);
}

TEST_F(Corpora, WalletsOfTwentyTwoChainsAreTakenButForWrongOnes) {
  ForEachReport(data_ / "cryptoscamdb", 1, [this](const v1::Report& report) {
    for (const v1::Identifier& identifier : report.identifiers()) {
      if (identifier.type() != IDENTIFIER_TYPE_WALLET) continue;
      Count(identifier, "");
    }
  });
  // Addresses of 41 digits, of 38, with a digit that is wrong; numbers of transactions.
  EXPECT_EQ(outcomes_, (std::map<std::string, int>{{"taken", 6733},
                                                   {"wallet.checksum", 4},
                                                   {"wallet.malformed", 31},
                                                   {"wallet.unknown_format", 3}}));
  EXPECT_EQ(standings_, (std::map<int, int>{{internal::v1::STANDING_NORMAL, 6524},
                                            {internal::v1::STANDING_UNTAGGED_WALLET, 209}}));
}

TEST_F(Corpora, NumbersOnDisplaysAreTakenWhereTheyExist) {
  ForEachReport(data_ / "ftc-dnc", 20, [this](const v1::Report& report) {
    for (const v1::Identifier& identifier : report.identifiers()) {
      Count(identifier, report.victim().country());
    }
  });
  // Two of a hundred are no numbers of their country; how many depends on the library's metadata.
  int all = 0;
  for (const auto& [code, count] : outcomes_) all += count;
  EXPECT_GT(outcomes_["taken"], all * 97 / 100);
  EXPECT_EQ(outcomes_["taken"] + outcomes_["phone.not_valid"] + outcomes_["phone.not_a_number"],
            all);
}

}  // namespace
}  // namespace ringfence::identifiers
