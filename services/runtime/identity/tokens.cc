#include "services/runtime/identity/tokens.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_join.h"
#include "services/runtime/config/message_reader.h"

namespace ringfence::runtime {
namespace {

using internal::v1::Token;
using internal::v1::Tokens;

constexpr std::string_view kPrefix = "rf1_";
constexpr size_t kIdCharacters = 8;
constexpr size_t kSecretCharacters = 43;
constexpr size_t kTokenCharacters = kPrefix.size() + kIdCharacters + 1 + kSecretCharacters;
constexpr size_t kDigestCharacters = 2 * SHA256_DIGEST_LENGTH;

std::string Sha256Hex(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

absl::Status Errno(const std::string& path, const char* what) {
  return absl::UnavailableError(path + ": " + what + ": " + std::strerror(errno));
}

// In single quotes a quote is doubled, and nothing else means anything.
std::string Quoted(std::string text) {
  for (size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 2)
    text.insert(at, "'");
  return "'" + text + "'";
}

}  // namespace

absl::StatusOr<Tokens> ParseTokens(const std::string& path, const std::string& text) {
  Tokens tokens;
  std::map<std::string, int> lines;
  std::vector<std::string> problems;
  ReadMessage(
      path, text, [](const char*) -> const char* { return nullptr; }, tokens, lines, problems);
  std::set<std::string> ids;
  for (int i = 0; i < tokens.tokens_size(); ++i) {
    const Token& token = tokens.tokens(i);
    const std::string at = "tokens[" + std::to_string(i) + "]";
    const auto breach = [&](const std::string& why) {
      problems.push_back(path + ":" + std::to_string(lines[at]) + ": " + at + why);
    };
    if (token.id().size() != kIdCharacters) breach(".id: eight letters and digits are wanted");
    if (!ids.insert(token.id()).second) breach(".id: is there twice");
    if (token.identity().empty()) breach(".identity: is missing");
    if (token.sha256().size() != kDigestCharacters)
      breach(".sha256: 64 hexadecimal digits are wanted");
    if (token.expires_at() == 0) breach(".expires_at: is missing");
  }
  if (tokens.tokens_size() > kTokensMax)
    problems.push_back(path + ": tokens: at most " + std::to_string(kTokensMax));
  if (!problems.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
  return tokens;
}

absl::StatusOr<Tokens> ReadTokens(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadSmallFile(path);
  if (!text.ok()) return text.status();
  return ParseTokens(path, *text);
}

std::string FormatTokens(const Tokens& tokens) {
  std::string text =
      "# Written by `ringfence tokens`. Holds no token, only what one is compared with.\n";
  text += tokens.tokens().empty() ? "tokens: []\n" : "tokens:\n";
  for (const Token& token : tokens.tokens()) {
    text += "  - id: " + Quoted(token.id()) + "\n    identity: " + Quoted(token.identity()) +
            "\n    sha256: " + Quoted(token.sha256()) +
            "\n    made_at: " + std::to_string(token.made_at()) +
            "\n    expires_at: " + std::to_string(token.expires_at()) + "\n";
    if (!token.note().empty()) text += "    note: " + Quoted(token.note()) + "\n";
  }
  return text;
}

std::optional<std::string> IdentityOfToken(const Tokens& tokens, std::string_view token,
                                           core::Time now) {
  if (token.size() != kTokenCharacters || !token.starts_with(kPrefix)) return std::nullopt;
  const std::string_view id = token.substr(kPrefix.size(), kIdCharacters);
  const std::string digest = Sha256Hex(token);
  for (const Token& kept : tokens.tokens()) {
    if (kept.id() != id) continue;
    const bool is_it = kept.sha256().size() == digest.size() &&
                       CRYPTO_memcmp(kept.sha256().data(), digest.data(), digest.size()) == 0;
    const bool is_alive = now < static_cast<core::Time>(kept.expires_at()) * core::kSecond;
    return is_it && is_alive ? std::optional(kept.identity()) : std::nullopt;
  }
  return std::nullopt;
}

absl::StatusOr<MadeToken> MakeToken(const std::string& identity, core::Time now,
                                    core::Time expires_at, const std::string& note) {
  std::array<unsigned char, 4 + 32> chance{};
  if (RAND_bytes(chance.data(), chance.size()) != 1)
    return absl::InternalError("the machine gives no random bytes");
  const absl::string_view bytes(reinterpret_cast<const char*>(chance.data()), chance.size());
  MadeToken made;
  made.kept.set_id(absl::BytesToHexString(bytes.substr(0, 4)));
  made.token =
      std::string(kPrefix) + made.kept.id() + "_" + absl::WebSafeBase64Escape(bytes.substr(4));
  made.kept.set_identity(identity);
  made.kept.set_sha256(Sha256Hex(made.token));
  made.kept.set_made_at(static_cast<uint64_t>(now / core::kSecond));
  made.kept.set_expires_at(static_cast<uint64_t>(expires_at / core::kSecond));
  made.kept.set_note(note);
  return made;
}

namespace tokens_internal {

Lock::Lock(const std::string& path) {
  const std::string name = path + ".lock";
  descriptor_ = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor_ < 0 || flock(descriptor_, LOCK_EX) != 0) status_ = Errno(name, "cannot lock");
}

Lock::~Lock() {
  if (descriptor_ >= 0) close(descriptor_);
}

absl::StatusOr<Tokens> ReadIfThere(const std::string& path) {
  if (!std::filesystem::exists(path)) return Tokens();
  return ReadTokens(path);
}

absl::Status Replace(const std::string& path, const std::string& text) {
  const std::string next = path + ".next";
  const int file = open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return Errno(next, "cannot be written");
  const ssize_t written = write(file, text.data(), text.size());
  const bool is_safe = written == static_cast<ssize_t>(text.size()) && fsync(file) == 0;
  const absl::Status status = is_safe ? absl::OkStatus() : Errno(next, "cannot be written");
  close(file);
  if (!status.ok()) return status;
  if (rename(next.c_str(), path.c_str()) != 0) return Errno(path, "cannot be replaced");
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int directory = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY);
  if (directory >= 0) {
    fsync(directory);
    close(directory);
  }
  return absl::OkStatus();
}

}  // namespace tokens_internal
}  // namespace ringfence::runtime
