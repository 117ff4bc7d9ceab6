#include "pipelines/referral/html.h"

#include "pipelines/referral/document.h"

namespace ringfence::referral {
namespace {

constexpr char kStyle[] =
    "body{font:15px/1.5 Georgia,serif;color:#1a1a1a;max-width:52rem;margin:2rem auto;padding:0 "
    "1rem}"
    "h1{font-size:1.7rem;line-height:1.25}h2{font-size:1.15rem;margin-top:2rem}"
    "table{border-collapse:collapse;margin:.5rem 0 1rem;width:100%}"
    "th,td{border:1px solid #999;padding:.25rem .5rem;text-align:left;vertical-align:top;"
    "overflow-wrap:anywhere}th{background:#eee}p{white-space:pre-line}"
    "@media print{.page{break-before:page}body{margin:0;max-width:none}}";

void AppendTable(const std::vector<std::vector<std::string>>& rows, std::string& out) {
  out += "<table>\n";
  const char* tag = "th";
  for (const std::vector<std::string>& row : rows) {
    // A table of names and values has no header.
    if (&row == &rows.front() && row.front().empty() && row.back().empty()) {
      tag = "td";
      continue;
    }
    out += "<tr>";
    for (const std::string& cell : row) {
      out += std::string("<") + tag + ">" + Escaped(cell) + "</" + tag + ">";
    }
    out += "</tr>\n";
    tag = "td";
  }
  out += "</table>\n";
}

}  // namespace

std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        // Control characters are nothing in HTML and XML.
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return out;
}

std::string Html(const Document& document, const std::string& title) {
  std::string out = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  out +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n";
  out += "<title>" + Escaped(title) + "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n";
  for (const Block& block : document.blocks()) {
    switch (block.kind) {
      case Block::Kind::kTitle:
        out += "<h1>" + Escaped(block.text) + "</h1>\n";
        break;
      case Block::Kind::kHeading:
        out += "<h2>" + Escaped(block.text) + "</h2>\n";
        break;
      case Block::Kind::kText:
        out += "<p>" + Escaped(block.text) + "</p>\n";
        break;
      case Block::Kind::kTable:
        AppendTable(block.rows, out);
        break;
      case Block::Kind::kPageBreak:
        out += "<div class=\"page\"></div>\n";
        break;
    }
  }
  return out + "</body>\n</html>\n";
}

}  // namespace ringfence::referral
