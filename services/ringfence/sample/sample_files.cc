#include "services/ringfence/sample/sample_files.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <memory>
#include <system_error>
#include <utility>

#include "services/ringfence/sample/report_json.h"

namespace ringfence::sample {
namespace {

absl::Status Failed(const std::string& path, int error) {
  const std::string message = fmt::format("{}: {}", path, std::strerror(error));
  return error == ENOSPC ? absl::ResourceExhaustedError(message) : absl::UnavailableError(message);
}

// A file that is written line by line.
class LineFile {
 public:
  static absl::StatusOr<LineFile> Create(const std::string& path) {
    std::FILE* file = std::fopen(path.c_str(), "w");
    if (file == nullptr) return Failed(path, errno);
    return LineFile(path, file);
  }

  absl::Status Write(std::string& line) {
    line += '\n';
    if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size()) {
      return Failed(path_, errno);
    }
    return absl::OkStatus();
  }
  absl::Status Close() {
    if (std::fclose(file_.release()) != 0) return Failed(path_, errno);
    return absl::OkStatus();
  }
  const std::string& path() const { return path_; }

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  LineFile(std::string path, std::FILE* file) : path_(std::move(path)), file_(file) {}

  std::string path_;
  std::unique_ptr<std::FILE, Closer> file_;
};

std::string TruthOfIdentifier(const MadeUp& made_up, uint32_t centre) {
  std::string line = fmt::format(R"({{"identifier":{{"type":"{}","value":)",
                                 v1::IdentifierType_Name(made_up.type));
  AppendJsonString(made_up.canonical, line);
  return line + (made_up.shared ? std::string(R"(,"centre":"shared"}})")
                                : fmt::format(R"(,"centre":"c{}"}}}})", centre));
}

std::string TruthOfRecord(const Record& record, const std::string& partner) {
  return fmt::format(
      R"({{"record":{{"partner":"{}","reportId":"{}","revision":{},"kind":"{}","incident":"i{}",)"
      R"("centre":"c{}","fault":"{}","rejected":{}}}}})",
      partner, record.report_id, record.revision, RecordKindWord(record.kind), record.incident,
      record.centre, record.fault, record.rejected);
}

absl::Status WriteRecord(const Record& record, const std::string& partner, LineFile& lines,
                         LineFile& truth) {
  for (const MadeUp& made_up : record.made_up) {
    std::string line = TruthOfIdentifier(made_up, record.centre);
    if (absl::Status status = truth.Write(line); !status.ok()) return status;
  }
  std::string line = TruthOfRecord(record, partner);
  if (absl::Status status = truth.Write(line); !status.ok()) return status;
  line = record.json;
  return lines.Write(line);
}

}  // namespace

absl::StatusOr<SampleFiles> WriteSample(const Generator::Options& options,
                                        const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return Failed(folder, error.value());
  absl::StatusOr<LineFile> truth = LineFile::Create(folder + "/truth.jsonl");
  if (!truth.ok()) return truth.status();
  SampleFiles written;
  written.truth_path = truth->path();
  std::vector<LineFile> files;
  for (size_t partner = 0; partner < options.partners; ++partner) {
    const std::string name = PartnerName(partner);
    absl::StatusOr<LineFile> file = LineFile::Create(fmt::format("{}/{}.jsonl", folder, name));
    if (!file.ok()) return file.status();
    written.partners.push_back({name, file->path(), 0});
    files.push_back(*std::move(file));
  }
  Generator generator(options);
  while (const Record* record = generator.Next()) {
    SampleFiles::Partner& partner = written.partners[record->partner];
    if (absl::Status status = WriteRecord(*record, partner.name, files[record->partner], *truth);
        !status.ok()) {
      return status;
    }
    ++partner.records;
    written.rejected += record->rejected ? 1 : 0;
  }
  files.push_back(*std::move(truth));
  for (LineFile& file : files) {
    if (absl::Status status = file.Close(); !status.ok()) return status;
  }
  written.named = generator.named();
  written.made_up = generator.made_up();
  return written;
}

}  // namespace ringfence::sample
