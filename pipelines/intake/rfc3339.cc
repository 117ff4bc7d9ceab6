#include "pipelines/intake/rfc3339.h"

#include <chrono>
#include <cstdint>

namespace ringfence::intake {
namespace {

constexpr int64_t kSecondsMin = -62135596800;  // 0001-01-01T00:00:00Z
constexpr int64_t kSecondsMax = 253402300799;  // 9999-12-31T23:59:59Z

// Reads from the front of a text; once something is amiss it stays so.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  // Exactly `digits` digits.
  int Number(size_t digits) {
    int number = 0;
    for (size_t i = 0; i < digits; ++i) number = number * 10 + Digit();
    return number;
  }
  char OneOf(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) {
      failed_ = true;
      return '\0';
    }
    char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }
  bool NextIs(char c) const { return !failed_ && rest_.starts_with(c); }
  bool NextIsDigit() const {
    return !failed_ && !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
  }
  bool Finished() const { return !failed_ && rest_.empty(); }

 private:
  int Digit() {
    char digit = OneOf("0123456789");
    return failed_ ? 0 : digit - '0';
  }

  std::string_view rest_;
  bool failed_ = false;
};

int32_t ReadFraction(Reader& reader) {
  if (!reader.NextIs('.')) return 0;
  reader.OneOf(".");
  int32_t nanos = reader.Number(1);
  for (int digit = 1; digit < 9; ++digit) {
    nanos = nanos * 10 + (reader.NextIsDigit() ? reader.Number(1) : 0);
  }
  return nanos;
}

// Seconds to take off to come to UTC; a value of a day or more where the offset is impossible.
int64_t ReadOffset(Reader& reader) {
  char sign = reader.OneOf("Zz+-");
  if (sign != '+' && sign != '-') return 0;
  int hours = reader.Number(2);
  reader.OneOf(":");
  int minutes = reader.Number(2);
  if (hours > 23 || minutes > 59) return INT64_MAX;
  int64_t seconds = hours * 3600 + minutes * 60;
  return sign == '+' ? seconds : -seconds;
}

}  // namespace

std::optional<google::protobuf::Timestamp> ParseRfc3339(std::string_view text) {
  Reader reader(text);
  int year = reader.Number(4);
  reader.OneOf("-");
  int month = reader.Number(2);
  reader.OneOf("-");
  int day = reader.Number(2);
  reader.OneOf("Tt");
  int hour = reader.Number(2);
  reader.OneOf(":");
  int minute = reader.Number(2);
  reader.OneOf(":");
  int second = reader.Number(2);
  int32_t nanos = ReadFraction(reader);
  int64_t offset = ReadOffset(reader);
  if (!reader.Finished() || hour > 23 || minute > 59 || second > 59 || offset == INT64_MAX) {
    return std::nullopt;
  }
  std::chrono::year_month_day date{std::chrono::year(year),
                                   std::chrono::month(static_cast<unsigned>(month)),
                                   std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(days * 86400 + hour * 3600 + minute * 60 + second - offset);
  timestamp.set_nanos(nanos);
  if (!IsValidTimestamp(timestamp)) return std::nullopt;
  return timestamp;
}

bool IsValidTimestamp(const google::protobuf::Timestamp& timestamp) {
  return timestamp.seconds() >= kSecondsMin && timestamp.seconds() <= kSecondsMax &&
         timestamp.nanos() >= 0 && timestamp.nanos() < 1'000'000'000;
}

}  // namespace ringfence::intake
