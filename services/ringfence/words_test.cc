#include "services/ringfence/words.h"

#include <gmock/gmock.h>

namespace ringfence::cli {
namespace {

TEST(Words, TypesAndActionsReadBackWhatTheyPrint) {
  for (int type = 1; type < v1::IdentifierType_ARRAYSIZE; ++type) {
    EXPECT_EQ(ParseType(TypeWord(static_cast<v1::IdentifierType>(type))), type);
  }
  EXPECT_EQ(ParseType("Remote-Access-ID"), v1::IDENTIFIER_TYPE_REMOTE_ACCESS_ID);
  EXPECT_EQ(ParseType("fax"), std::nullopt);
  EXPECT_EQ(ParseType(""), std::nullopt);
  EXPECT_EQ(ParseAction("block"), v1::ACTION_BLOCK);
  EXPECT_EQ(ParseAction("unspecified"), std::nullopt);
}

TEST(Words, TerminalIsNotAtTheMercyOfReports) {
  EXPECT_EQ(Printable("a\x1b[31mb\r\n\x7f"), "a?[31mb???");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "?31m");
  EXPECT_EQ(Printable("b\xc3\xbc"
                      "cher"),
            "b\xc3\xbc"
            "cher");
}

TEST(Words, NumbersAndTimes) {
  EXPECT_EQ(CountWord(0), "0");
  EXPECT_EQ(CountWord(999), "999");
  EXPECT_EQ(CountWord(1'000), "1,000");
  EXPECT_EQ(CountWord(1'234'567), "1,234,567");
  EXPECT_EQ(CountOf(0, "report"), "0 reports");
  EXPECT_EQ(CountOf(1, "report"), "1 report");
  EXPECT_EQ(CountOf(1'234, "report"), "1,234 reports");
  google::protobuf::Timestamp time;
  EXPECT_EQ(TimeWord(time), "-");
  time.set_seconds(1772366400);
  EXPECT_EQ(TimeWord(time), "2026-03-01 12:00:00");
}

TEST(Words, TableLinesUp) {
  Table table({"A", "B"});
  table.Add(
      {"b\xc3\xbc"
       "cher",
       "1"});
  table.Add({"x", ""});
  EXPECT_EQ(table.Text(),
            "A       B\nb\xc3\xbc"
            "cher  1\nx\n");
}

}  // namespace
}  // namespace ringfence::cli
