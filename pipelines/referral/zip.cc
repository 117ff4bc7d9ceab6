#include <archive.h>
#include <archive_entry.h>

#include <memory>

#include "pipelines/referral/pack.h"

namespace ringfence::referral {
namespace {

la_ssize_t AppendTo(archive*, void* out, const void* bytes, size_t size) {
  static_cast<std::string*>(out)->append(static_cast<const char*>(bytes), size);
  return static_cast<la_ssize_t>(size);
}

using Writer = std::unique_ptr<archive, int (*)(archive*)>;
using Entry = std::unique_ptr<archive_entry, void (*)(archive_entry*)>;

bool Add(archive* writer, const PackFile& file) {
  const Entry entry(archive_entry_new(), archive_entry_free);
  if (!entry) return false;
  archive_entry_set_pathname(entry.get(), file.name.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(file.bytes.size()));
  if (archive_write_header(writer, entry.get()) != ARCHIVE_OK) return false;
  return archive_write_data(writer, file.bytes.data(), file.bytes.size()) ==
         static_cast<la_ssize_t>(file.bytes.size());
}

bool IsInside(std::string_view name) {
  return !name.empty() && name[0] != '/' && name.find("..") == std::string_view::npos;
}

}  // namespace

absl::StatusOr<std::string> Zip(const std::vector<PackFile>& files) {
  std::string out;
  const Writer writer(archive_write_new(), archive_write_free);
  bool made = writer && archive_write_set_format_zip(writer.get()) == ARCHIVE_OK &&
              archive_write_zip_set_compression_store(writer.get()) == ARCHIVE_OK &&
              archive_write_set_bytes_in_last_block(writer.get(), 1) == ARCHIVE_OK &&
              archive_write_open(writer.get(), &out, nullptr, AppendTo, nullptr) == ARCHIVE_OK;
  for (const PackFile& file : files) made = made && Add(writer.get(), file);
  made = made && archive_write_close(writer.get()) == ARCHIVE_OK;
  if (!made) return absl::ResourceExhaustedError("there is no memory for the pack");
  return out;
}

absl::StatusOr<std::vector<PackFile>> Unzip(const std::string& archive_bytes) {
  const absl::Status kNone = absl::InvalidArgumentError("this is no pack");
  const Writer reader(archive_read_new(), archive_read_free);
  if (!reader || archive_read_support_format_zip(reader.get()) != ARCHIVE_OK ||
      archive_read_open_memory(reader.get(), archive_bytes.data(), archive_bytes.size()) !=
          ARCHIVE_OK) {
    return kNone;
  }
  std::vector<PackFile> files;
  archive_entry* entry = nullptr;
  int status = ARCHIVE_OK;
  while ((status = archive_read_next_header(reader.get(), &entry)) == ARCHIVE_OK) {
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr || !IsInside(name)) return kNone;
    PackFile& file = files.emplace_back();
    file.name = name;
    const la_int64_t size = archive_entry_size(entry);
    if (size < 0 || static_cast<size_t>(size) > archive_bytes.size()) return kNone;
    file.bytes.resize(static_cast<size_t>(size));
    if (archive_read_data(reader.get(), file.bytes.data(), file.bytes.size()) != size) return kNone;
  }
  if (status != ARCHIVE_EOF || files.empty()) return kNone;
  return files;
}

}  // namespace ringfence::referral
