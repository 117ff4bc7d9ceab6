#include <hpdf.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "pipelines/identifiers/latin.h"
#include "pipelines/referral/document.h"

namespace ringfence::referral {
namespace {

constexpr HPDF_REAL kMargin = 56;
constexpr HPDF_REAL kFooter = 34;
constexpr HPDF_REAL kCellPadding = 3;
// Of the font's size.
constexpr HPDF_REAL kLeading = 1.35F;
constexpr HPDF_REAL kTextSize = 10;
constexpr HPDF_REAL kCellSize = 8.5F;
constexpr HPDF_REAL kColumnMin = 30;

struct FreeDocument {
  void operator()(HPDF_Doc doc) const { HPDF_Free(doc); }
};
using Owned = std::unique_ptr<std::remove_pointer_t<HPDF_Doc>, FreeDocument>;

// Errors stay with the document, which is asked at the end.
void KeepError(HPDF_STATUS, HPDF_STATUS, void*) {}

// The next character of UTF-8; what is none is U+FFFD.
char32_t NextCharacter(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const size_t length = first < 0x80       ? 1
                        : first >> 5 == 6  ? 2
                        : first >> 4 == 14 ? 3
                        : first >> 3 == 30 ? 4
                                           : 0;
  if (length == 0 || length > text.size()) {
    text.remove_prefix(1);
    return 0xfffd;
  }
  char32_t character = length == 1 ? first : first & (0xff >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    character = character << 6 | (static_cast<unsigned char>(text[i]) & 0x3f);
  }
  text.remove_prefix(length);
  return character;
}

// What Windows-1252 has between 0x80 and 0x9f.
constexpr std::pair<char32_t, unsigned char> kUpper[] = {
    {0x20ac, 0x80}, {0x201a, 0x82}, {0x0192, 0x83}, {0x201e, 0x84}, {0x2026, 0x85}, {0x2020, 0x86},
    {0x2021, 0x87}, {0x02c6, 0x88}, {0x2030, 0x89}, {0x0160, 0x8a}, {0x2039, 0x8b}, {0x0152, 0x8c},
    {0x017d, 0x8e}, {0x2018, 0x91}, {0x2019, 0x92}, {0x201c, 0x93}, {0x201d, 0x94}, {0x2022, 0x95},
    {0x2013, 0x96}, {0x2014, 0x97}, {0x02dc, 0x98}, {0x2122, 0x99}, {0x0161, 0x9a}, {0x203a, 0x9b},
    {0x0153, 0x9c}, {0x017e, 0x9e}, {0x0178, 0x9f}};

// Nothing where Windows-1252 has no such character.
std::optional<char> InWindows1252(char32_t c) {
  if (c == '\n' || (c >= 0x20 && c < 0x7f) || (c >= 0xa0 && c <= 0xff)) return static_cast<char>(c);
  for (const auto& [character, byte] : kUpper) {
    if (character == c) return static_cast<char>(byte);
  }
  return std::nullopt;
}

// Characters that Windows-1252 has not stand as their numbers.
std::string Numbered(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const char32_t c = NextCharacter(text);
    if (const std::optional<char> byte = InWindows1252(c)) {
      out.push_back(*byte);
    } else {
      absl::StrAppend(&out, "<U+", absl::Hex(static_cast<uint32_t>(c), absl::kZeroPad4), ">");
    }
  }
  return out;
}

bool HasAll(std::string_view text) {
  while (!text.empty()) {
    if (!InWindows1252(NextCharacter(text))) return false;
  }
  return true;
}

constexpr char kLatinBegin = '\x8b';
constexpr char kLatinEnd = '\x9b';

// In Windows-1252. A word of characters that it has not stands in Latin letters, between ‹ and ›.
std::string Windows1252(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of(" \n"), text.size());
    const std::string_view word = text.substr(0, end);
    if (HasAll(word)) {
      out += Numbered(word);
    } else {
      out += kLatinBegin + Numbered(identifiers::InLatin(word)) + kLatinEnd;
    }
    if (end < text.size()) out.push_back(text[end]);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

class Layout {
 public:
  explicit Layout(HPDF_Doc doc) : doc_(doc) {
    regular_ = HPDF_GetFont(doc_, "Helvetica", "WinAnsiEncoding");
    bold_ = HPDF_GetFont(doc_, "Helvetica-Bold", "WinAnsiEncoding");
    NewPage();
  }

  void Add(const Block& block) {
    switch (block.kind) {
      case Block::Kind::kTitle:
        return Paragraph(block.text, bold_, 20, 10);
      case Block::Kind::kHeading:
        // A heading does not stand alone at the foot of a page.
        if (y_ < kMargin + kFooter + 70) NewPage();
        y_ -= 8;
        return Paragraph(block.text, bold_, 12.5F, 4);
      case Block::Kind::kText:
        return Paragraph(block.text, regular_, kTextSize, 5);
      case Block::Kind::kTable:
        return Table(block.rows);
      case Block::Kind::kPageBreak:
        return NewPage();
    }
  }

  void NumberPages(const std::string& title) {
    for (size_t i = 0; i < pages_.size(); ++i) {
      page_ = pages_[i];
      Write(Windows1252(absl::StrCat(title, "  -  page ", i + 1, " of ", pages_.size())), regular_,
            8, kMargin, kFooter);
      if (!has_latin_) continue;
      Write(Windows1252(
                "\u2039 \u203a: written in other letters; the HTML file has it as it was written"),
            regular_, 8, kMargin, kFooter - 11);
    }
  }

 private:
  HPDF_REAL width() const { return HPDF_Page_GetWidth(page_) - 2 * kMargin; }

  void NewPage() {
    page_ = HPDF_AddPage(doc_);
    if (page_ == nullptr) return;
    HPDF_Page_SetSize(page_, HPDF_PAGE_SIZE_A4, HPDF_PAGE_PORTRAIT);
    pages_.push_back(page_);
    y_ = HPDF_Page_GetHeight(page_) - kMargin;
  }

  void Write(const std::string& text, HPDF_Font font, HPDF_REAL size, HPDF_REAL x, HPDF_REAL y) {
    HPDF_Page_SetFontAndSize(page_, font, size);
    HPDF_Page_BeginText(page_);
    HPDF_Page_TextOut(page_, x, y, text.c_str());
    HPDF_Page_EndText(page_);
  }

  // How many bytes of the text go into a line: up to a space, or, where a word is too long, as many
  // as there is room for.
  static size_t Fits(std::string_view text, HPDF_Font font, HPDF_REAL size, HPDF_REAL room) {
    const std::string bytes(text);
    const auto fit = static_cast<size_t>(HPDF_Font_MeasureText(
        font, reinterpret_cast<const HPDF_BYTE*>(bytes.data()),
        static_cast<HPDF_UINT>(bytes.size()), room, size, 0, 0, HPDF_FALSE, nullptr));
    if (fit >= text.size()) return text.size();
    const size_t space = text.substr(0, fit + 1).rfind(' ');
    if (space != std::string_view::npos && space > 0) return space;
    return std::max<size_t>(1, fit);
  }

  std::vector<std::string> Lines(const std::string& utf8, HPDF_Font font, HPDF_REAL size,
                                 HPDF_REAL room) {
    std::vector<std::string> lines;
    const std::string text = Windows1252(utf8);
    has_latin_ = has_latin_ || !HasAll(utf8);
    std::string_view left = text;
    while (true) {
      const size_t end = std::min(left.find('\n'), left.size());
      std::string_view line = left.substr(0, end);
      do {
        const size_t fit = line.empty() ? 0 : Fits(line, font, size, room);
        lines.emplace_back(line.substr(0, fit));
        line.remove_prefix(fit);
        if (line.starts_with(' ')) line.remove_prefix(1);
      } while (!line.empty());
      if (end == left.size()) return lines;
      left.remove_prefix(end + 1);
    }
  }

  void Paragraph(const std::string& text, HPDF_Font font, HPDF_REAL size, HPDF_REAL after) {
    for (const std::string& line : Lines(text, font, size, width())) {
      if (y_ - size * kLeading < kMargin + kFooter) NewPage();
      y_ -= size * kLeading;
      Write(line, font, size, kMargin, y_);
    }
    y_ -= after;
  }

  HPDF_REAL TextWidth(const std::string& text, HPDF_Font font) const {
    const std::string bytes = Windows1252(text);
    const HPDF_TextWidth measured =
        HPDF_Font_TextWidth(font, reinterpret_cast<const HPDF_BYTE*>(bytes.data()),
                            static_cast<HPDF_UINT>(bytes.size()));
    return static_cast<HPDF_REAL>(measured.width) * kCellSize / 1000 + 2 * kCellPadding + 1;
  }

  // As wide as what they hold; where that is too wide, the wide ones give way.
  std::vector<HPDF_REAL> ColumnWidths(const std::vector<std::vector<std::string>>& rows) const {
    std::vector<HPDF_REAL> widths(rows[0].size(), kColumnMin);
    for (const std::vector<std::string>& row : rows) {
      for (size_t i = 0; i < row.size(); ++i) {
        widths[i] = std::max(widths[i], TextWidth(row[i], &row == &rows[0] ? bold_ : regular_));
      }
    }
    HPDF_REAL cap = width();
    while (true) {
      HPDF_REAL sum = 0;
      for (const HPDF_REAL w : widths) sum += std::min(w, cap);
      if (sum <= width() || cap <= kColumnMin) break;
      cap -= 2;
    }
    for (HPDF_REAL& w : widths) w = std::min(w, cap);
    return widths;
  }

  void Table(const std::vector<std::vector<std::string>>& rows) {
    const std::vector<HPDF_REAL> widths = ColumnWidths(rows);
    // A table of names and values has no header.
    const bool has_header = !rows[0].front().empty() || !rows[0].back().empty();
    if (has_header) TableRow(rows[0], widths, bold_);
    for (size_t i = 1; i < rows.size(); ++i) {
      if (!TableRow(rows[i], widths, regular_)) {
        NewPage();
        if (has_header) TableRow(rows[0], widths, bold_);
        TableRow(rows[i], widths, regular_);
      }
    }
    y_ -= 8;
  }

  // False where there is no room for it on this page; on an empty one it is drawn all the same.
  bool TableRow(const std::vector<std::string>& row, const std::vector<HPDF_REAL>& widths,
                HPDF_Font font) {
    std::vector<std::vector<std::string>> cells;
    size_t lines = 1;
    for (size_t i = 0; i < row.size(); ++i) {
      cells.push_back(Lines(row[i], font, kCellSize, widths[i] - 2 * kCellPadding));
      lines = std::max(lines, cells.back().size());
    }
    const HPDF_REAL height =
        static_cast<HPDF_REAL>(lines) * kCellSize * kLeading + 2 * kCellPadding;
    const HPDF_REAL top_of_page = HPDF_Page_GetHeight(page_) - kMargin;
    if (y_ - height < kMargin + kFooter && y_ < top_of_page - 40) return false;
    HPDF_REAL x = kMargin;
    HPDF_Page_SetLineWidth(page_, 0.5F);
    HPDF_Page_SetGrayStroke(page_, 0.6F);
    for (size_t i = 0; i < row.size(); ++i) {
      HPDF_Page_Rectangle(page_, x, y_ - height, widths[i], height);
      HPDF_Page_Stroke(page_);
      HPDF_REAL line_y = y_ - kCellPadding;
      for (const std::string& line : cells[i]) {
        line_y -= kCellSize * kLeading;
        Write(line, font, kCellSize, x + kCellPadding, line_y + 2);
      }
      x += widths[i];
    }
    y_ -= height;
    return true;
  }

  HPDF_Doc doc_;
  HPDF_Font regular_ = nullptr;
  HPDF_Font bold_ = nullptr;
  HPDF_Page page_ = nullptr;
  std::vector<HPDF_Page> pages_;
  // The baseline of the last line.
  HPDF_REAL y_ = 0;
  // Something stands in other letters than it was written in.
  bool has_latin_ = false;
};

void SetDate(HPDF_Doc doc, int64_t created) {
  const absl::CivilSecond at =
      absl::ToCivilSecond(absl::FromUnixSeconds(created), absl::UTCTimeZone());
  HPDF_Date date = {};
  date.year = static_cast<HPDF_INT>(at.year());
  date.month = at.month();
  date.day = at.day();
  date.hour = at.hour();
  date.minutes = at.minute();
  date.seconds = at.second();
  date.ind = 'Z';
  HPDF_SetInfoDateAttr(doc, HPDF_INFO_CREATION_DATE, date);
  HPDF_SetInfoDateAttr(doc, HPDF_INFO_MOD_DATE, date);
}

}  // namespace

std::string Pdf(const Document& document, const std::string& title, int64_t created) {
  const Owned owned(HPDF_New(KeepError, nullptr));
  HPDF_Doc doc = owned.get();
  if (doc == nullptr) return "";
  // What a compressor makes of the same text may differ from one release to the next.
  HPDF_SetCompressionMode(doc, HPDF_COMP_NONE);
  HPDF_SetInfoAttr(doc, HPDF_INFO_TITLE, Windows1252(title).c_str());
  HPDF_SetInfoAttr(doc, HPDF_INFO_CREATOR, "Ringfence");
  HPDF_SetInfoAttr(doc, HPDF_INFO_PRODUCER, "Ringfence");
  SetDate(doc, created);
  Layout layout(doc);
  for (const Block& block : document.blocks()) layout.Add(block);
  layout.NumberPages(title);
  std::string bytes;
  if (HPDF_SaveToStream(doc) != HPDF_OK || HPDF_GetError(doc) != HPDF_OK) return "";
  HPDF_UINT32 size = HPDF_GetStreamSize(doc);
  bytes.resize(size);
  HPDF_ResetStream(doc);
  if (HPDF_ReadFromStream(doc, reinterpret_cast<HPDF_BYTE*>(bytes.data()), &size) != HPDF_OK) {
    return "";
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace ringfence::referral
