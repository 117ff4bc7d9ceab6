#include "services/runtime/http/gzip.h"

#include <zlib.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace ringfence::runtime {
namespace {

// Fast: indicators shrink to a sixth at level 1, to a seventh at 6, which takes three times as
// long.
constexpr int kLevel = 1;
constexpr int kWindowBitsWithGzipHeader = 15 + 16;
constexpr int kMemory = 8;
constexpr size_t kRoom = size_t{16} << 10;

}  // namespace

Gzip::Gzip() : stream_(std::make_unique<z_stream_s>()) {
  // Fails for want of memory only.
  if (deflateInit2(stream_.get(), kLevel, Z_DEFLATED, kWindowBitsWithGzipHeader, kMemory,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    std::abort();
}

Gzip::~Gzip() { deflateEnd(stream_.get()); }

void Gzip::Add(std::string_view piece, bool is_last, std::string& out) {
  stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  stream_->avail_in = static_cast<uInt>(piece.size());
  do {
    const size_t size = out.size();
    out.resize(size + kRoom);
    stream_->next_out = reinterpret_cast<Bytef*>(out.data() + size);
    stream_->avail_out = static_cast<uInt>(kRoom);
    deflate(stream_.get(), is_last ? Z_FINISH : Z_NO_FLUSH);
    out.resize(size + kRoom - stream_->avail_out);
  } while (stream_->avail_out == 0);
}

}  // namespace ringfence::runtime
