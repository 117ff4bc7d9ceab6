#include "tests/access/https.h"

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>

namespace ringfence::access {
namespace {

std::shared_ptr<X509> ReadCertificate(BIO* from) {
  return {PEM_read_bio_X509(from, nullptr, nullptr, nullptr), X509_free};
}

std::shared_ptr<SSL_CTX> Context(const std::string& authority, const std::string& certificate) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  const std::shared_ptr<BIO> issuer(BIO_new_mem_buf(authority.data(), -1), BIO_free);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), ReadCertificate(issuer.get()).get());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (certificate.empty()) return context;
  const std::shared_ptr<BIO> own(BIO_new_mem_buf(certificate.data(), -1), BIO_free);
  SSL_CTX_use_certificate(context.get(), ReadCertificate(own.get()).get());
  const std::shared_ptr<BIO> again(BIO_new_mem_buf(certificate.data(), -1), BIO_free);
  const std::shared_ptr<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(again.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  SSL_CTX_use_PrivateKey(context.get(), key.get());
  return context;
}

}  // namespace

HttpsAnswer Https(int port, const std::string& authority, const std::string& certificate,
                  const std::string& method, const std::string& path, const std::string& headers,
                  const std::string& body) {
  const std::shared_ptr<SSL_CTX> context = Context(authority, certificate);
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  HttpsAnswer answer;
  std::string text;
  if (connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
    const std::shared_ptr<SSL> ssl(SSL_new(context.get()), SSL_free);
    SSL_set_fd(ssl.get(), connection);
    const std::string request =
        method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers +
        (method == "POST" ? "Content-Length: " + std::to_string(body.size()) + "\r\n" : "") +
        "\r\n" + body;
    if (SSL_connect(ssl.get()) == 1 &&
        SSL_write(ssl.get(), request.data(), static_cast<int>(request.size())) > 0) {
      char buffer[4'096];
      for (int read = 0; (read = SSL_read(ssl.get(), buffer, sizeof(buffer))) > 0;)
        text.append(buffer, static_cast<size_t>(read));
      SSL_shutdown(ssl.get());
    }
  }
  close(connection);
  if (text.size() < 12) return answer;
  answer.status = std::atoi(text.c_str() + 9);
  const size_t end = text.find("\r\n\r\n");
  if (end != std::string::npos) answer.body = text.substr(end + 4);
  return answer;
}

}  // namespace ringfence::access
