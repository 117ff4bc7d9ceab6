#include "services/publish/feedback.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringfence::publish {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Request = v1::SubmitFeedbackRequest;
using v1::Override;

constexpr core::Time kNow = 1'772'366'400 * core::kSecond;
constexpr char kPhone[] = "+12125550123";

class FeedbackTest : public testing::Test {
 protected:
  static Request RequestOf(Request::Kind kind, const std::string& value = "tel:+1-212-555-0123") {
    Request request;
    request.set_type(v1::IDENTIFIER_TYPE_PHONE);
    request.set_value(value);
    request.set_kind(kind);
    return request;
  }
  absl::Status Take(const Request& request, bool is_custodian = true) {
    Feedback::Options options;
    options.clock = [] { return kNow; };
    options.find = [this](v1::IdentifierType, const std::string& value) {
      EXPECT_EQ(value, kPhone);
      return held_;
    };
    options.put = [this](const Override& override, const std::string& who) {
      EXPECT_EQ(who, "telco");
      ++puts_;
      held_ = override;
      return put_status_;
    };
    options.count = [this](const std::string& who) {
      EXPECT_EQ(who, "telco");
      return count_;
    };
    return Feedback(options, metrics_)
        .Take(request, {"telco", [=](v1::IdentifierType, const std::string& value) {
                          return is_custodian && value == kPhone;
                        }});
  }
  void Hold(Override::Effect effect) {
    held_ = Override();
    held_->set_effect(effect);
    held_->set_type(v1::IDENTIFIER_TYPE_PHONE);
    held_->set_value(kPhone);
    held_->set_reason("an operator's");
  }

  runtime::Metrics metrics_;
  std::optional<Override> held_;
  absl::Status put_status_;
  int puts_ = 0;
  size_t count_ = 0;
};

TEST_F(FeedbackTest, ACustodianDecidesOfSoManyValuesAndOfThoseStill) {
  count_ = Feedback::Options().overrides_max - 1;
  EXPECT_TRUE(Take(RequestOf(Request::KIND_FALSE_POSITIVE)).ok());
  ++count_;
  EXPECT_TRUE(Take(RequestOf(Request::KIND_CONFIRMED_BY_CUSTODIAN)).ok()) << "of the same value";
  held_.reset();
  EXPECT_EQ(Take(RequestOf(Request::KIND_FALSE_POSITIVE)).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(puts_, 2);
  EXPECT_TRUE(Take(RequestOf(Request::KIND_HIT)).ok());
}

TEST_F(FeedbackTest, ACustodiansFalsePositiveIsAnAppealAtOnce) {
  Request request = RequestOf(Request::KIND_FALSE_POSITIVE);
  request.set_reference("T-17");
  ASSERT_TRUE(Take(request).ok());
  EXPECT_EQ(held_->effect(), Override::EFFECT_APPEAL);
  EXPECT_EQ(held_->value(), kPhone);
  EXPECT_EQ(held_->reference(), "T-17");
  EXPECT_EQ(core::FromProto(held_->expires_at()), kNow + 30 * core::kDay);
}

TEST_F(FeedbackTest, ACustodianConfirmsWhatWasUnderAppeal) {
  ASSERT_TRUE(Take(RequestOf(Request::KIND_FALSE_POSITIVE)).ok());
  ASSERT_TRUE(Take(RequestOf(Request::KIND_CONFIRMED_BY_CUSTODIAN)).ok());
  EXPECT_EQ(held_->effect(), Override::EFFECT_CONFIRMED);
  EXPECT_FALSE(held_->has_expires_at());
}

TEST_F(FeedbackTest, WhatIsClosedIsVoidUntilNow) {
  ASSERT_TRUE(Take(RequestOf(Request::KIND_CLOSED)).ok());
  EXPECT_EQ(held_->effect(), Override::EFFECT_DISREGARD);
  EXPECT_EQ(core::FromProto(held_->disregard_before()), kNow);
  // Of what comes later a custodian may speak again.
  ASSERT_TRUE(Take(RequestOf(Request::KIND_FALSE_POSITIVE)).ok());
  EXPECT_EQ(held_->effect(), Override::EFFECT_APPEAL);
  EXPECT_EQ(core::FromProto(held_->disregard_before()), kNow);
}

TEST_F(FeedbackTest, AnOperatorsStricterWordStays) {
  for (const Override::Effect effect :
       {Override::EFFECT_ALLOW, Override::EFFECT_SHARED_INFRASTRUCTURE, Override::EFFECT_CANARY,
        Override::EFFECT_WITHHOLD}) {
    Hold(effect);
    ASSERT_TRUE(Take(RequestOf(Request::KIND_FALSE_POSITIVE)).ok());
    ASSERT_TRUE(Take(RequestOf(Request::KIND_CONFIRMED_BY_CUSTODIAN)).ok());
    EXPECT_EQ(puts_, 0);
    ASSERT_TRUE(Take(RequestOf(Request::KIND_CLOSED)).ok());
    EXPECT_EQ(held_->effect(), effect);
    EXPECT_EQ(held_->reason(), "an operator's");
    EXPECT_EQ(core::FromProto(held_->disregard_before()), kNow);
    puts_ = 0;
  }
}

TEST_F(FeedbackTest, NobodyElseDecides) {
  EXPECT_TRUE(Take(RequestOf(Request::KIND_FALSE_POSITIVE), false).ok());
  for (const Request::Kind kind : {Request::KIND_CONFIRMED_BY_CUSTODIAN, Request::KIND_CLOSED}) {
    EXPECT_EQ(Take(RequestOf(kind), false).code(), absl::StatusCode::kPermissionDenied);
  }
  EXPECT_EQ(puts_, 0);
  EXPECT_THAT(metrics_.Text(),
              HasSubstr("ringfence_feedback_total{kind=\"false_positive\",outcome=\"counted\"} 1"));
}

TEST_F(FeedbackTest, HitsAreCountedAndNothingElse) {
  Request request = RequestOf(Request::KIND_HIT);
  ASSERT_TRUE(Take(request, false).ok());
  request.set_count(41);
  ASSERT_TRUE(Take(request).ok());
  EXPECT_EQ(puts_, 0);
  EXPECT_THAT(metrics_.Text(), HasSubstr("ringfence_hits_total{type=\"phone\"} 42"));
}

TEST_F(FeedbackTest, RefusalsNameTheFieldAndNeverTheValue) {
  const auto refusal = [this](const Request& request) {
    const absl::Status status = Take(request);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(status.message().find("5550123"), absl::string_view::npos);
    return std::string(status.message());
  };
  EXPECT_THAT(refusal({}), StartsWith("type"));
  EXPECT_THAT(refusal(RequestOf(Request::KIND_UNSPECIFIED)), StartsWith("kind"));
  EXPECT_THAT(refusal(RequestOf(static_cast<Request::Kind>(9))), StartsWith("kind"));
  EXPECT_THAT(refusal(RequestOf(Request::KIND_HIT, "5550123")), StartsWith("value"));
  Request request = RequestOf(Request::KIND_HIT);
  request.mutable_from()->set_nanos(-1);
  EXPECT_THAT(refusal(request), StartsWith("from"));
  request = RequestOf(Request::KIND_HIT);
  request.mutable_from()->set_seconds(9);
  request.mutable_until()->set_seconds(8);
  EXPECT_THAT(refusal(request), StartsWith("until"));
  request = RequestOf(Request::KIND_HIT);
  request.set_reference(std::string(201, 'r'));
  EXPECT_THAT(refusal(request), StartsWith("reference"));
}

TEST_F(FeedbackTest, WhatCannotBeKeptIsNotAnsweredAsDone) {
  put_status_ = absl::UnavailableError("the log");
  EXPECT_EQ(Take(RequestOf(Request::KIND_CLOSED)).code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace ringfence::publish
