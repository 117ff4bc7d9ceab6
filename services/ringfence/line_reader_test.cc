#include "services/ringfence/line_reader.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include <vector>

#include "services/runtime/temporary_folder_testing.h"

namespace ringfence::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LineReaderTest : public testing::Test {
 protected:
  std::string WriteCompressed(const std::string& name, const std::string& content) {
    const std::string path = folder_.Path(name);
    const gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
    gzclose(file);
    return path;
  }

  // Until the end or an error, which goes to `status_`.
  std::vector<std::string> ReadAll(const std::string& path) {
    std::vector<std::string> lines;
    auto reader = LineReader::Open(path);
    status_ = reader.status();
    while (status_.ok()) {
      auto line = (*reader)->Next();
      status_ = line.status();
      if (!line.ok() || !*line) break;
      EXPECT_EQ((*line)->number, lines.size() + 1);
      lines.push_back((*line)->text);
      checksum_ = (*reader)->checksum();
      permille_ = (*reader)->Permille();
    }
    return lines;
  }

  runtime::TemporaryFolder folder_;
  absl::Status status_;
  uint32_t checksum_ = 0;
  std::optional<uint32_t> permille_;
};

TEST_F(LineReaderTest, ReadsLines) {
  EXPECT_THAT(ReadAll(folder_.Write("a", "one\n\nthree\n")), ElementsAre("one", "", "three"));
  EXPECT_TRUE(status_.ok());
  EXPECT_EQ(permille_, 1'000u);
}

TEST_F(LineReaderTest, LastLineNeedsNoEnd) {
  EXPECT_THAT(ReadAll(folder_.Write("a", "one\ntwo")), ElementsAre("one", "two"));
}

TEST_F(LineReaderTest, EmptyFileHasNoLines) {
  EXPECT_THAT(ReadAll(folder_.Write("a", "")), IsEmpty());
  EXPECT_TRUE(status_.ok());
}

TEST_F(LineReaderTest, CompressedFileReadsLikeAPlainOne) {
  std::string content;
  for (int i = 0; i < 50'000; ++i) content += "line " + std::to_string(i) + "\n";
  const std::vector<std::string> plain = ReadAll(folder_.Write("plain", content));
  const uint32_t checksum = checksum_;
  EXPECT_EQ(ReadAll(WriteCompressed("a.gz", content)), plain);
  EXPECT_EQ(checksum_, checksum);
  EXPECT_EQ(plain.size(), 50'000u);
}

TEST_F(LineReaderTest, TruncatedCompressedFileIsAnErrorAfterTheLinesBefore) {
  std::string content;
  for (int i = 0; i < 200'000; ++i) content += std::to_string(i * 7'919) + "\n";
  WriteCompressed("a.gz", content);
  const std::string whole = folder_.Read("a.gz");
  const auto lines = ReadAll(folder_.Write("cut.gz", whole.substr(0, whole.size() / 2)));
  EXPECT_EQ(status_.code(), absl::StatusCode::kDataLoss);
  EXPECT_GT(lines.size(), 1'000u);
  EXPECT_LT(lines.size(), 200'000u);
}

TEST_F(LineReaderTest, OverlongLineIsCutAndTheNextIsRead) {
  const std::string path = folder_.Write("a", std::string(3 << 20, 'x') + "\nnext\n");
  auto reader = LineReader::Open(path);
  ASSERT_TRUE(reader.ok());
  auto line = (*reader)->Next();
  ASSERT_TRUE(line.ok() && *line);
  EXPECT_TRUE((*line)->too_long);
  EXPECT_EQ((*line)->text.size(), LineReader::kLineBytesMax);
  line = (*reader)->Next();
  ASSERT_TRUE(line.ok() && *line);
  EXPECT_FALSE((*line)->too_long);
  EXPECT_EQ((*line)->text, "next");
  EXPECT_EQ((*line)->number, 2u);
}

TEST_F(LineReaderTest, ChecksumTellsOtherLinesApart) {
  ReadAll(folder_.Write("a", "one\ntwo\n"));
  const uint32_t checksum = checksum_;
  ReadAll(folder_.Write("b", "one\ntwo"));
  EXPECT_EQ(checksum_, checksum) << "the end of the last line may still be written";
  ReadAll(folder_.Write("c", "onetwo\n"));
  EXPECT_NE(checksum_, checksum);
  ReadAll(folder_.Write("d", "one\ntwO\n"));
  EXPECT_NE(checksum_, checksum);
}

TEST_F(LineReaderTest, SaysWhatCannotBeRead) {
  EXPECT_EQ(LineReader::Open(folder_.Path("none")).status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(LineReader::Open(folder_.Path("")).ok()) << "a folder";
}

}  // namespace
}  // namespace ringfence::cli
