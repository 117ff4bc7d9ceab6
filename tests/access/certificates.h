#pragma once

#include <memory>
#include <string>
#include <vector>

struct evp_pkey_st;
struct x509_st;

namespace ringfence::access {

// Certificates of an authority that is made for a test.
class Authority {
 public:
  // What a certificate says.
  struct Names {
    std::string common_name = "somebody";
    std::vector<std::string> uris;
    // "DNS:localhost", "IP:127.0.0.1".
    std::vector<std::string> hosts;
    // From now on; negative: it has ended.
    long seconds = 3'600;
  };

  Authority();
  // PEM.
  const std::string& certificate() const { return pem_; }
  // Certificate and key, PEM, one after the other.
  std::string Issue(const Names& names) const;

 private:
  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<x509_st> certificate_;
  std::string pem_;
};

}  // namespace ringfence::access
