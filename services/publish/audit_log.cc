#include "services/publish/audit_log.h"

#include <fcntl.h>
#include <openssl/sha.h>
#include <simdjson.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/time/time.h"
#include "services/runtime/logging.h"

namespace ringfence::publish {
namespace {

constexpr size_t kFieldBytesMax = 4'096;
constexpr size_t kHashDigits = 2 * SHA256_DIGEST_LENGTH;
constexpr std::string_view kBeforeHash = ",\"hash\":\"";
constexpr std::string_view kAfterHash = "\"}";

std::string FirstPrevious() { return std::string(kHashDigits, '0'); }

std::string Sha256Hex(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

std::string JsonText(std::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      json += "\\u00";
      json += kDigits[byte >> 4];
      json += kDigits[byte & 15];
    } else {
      json += c;
    }
  }
  return json + "\"";
}

std::string TimeText(core::Time at) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E6SZ", absl::FromUnixNanos(at), absl::UTCTimeZone());
}

absl::Status Errno(const std::string& path, const char* what) {
  return absl::UnavailableError(path + ": " + what + ": " + std::strerror(errno));
}

std::string WithoutHash(uint64_t number, const AuditEntry& entry, const std::string& previous) {
  return "{\"n\":" + std::to_string(number) + ",\"at\":" + JsonText(TimeText(entry.at)) +
         ",\"who\":" + JsonText(entry.who) + ",\"what\":" + JsonText(entry.what) +
         ",\"subject\":" + JsonText(entry.subject) + ",\"why\":" + JsonText(entry.why) +
         ",\"reference\":" + JsonText(entry.reference) + ",\"previous\":" + JsonText(previous);
}

// Nothing where it is no line of ours.
std::optional<AuditLine> ParseLine(std::string_view line, std::string& previous) {
  simdjson::dom::parser parser;
  simdjson::dom::element whole;
  if (parser.parse(line.data(), line.size(), true).get(whole) != simdjson::SUCCESS)
    return std::nullopt;
  AuditLine parsed;
  std::string at;
  const auto text = [&](const char* name, std::string& to) {
    std::string_view value;
    if (whole[name].get(value) != simdjson::SUCCESS) return false;
    to = value;
    return true;
  };
  if (whole["n"].get(parsed.number) != simdjson::SUCCESS || !text("at", at) ||
      !text("who", parsed.entry.who) || !text("what", parsed.entry.what) ||
      !text("subject", parsed.entry.subject) || !text("why", parsed.entry.why) ||
      !text("reference", parsed.entry.reference) || !text("previous", previous) ||
      !text("hash", parsed.hash))
    return std::nullopt;
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, at, &time, &error)) return std::nullopt;
  parsed.entry.at = absl::ToUnixNanos(time);
  return parsed;
}

// Why the line does not follow; empty where it does.
std::string WhyBroken(std::string_view line, const AuditReading& before, AuditLine& parsed) {
  const size_t tail = kBeforeHash.size() + kHashDigits + kAfterHash.size();
  if (line.size() < tail || line.substr(line.size() - tail, kBeforeHash.size()) != kBeforeHash)
    return "is no line of an audit log";
  std::string previous;
  std::optional<AuditLine> read = ParseLine(line, previous);
  if (!read) return "is no line of an audit log";
  parsed = *std::move(read);
  if (parsed.hash != Sha256Hex(line.substr(0, line.size() - tail)))
    return "was changed: its hash is not that of what it says";
  if (parsed.number != before.entries + 1 || previous != before.head)
    return "does not follow the line before: one was removed, put in or moved";
  return "";
}

bool WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

absl::StatusOr<AuditReading> ReadAudit(const std::string& path,
                                       const std::function<void(const AuditLine&)>& visit) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Errno(path, "cannot be read");
  AuditReading reading;
  reading.head = FirstPrevious();
  std::string line;
  for (uint64_t number = 1; std::getline(file, line); ++number) {
    // Without the line break that ends every whole one.
    if (file.eof()) {
      reading.torn = line;
      break;
    }
    AuditLine parsed;
    if (const std::string why = WhyBroken(line, reading, parsed); !why.empty()) {
      reading.problems.push_back("line " + std::to_string(number) + " " + why);
      return reading;
    }
    ++reading.entries;
    reading.bytes += line.size() + 1;
    reading.head = parsed.hash;
    if (visit) visit(parsed);
  }
  return reading;
}

absl::StatusOr<std::unique_ptr<AuditLog>> AuditLog::Open(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return Errno(path, "cannot be opened");
  std::unique_ptr<AuditLog> log(new AuditLog(path, file));
  if (flock(file, LOCK_EX | LOCK_NB) != 0) return Errno(path, "another process has it");
  absl::StatusOr<AuditReading> reading = ReadAudit(path, nullptr);
  if (!reading.ok()) return reading.status();
  if (!reading->problems.empty()) {
    return absl::DataLossError(path + ": " + reading->problems.front() +
                               ". Put the file aside, whole, to begin a new one");
  }
  {
    absl::MutexLock lock(&log->mutex_);
    log->entries_ = reading->entries;
    log->bytes_ = reading->bytes;
    log->head_ = reading->head;
  }
  if (reading->torn.empty()) return log;
  if (absl::Status status = log->PutTornAside(reading->torn); !status.ok()) return status;
  return log;
}

AuditLog::~AuditLog() { close(file_); }

absl::Status AuditLog::PutTornAside(const std::string& torn) {
  absl::MutexLock lock(&mutex_);
  std::string aside;
  for (int i = 1; aside.empty() || std::filesystem::exists(aside); ++i)
    aside = path_ + ".torn-" + std::to_string(i);
  const int kept = open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (kept < 0) return Errno(aside, "cannot be made");
  const bool is_kept = WriteAll(kept, torn) && fsync(kept) == 0;
  close(kept);
  if (!is_kept) return Errno(aside, "cannot be written");
  if (ftruncate(file_, static_cast<off_t>(bytes_)) != 0) return Errno(path_, "cannot be cut");
  runtime::LogLine(runtime::LogLevel::kError, "the last line of the audit log was torn",
                   {{"file", path_}, {"kept", aside}});
  AuditEntry entry;
  entry.at = absl::ToUnixNanos(absl::FromTimeT(time(nullptr)));
  entry.who = "ringfence";
  entry.what = "audit.torn";
  entry.subject = Sha256Hex(torn);
  entry.why = std::to_string(torn.size()) + " bytes were cut short by a crash, before an answer";
  entry.reference = std::filesystem::path(aside).filename().string();
  return Append(entry);
}

absl::Status AuditLog::Record(const AuditEntry& entry) {
  for (const std::string* field :
       {&entry.who, &entry.what, &entry.subject, &entry.why, &entry.reference}) {
    if (field->size() > kFieldBytesMax)
      return absl::InvalidArgumentError("audit: a field has more than 4096 bytes");
  }
  absl::MutexLock lock(&mutex_);
  return Append(entry);
}

absl::Status AuditLog::Append(const AuditEntry& entry) {
  const std::string text = WithoutHash(entries_ + 1, entry, head_);
  const std::string hash = Sha256Hex(text);
  const std::string line = text + std::string(kBeforeHash) + hash + std::string(kAfterHash) + "\n";
  if (!WriteAll(file_, line) || fdatasync(file_) != 0) {
    const absl::Status status = Errno(path_, "cannot be written");
    // What was written of it must not stand before the next one.
    if (ftruncate(file_, static_cast<off_t>(bytes_)) != 0)
      return absl::DataLossError(path_ + ": cannot be written, nor cut to what it was");
    return status;
  }
  ++entries_;
  bytes_ += line.size();
  head_ = hash;
  runtime::LogLine(runtime::LogLevel::kInfo, "act of an operator",
                   {{"who", entry.who},
                    {"what", entry.what},
                    {"entry", static_cast<int64_t>(entries_)},
                    {"hash", hash}});
  return absl::OkStatus();
}

}  // namespace ringfence::publish
