#include "pipelines/identifiers/url_path.h"

#include <algorithm>
#include <vector>

#include "pipelines/identifiers/text.h"

namespace ringfence::identifiers {
namespace {

// The URL standard's percent-encode sets, beside controls and what is not ASCII.
constexpr std::string_view kEncodedInPath = " \"#<>?^`{}";
constexpr std::string_view kEncodedInQuery = " \"#<>'";

bool IsUnreserved(char c) {
  return IsAlphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

void AppendEscape(std::string& text, char c) {
  constexpr char kHex[] = "0123456789ABCDEF";
  auto byte = static_cast<unsigned char>(c);
  text.append({'%', kHex[byte >> 4], kHex[byte & 0xf]});
}

// Decoding "%36" in "%%361" makes "%61", which is looked at again: so nothing is left to decode.
void SettleEnd(std::string& text) {
  while (text.size() >= 3 && text[text.size() - 3] == '%') {
    int high = HexDigit(text[text.size() - 2]);
    int low = HexDigit(text[text.size() - 1]);
    if (high < 0 || low < 0) return;
    char decoded = static_cast<char>(high * 16 + low);
    text.resize(text.size() - 3);
    if (!IsUnreserved(decoded)) return AppendEscape(text, decoded);
    text.push_back(decoded);
  }
}

std::string Settled(std::string_view text, std::string_view encoded) {
  std::string settled;
  settled.reserve(text.size());
  for (char c : text) {
    bool is_plain = c > ' ' && c < 0x7f && encoded.find(c) == std::string_view::npos;
    if (is_plain) {
      settled.push_back(c);
      SettleEnd(settled);
    } else {
      AppendEscape(settled, c);
    }
  }
  return settled;
}

}  // namespace

std::string CanonicalPath(std::string_view path) {
  std::string slashed(path);
  std::replace(slashed.begin(), slashed.end(), '\\', '/');
  std::string settled = Settled(slashed, kEncodedInPath);
  std::string resolved;
  for (size_t at = 0; at < settled.size();) {
    size_t end = std::min(settled.find('/', at + 1), settled.size());
    std::string_view segment = std::string_view(settled).substr(at, end - at);
    bool is_last = end == settled.size();
    if (segment == "/..") {
      resolved.resize(resolved.empty() ? 0 : resolved.rfind('/'));
    } else if (segment != "/.") {
      resolved.append(segment);
    }
    if (is_last && (segment == "/." || segment == "/..")) resolved.push_back('/');
    at = end;
  }
  return resolved.empty() ? "/" : resolved;
}

std::string CanonicalQuery(std::string_view query) {
  std::string settled = Settled(query, kEncodedInQuery);
  std::vector<std::string_view> parameters;
  std::string_view rest = settled;
  while (!rest.empty()) {
    size_t end = std::min(rest.find('&'), rest.size());
    if (end > 0) parameters.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  std::sort(parameters.begin(), parameters.end());
  std::string sorted;
  for (std::string_view parameter : parameters) {
    if (!sorted.empty()) sorted.push_back('&');
    sorted.append(parameter);
  }
  return sorted;
}

std::string_view ParameterOf(std::string_view query, std::string_view name) {
  while (!name.empty() && !query.empty()) {
    size_t end = std::min(query.find('&'), query.size());
    std::string_view parameter = query.substr(0, end);
    if (parameter.starts_with(name) && parameter.substr(name.size()).starts_with('=')) {
      return parameter.substr(name.size() + 1);
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

}  // namespace ringfence::identifiers
