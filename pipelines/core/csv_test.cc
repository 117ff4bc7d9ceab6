#include "pipelines/core/csv.h"

#include <gtest/gtest.h>

#include <vector>

namespace ringfence::core {
namespace {

std::string Row(const std::vector<std::string>& cells, CsvPlus plus = CsvPlus::kEscape) {
  std::string out;
  AppendCsvRow(cells, plus, out);
  return out;
}

TEST(Csv, QuotesWhatHoldsSeparators) {
  EXPECT_EQ(Row({"a", "b,c", "say \"x\"", "two\nlines", ""}),
            "a,\"b,c\",\"say \"\"x\"\"\",\"two\nlines\",\r\n");
}

TEST(Csv, NoCellIsAFormula) {
  EXPECT_EQ(Row({"=1+1", "+1", "-1", "@sum", "\tx", "\rx", "a=1"}),
            "'=1+1,'+1,'-1,'@sum,'\tx,\"'\rx\",a=1\r\n");
  EXPECT_EQ(Row({"=HYPERLINK(\"x\",\"y\")"}), "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"\r\n");
}

TEST(Csv, NumbersMayStayAsTheyAreButNothingElse) {
  EXPECT_EQ(Row({"+12125550142", "+", "+1+2", "+1 ", "+A1", "-5"}, CsvPlus::kKeepNumbers),
            "+12125550142,'+,'+1+2,'+1 ,'+A1,'-5\r\n");
}

}  // namespace
}  // namespace ringfence::core
