#include "pipelines/identifiers/latin.h"

#include <gtest/gtest.h>

namespace ringfence::identifiers {
namespace {

TEST(Latin, NamesInOtherScriptsCanBeRead) {
  EXPECT_EQ(InLatin("भारत सरकार"), "bharata sarakara");
  EXPECT_EQ(InLatin("Центральный банк"), "Central'nyj bank");
  EXPECT_EQ(InLatin("北京市"), "bei jing shi");
  EXPECT_EQ(InLatin("Łódź"), "Lodz");
  EXPECT_EQ(InLatin("Microsoft +1 212"), "Microsoft +1 212");
  EXPECT_EQ(InLatin(""), "");
  EXPECT_EQ(InLatin("☎"), "☎");
}

}  // namespace
}  // namespace ringfence::identifiers
