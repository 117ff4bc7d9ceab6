#pragma once

#include <string>
#include <string_view>

#include "pipelines/core/time.h"
#include "pipelines/intake/normalise_cache.h"
#include "pipelines/intake/problems.h"
#include "pipelines/intake/report_json.h"
#include "pipelines/intake/victim_tokens.h"
#include "ringfence/v1/report.pb.h"

namespace ringfence::intake {

// A message within a report, from which the paths of its fields are made where they are needed.
struct Where {
  std::string_view list;   // "payments"
  int index = 0;           // 2
  std::string_view field;  // "payee", or empty

  // "payments[2].payee".
  std::string Path() const;
  // "payments[2].payee.value".
  std::string Path(std::string_view leaf) const;
};

// One report while it is read: what is known of it, and where problems go. Lives for one call.
struct Reading {
  const v1::Report& report;
  const LeftOut& left_out;
  ProblemList& problems;
  NormaliseCache& cache;
  VictimTokens& tokens;
  core::Time arrival = 0;
  core::Time occurred_at = 0;
  // The victim's; ISO 3166-1 alpha-2 or empty.
  std::string_view country{};

  bool IsLeftOut(const Where& where) const;
  bool IsLeftOut(const Where& where, std::string_view leaf) const;
};

// 400 days before the arrival to one day after it: what a report may speak of.
bool IsInRange(core::Time time, core::Time arrival);

// "<source>:<id>": two parts that are not empty, at most 256 bytes of UTF-8, no control characters.
bool IsSourceAndId(std::string_view text);

}  // namespace ringfence::intake
