#include "pipelines/intake/problems.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "pipelines/identifiers/normalise.h"
#include "pipelines/intake/report_json.h"

namespace ringfence::intake {
namespace {

std::string ContentOf(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

// What the codes of reports begin with; those of identifiers begin with their type.
constexpr std::string_view kSubjects[] = {
    "json",     "binary",      "record",  "report",    "report_id",          "occurred_at",
    "tlp",      "payment",     "token",   "enum",      "reported_at",        "observed_at",
    "region",   "payments",    "amount",  "currency",  "identifier",         "identifiers",
    "origin",   "country",     "paid_at", "narrative", "external_reference", "external_references",
    "problems", "source_port", "victim"};

bool BeginsLikeACode(std::string_view text) {
  std::string_view subject = text.substr(0, text.find('.'));
  bool is_type = false;
  for (int type = 1; type < v1::IdentifierType_ARRAYSIZE; ++type) {
    is_type |= identifiers::TypeWord(static_cast<v1::IdentifierType>(type)) == subject;
  }
  return is_type || std::ranges::find(kSubjects, subject) != std::end(kSubjects);
}

bool LooksLikeACode(std::string_view text) {
  return text.find('.') != std::string_view::npos && !text.ends_with('.') &&
         BeginsLikeACode(text) && std::ranges::all_of(text, [](char c) {
           return c == '.' || c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
         });
}

// Every text in the sources of a folder that looks like a problem code, but for paths of fields.
std::set<std::string> CodesIn(const std::filesystem::path& folder) {
  std::set<std::string> codes;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".cc") || name.ends_with("_test.cc") || name == "problems.cc") continue;
    // Tables of host names.
    if (name == "shared_hosts.cc" || name == "profile.cc") continue;
    std::istringstream lines(ContentOf(entry.path()));
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("#include")) continue;
      std::vector<std::string> parts;
      std::istringstream quoted(line);
      for (std::string part; std::getline(quoted, part, '"');) parts.push_back(part);
      for (size_t i = 1; i < parts.size(); i += 2) {
        if (LooksLikeACode(parts[i])) codes.insert(parts[i]);
      }
    }
  }
  for (const char* path : {"victim.country", "victim.handles"}) codes.erase(path);
  return codes;
}

TEST(ProblemCodes, AreSortedAndEachIsThereOnce) {
  std::span<const ProblemCode> codes = AllProblemCodes();
  for (size_t i = 1; i < codes.size(); ++i) EXPECT_LT(codes[i - 1].code, codes[i].code);
  for (const ProblemCode& row : codes) {
    EXPECT_EQ(FindProblemCode(row.code), &row);
    EXPECT_FALSE(row.message.empty()) << row.code;
  }
}

TEST(ProblemCodes, HoldEveryCodeThatIntakeAndIdentifiersUse) {
  std::set<std::string> used = CodesIn("pipelines/intake");
  used.merge(CodesIn("pipelines/identifiers"));
  used.merge(CodesIn("services/intake"));
  EXPECT_GT(used.size(), 40u);
  for (const std::string& code : used) {
    EXPECT_NE(FindProblemCode(code), nullptr) << code << " is not in the table";
  }
}

TEST(ProblemCodes, AreAllUsed) {
  std::set<std::string> used = CodesIn("pipelines/intake");
  used.merge(CodesIn("pipelines/identifiers"));
  used.merge(CodesIn("services/intake"));
  for (const ProblemCode& row : AllProblemCodes()) {
    if (row.code.find('<') != std::string_view::npos) continue;
    // Made by the list itself.
    if (row.code == "problems.truncated") continue;
    EXPECT_TRUE(used.contains(std::string(row.code))) << row.code << " is used nowhere";
  }
}

TEST(ProblemCodes, HoldTheGeneralOnesOfEveryType) {
  for (int type = 1; type < v1::IdentifierType_ARRAYSIZE; ++type) {
    std::string word(identifiers::TypeWord(static_cast<v1::IdentifierType>(type)));
    for (const char* reason : {".empty", ".too_long", ".not_utf8"}) {
      EXPECT_NE(FindProblemCode(word + reason), nullptr) << word << reason;
    }
    EXPECT_EQ(FindProblemCode(word + ".unheard_of"), nullptr);
  }
  EXPECT_EQ(FindProblemCode("shoe.empty"), nullptr);
  EXPECT_NE(FindProblemCode("victim.handles.phone.not_valid"), nullptr);
  EXPECT_NE(FindProblemCode("victim.handles.ip.empty"), nullptr);
  EXPECT_EQ(FindProblemCode("victim.handles.phone.unheard_of"), nullptr);
}

TEST(ProblemCodes, AreDocumentedAsTheyAre) {
  EXPECT_EQ(ContentOf("ops/problem-codes.md"), ProblemCodesMarkdown())
      << "The file ops/problem-codes.md is to be:\n"
      << ProblemCodesMarkdown();
}

TEST(ProblemList, ByFieldCodesAreFatalWhereTheFieldDecides) {
  ProblemList problems;
  problems.Add("json.wrong_type", "scam_type");
  EXPECT_FALSE(problems.rejected());
  problems.Add("json.wrong_type", "tlp", true);
  EXPECT_TRUE(problems.rejected());
  EXPECT_FALSE(problems.problems()[0].fatal());
  EXPECT_TRUE(problems.problems()[1].fatal());
  problems.Drop([](const v1::Problem& problem) { return problem.field() == "tlp"; });
  EXPECT_FALSE(problems.rejected());
  EXPECT_EQ(problems.problems().size(), 1u);
}

TEST(ProblemList, IsBoundedAndKeepsTheReasonOfARejection) {
  ProblemList problems;
  for (int i = 0; i < 500; ++i) problems.Add("phone.not_valid", "identifiers[1].value");
  EXPECT_EQ(problems.problems().size(), ProblemList::kProblemsMax);
  EXPECT_EQ(problems.problems().back().code(), "problems.truncated");
  EXPECT_FALSE(problems.rejected());
  problems.Add("tlp.red", "tlp");
  problems.Add("phone.not_valid", "identifiers[1].value");
  EXPECT_TRUE(problems.rejected());
  EXPECT_EQ(problems.problems().size(), ProblemList::kProblemsMax);
  EXPECT_EQ(problems.problems().back().code(), "tlp.red");
}

TEST(ReportJson, ForgetsNothingThatWouldMeanSomethingElse) {
  ReportJson parser;
  const ReportJson::Result& result = parser.Parse(
      R"({"identifiers": [{"subAccount": 5}, {"sourcePort": "x"}],
          "payments": [{"payee": {"role": "X"}, "status": "X"}]})");
  EXPECT_FALSE(result.problems.rejected());
  EXPECT_THAT(result.left_out, testing::ElementsAre("identifiers[0]", "identifiers[1].source_port",
                                                    "payments[0].payee", "payments[0].status"));
  for (const char* json : {R"({"tlp": "TLP_READ"})", R"({"retracted": 1})", R"({"revision": "x"})",
                           R"({"referral": "NEVER"})", R"({"basis": false})", "[]"}) {
    EXPECT_TRUE(parser.Parse(json).problems.rejected()) << json;
  }
}

TEST(ReportJson, TheFieldsWithAnEffectExist) {
  const auto* report = v1::Report::descriptor();
  EXPECT_EQ(EffectOf(*report->FindFieldByName("tlp")), Unreadable::kReportIsRejected);
  EXPECT_EQ(EffectOf(*report->FindFieldByName("narrative")), Unreadable::kFieldIsLeftOut);
  EXPECT_EQ(EffectOf(*v1::Identifier::descriptor()->FindFieldByName("sub_account")),
            Unreadable::kHolderIsLeftOut);
}

}  // namespace
}  // namespace ringfence::intake
