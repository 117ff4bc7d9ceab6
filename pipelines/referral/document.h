#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ringfence::referral {

// A document as a list of blocks, which is laid out as HTML and as PDF: both say the same.
struct Block {
  enum class Kind { kTitle, kHeading, kText, kTable, kPageBreak };
  Kind kind = Kind::kText;
  std::string text;
  // Of a table; the first row is its header, which may be of empty cells. Each has as many cells.
  std::vector<std::vector<std::string>> rows;
};

class Document {
 public:
  Document& Title(std::string text) { return Add({Block::Kind::kTitle, std::move(text), {}}); }
  Document& Heading(std::string text) { return Add({Block::Kind::kHeading, std::move(text), {}}); }
  Document& Text(std::string text) { return Add({Block::Kind::kText, std::move(text), {}}); }
  Document& PageBreak() { return Add({Block::Kind::kPageBreak, "", {}}); }
  // Nothing where it has a header only.
  Document& Table(std::vector<std::vector<std::string>> rows) {
    if (rows.size() > 1) Add({Block::Kind::kTable, "", std::move(rows)});
    return *this;
  }
  const std::vector<Block>& blocks() const { return blocks_; }

 private:
  Document& Add(Block block) {
    blocks_.push_back(std::move(block));
    return *this;
  }

  std::vector<Block> blocks_;
};

// One page without scripts, and without anything from elsewhere.
std::string Html(const Document& document, const std::string& title);

// A4, in the fonts that every reader has (Helvetica, Windows-1252). A word with other characters
// stands in Latin letters between ‹ and ›, which the foot of each page explains; what has none,
// such as emoji, stands as its number, "<U+1F600>". `created` is seconds since the epoch. Empty
// where there is no memory for it.
std::string Pdf(const Document& document, const std::string& title, int64_t created);

}  // namespace ringfence::referral
