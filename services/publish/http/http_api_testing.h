#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "pipelines/campaigns/record_testing.h"
#include "services/publish/http/http_api.h"
#include "services/publish/memory_log_testing.h"
#include "services/publish/publisher_testing.h"

namespace ringfence::publish {

// An answer, all pieces of its body in one.
struct Answered {
  int status = 0;
  std::string etag;
  std::string content_type;
  std::map<std::string, std::string> headers;
  std::string body;
};

// HttpApi on a log in memory, without a socket.
class HttpApiTestBase : public testing::Test {
 protected:
  explicit HttpApiTestBase(int32_t partitions = 1) : log_(partitions), publisher_(log_) {
    options_.cursor_key = "key";
    options_.clock = [] { return campaigns::kNow; };
  }
  void Start() {
    ASSERT_TRUE(publisher_.Start().ok());
    publisher_.AwaitApplied();
    api_ = std::make_unique<HttpApi>(options_, *publisher_);
  }
  void Append(const internal::v1::IndicatorRecord& record, int32_t partition = 0) {
    log_.Append(partition, record);
    if (api_) publisher_.AwaitApplied();
  }

  static runtime::HttpRequest Request(const std::string& target) {
    runtime::HttpRequest request;
    request.method = "GET";
    request.remote_address = "127.0.0.1";
    request.headers.emplace("host", "127.0.0.1:7780");
    const size_t question = target.find('?');
    request.path = target.substr(0, question);
    std::string_view rest = target;
    rest.remove_prefix(question == std::string::npos ? target.size() : question + 1);
    while (!rest.empty()) {
      const std::string_view pair = rest.substr(0, rest.find('&'));
      rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
      const size_t equals = pair.find('=');
      request.query.emplace(pair.substr(0, equals), pair.substr(equals + 1));
    }
    return request;
  }
  static Answered Whole(runtime::HttpResponse response) {
    Answered answered{response.status, response.etag, response.content_type, {}, response.body};
    for (const auto& [name, value] : response.headers) answered.headers[name] = value;
    for (bool more = static_cast<bool>(response.next); more;) {
      const absl::StatusOr<bool> next = response.next(answered.body);
      EXPECT_TRUE(next.ok()) << next.status();
      more = next.ok() && *next;
    }
    return answered;
  }
  // Everything but TLP:RED.
  static runtime::Caller Analyst() {
    runtime::Caller caller;
    caller.is_local = true;
    caller.max_tlp = v1::TLP_AMBER_STRICT;
    caller.types = runtime::AllTypes();
    return caller;
  }
  Answered Get(const std::string& target) {
    return Whole(api_->Answer(Request(target), Analyst()));
  }

  MemoryLog log_;
  PublisherUnderTest publisher_;
  HttpApi::Options options_;
  std::unique_ptr<HttpApi> api_;
};

}  // namespace ringfence::publish
