#pragma once

#include <memory>
#include <string>
#include <string_view>

struct z_stream_s;

namespace ringfence::runtime {

// Compresses a stream piece by piece (RFC 1952). Owned by one thread.
class Gzip {
 public:
  Gzip();
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  // Appends what there is of the compressed form to `out`. After `is_last` nothing may be added.
  void Add(std::string_view piece, bool is_last, std::string& out);

 private:
  std::unique_ptr<z_stream_s> stream_;
};

}  // namespace ringfence::runtime
