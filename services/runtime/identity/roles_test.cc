#include "services/runtime/identity/roles.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "ringfence/v1/admin_service.pb.h"
#include "ringfence/v1/indicator_service.pb.h"
#include "ringfence/v1/report_service.pb.h"

namespace ringfence::runtime {
namespace {

using google::protobuf::FileDescriptor;

std::set<std::string> MethodsOfTheApi() {
  std::set<std::string> methods;
  for (const FileDescriptor* file :
       {v1::GetStatusRequest::descriptor()->file(), v1::LookupRequest::descriptor()->file(),
        v1::SubmitReportsRequest::descriptor()->file()}) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m)
        methods.insert("/" + file->service(s)->full_name() + "/" +
                       file->service(s)->method(m)->name());
    }
  }
  return methods;
}

TEST(Roles, EveryMethodOfTheApiHasItsRowAndEveryRowItsMethod) {
  const std::set<std::string> methods = MethodsOfTheApi();
  std::set<std::string> rows;
  for (const RpcRow& row : RpcRows()) {
    if (row.method.starts_with("/ringfence.")) rows.insert(std::string(row.method));
  }
  // Whoever adds a method says in roles.cc who may call it.
  EXPECT_EQ(rows, methods);
}

TEST(Roles, WhatHasNoRowIsForNobody) {
  EXPECT_EQ(FindRpc("/ringfence.v1.ReportService/Other"), nullptr);
  EXPECT_EQ(FindRpc(""), nullptr);
  EXPECT_EQ(FindRoute("GET", "/v1/"), nullptr);
  EXPECT_EQ(FindRoute("POST", "/v1/indicators.csv"), nullptr);
  EXPECT_EQ(FindRoute("GET", "/taxii2"), nullptr);
  EXPECT_TRUE(HasRoute("/v1/indicators.csv"));
  EXPECT_FALSE(HasRoute("/v1/indicators.csvx"));
}

TEST(Roles, ARowForAllBelowHoldsForAllBelow) {
  ASSERT_NE(FindRoute("GET", "/taxii2/"), nullptr);
  ASSERT_NE(FindRoute("HEAD", "/taxii2/ringfence/collections/"), nullptr);
  ASSERT_NE(FindRpc("/grpc.health.v1.Health/Check"), nullptr);
}

TEST(Roles, NobodySendsAndReadsAndDecides) {
  for (const RpcRow& row : RpcRows()) {
    if (row.method.find("/Submit") != std::string_view::npos) continue;
    if (!row.method.starts_with("/ringfence.")) continue;
    EXPECT_FALSE(row.roles.Has(internal::v1::ROLE_PARTNER)) << row.method;
    EXPECT_FALSE(row.roles.Has(internal::v1::ROLE_PROXY)) << row.method;
    EXPECT_FALSE(row.roles.Has(internal::v1::ROLE_UNSPECIFIED)) << row.method;
  }
}

}  // namespace
}  // namespace ringfence::runtime
