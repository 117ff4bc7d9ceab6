#include "services/publish/http/sorted_lists.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "absl/strings/escaping.h"
#include "services/publish/http/http_api_testing.h"

namespace ringfence::publish {
namespace {

using campaigns::RecordSpec;
using campaigns::Removal;
using campaigns::Upsert;
using lists::Form;
using testing::HasSubstr;
using testing::Not;

class SortedListsTest : public HttpApiTestBase {
 protected:
  SortedListsTest() : HttpApiTestBase(2) { options_.make_lists_every = {}; }

  // What leads on from what is held; the answer's size.
  size_t Follow(const std::string& path, lists::HeldList& held, const std::string& query = "") {
    const Answered answered = Get(path + "?from=" + held.version() + query);
    EXPECT_EQ(answered.status, 200) << answered.body;
    const absl::StatusOr<lists::Update> update = lists::Decode(answered.body);
    EXPECT_TRUE(update.ok()) << update.status();
    const absl::Status status = held.Apply(*update);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(held.version(), answered.headers.at("Ringfence-Version"));
    wholes_ += update->from.empty();
    return answered.body.size();
  }
  void Put(RecordSpec spec) {
    spec.place = ++place_;
    Append(Upsert(spec), static_cast<int32_t>(campaigns::IdOf(spec).lo % 2));
  }
  void Remove(RecordSpec spec) {
    spec.place = ++place_;
    Append(Removal(spec, "retracted"), static_cast<int32_t>(campaigns::IdOf(spec).lo % 2));
  }

  core::Place place_ = 0;
  int wholes_ = 0;
};

TEST_F(SortedListsTest, PhonesAscendInCsv) {
  Put({.value = "+442079460018"});
  Put({.value = "+12125550123"});
  Put({.value = "+12125550100", .action = v1::ACTION_CHALLENGE});
  Put({.value = "+12125550101", .action = v1::ACTION_MONITOR});
  Put({.type = v1::IDENTIFIER_TYPE_DOMAIN, .value = "a.example"});
  Start();
  EXPECT_EQ(Get("/v1/phones.csv").body, "number\r\n+12125550123\r\n+442079460018\r\n");
  EXPECT_THAT(Get("/v1/phones.csv?min_action=challenge").body, HasSubstr("+12125550100"));
  EXPECT_THAT(Get("/v1/phones.csv?min_action=challenge").body, Not(HasSubstr("+12125550101")));
  EXPECT_EQ(Get("/v1/phones.csv?min_action=monitor").status, 400);
  EXPECT_EQ(Get("/v1/phones.csv?from=x").status, 400);
}

// Consumers that ask at any time hold what a list made anew holds.
TEST_F(SortedListsTest, WhoFollowsHoldsTheList) {
  Start();
  std::mt19937_64 rng(1);
  std::map<std::string, v1::Action> truth;
  lists::HeldList often(Form::kNumbers), seldom(Form::kNumbers), hidden(Form::kPrefixes);
  for (int step = 0; step < 300; ++step) {
    const std::string value = "+1212555" + std::to_string(1'000 + rng() % 60);
    const v1::Action action = static_cast<v1::Action>(1 + rng() % 3);
    RecordSpec spec{.value = value, .action = action, .peak_action = v1::ACTION_BLOCK};
    if (rng() % 4 == 0) {
      Remove(spec);
      truth.erase(value);
    } else {
      Put(spec);
      truth[value] = action;
    }
    if (rng() % 3 != 0) continue;
    lists::Elements expected;
    for (const auto& [number, what] : truth) {
      if (what == v1::ACTION_BLOCK) expected.push_back(std::stoull(number.substr(1)));
    }
    Follow("/v1/phones.bin", often);
    EXPECT_EQ(often.elements(), expected);
    if (rng() % 10 != 0) continue;
    Follow("/v1/phones.bin", seldom);
    EXPECT_EQ(seldom.elements(), expected);
    Follow("/v1/private.bin", hidden);
    EXPECT_EQ(hidden.elements().size(), expected.size());
  }
}

TEST_F(SortedListsTest, ADifferenceIsSmall) {
  Start();
  for (int i = 0; i < 2'000; ++i) Put({.value = "+44207946" + std::to_string(1'000 + i)});
  lists::HeldList held(Form::kNumbers), hidden(Form::kPrefixes);
  EXPECT_GT(Follow("/v1/phones.bin", held), 2'000U);
  Follow("/v1/private.bin", hidden);
  Put({.value = "+12125550123"});
  Remove({.value = "+442079461000"});
  EXPECT_LT(Follow("/v1/phones.bin", held), 250U);
  EXPECT_LT(Follow("/v1/private.bin", hidden), 250U);
  EXPECT_EQ(held.elements().size(), 2'000U);
  EXPECT_EQ(wholes_, 2);
}

TEST_F(SortedListsTest, AnOldOrForeignVersionIsAnsweredByTheWhole) {
  publisher_.options.model.removals_kept = core::kHour;
  Put({.value = "+12125550123"});
  Put({.value = "+12125550124"});
  Start();
  lists::HeldList held(Form::kNumbers);
  Follow("/v1/phones.bin", held);
  Remove({.value = "+12125550123"});
  for (int32_t p = 0; p < 2; ++p) Append(campaigns::Mark(campaigns::kNow + core::kDay), p);
  Follow("/v1/phones.bin", held);
  EXPECT_EQ(held.elements(), (lists::Elements{12125550124}));
  EXPECT_EQ(wholes_, 2);
  lists::HeldList other = held;
  Follow("/v1/phones.bin", other, "&max_tlp=clear");
  EXPECT_TRUE(other.elements().empty());
  EXPECT_EQ(Get("/v1/phones.bin?from=nonsense").status, 200);
}

TEST_F(SortedListsTest, AListIsMadeAnewOnlySoOftenButLeadsNobodyBack) {
  options_.make_lists_every = std::chrono::hours(1);
  Put({.value = "+12125550123"});
  Start();
  const std::string first = Get("/v1/phones.bin").headers.at("Ringfence-Version");
  Put({.value = "+12125550124"});
  EXPECT_EQ(Get("/v1/phones.bin").headers.at("Ringfence-Version"), first);
  // From a replica that knows more.
  const Filter filter = *FilterOfBlockList(Request("/v1/phones.bin"), {v1::TLP_AMBER_STRICT, true},
                                           {v1::IDENTIFIER_TYPE_PHONE}, v1::ACTION_BLOCK);
  const Cursors cursors("key", publisher_->incarnation(), 2);
  Offsets offsets = publisher_->Latest()->offsets;
  const std::string later = cursors.Encode(offsets, filter.Key());
  EXPECT_EQ(Get("/v1/phones.bin?from=" + later).headers.at("Ringfence-Version"), later);
  ++offsets[0];
  EXPECT_EQ(Get("/v1/phones.bin?from=" + cursors.Encode(offsets, filter.Key())).status, 503);
}

// HMAC-SHA-256(HMAC-SHA-256("key", "ringfence-private-list-v1"), "1" 00 "+12125550123"), computed
// with Python's hmac.
TEST_F(SortedListsTest, PrefixesAreThoseOfTheKeyThatIsGivenOut) {
  Put({.value = "+12125550123"});
  Start();
  EXPECT_EQ(Get("/v1/private.key").body,
            "53362dd78f701f7aba0af62cc787ea26d74fc597a123b222e2b6606d3748a91f\n");
  lists::HeldList held(Form::kPrefixes);
  Follow("/v1/private.bin", held);
  EXPECT_EQ(held.elements(), (lists::Elements{0xfb4b8943}));
}

}  // namespace
}  // namespace ringfence::publish
