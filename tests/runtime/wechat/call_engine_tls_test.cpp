#include "runtime/wechat/answers.hpp"
#include "runtime/wechat/call_engine.hpp"
#include "tests/support/raw_server.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <csignal>
#include <cstdio>
#include <future>

using namespace qrwell;
using namespace qrwell::wechat;

namespace {

/// A key and a certificate that it signed itself, for one name.
struct identity {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();

  explicit identity(const std::string& name) {
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_set_version(certificate, 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3'600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3'600);
    X509_set_pubkey(certificate, key);
    auto* subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    add(NID_basic_constraints, "critical,CA:TRUE");
    add(NID_subject_alt_name, name);
    X509_sign(certificate, key, EVP_sha256());
  }
  ~identity() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  identity(const identity&) = delete;
  identity& operator=(const identity&) = delete;

  void write(const std::string& path) const {
    auto* file = std::fopen(path.c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
  }

private:
  void add(int nid, const std::string& value) {
    auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
};

/// What the server read of requests, in clear.
struct tls_fixture {
  test::temp_dir dir;
  std::atomic<size_t> bytes_read{0};

  tls_fixture() { std::signal(SIGPIPE, SIG_IGN); } // OpenSSL writes without MSG_NOSIGNAL

  void serve(test::raw_server::connection& c, const identity& who) {
    auto* context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context, who.certificate);
    SSL_CTX_use_PrivateKey(context, who.key);
    auto* tls = SSL_new(context);
    SSL_set_fd(tls, c.descriptor());
    if (SSL_accept(tls) == 1) {
      char buffer[4'096];
      std::string text;
      while (text.find("\r\n\r\n{}") == std::string::npos) {
        auto n = SSL_read(tls, buffer, sizeof buffer);
        if (n <= 0) break;
        bytes_read += static_cast<size_t>(n);
        text.append(buffer, static_cast<size_t>(n));
      }
      const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\xff\xd8\xff";
      SSL_write(tls, answer.data(), static_cast<int>(answer.size()));
      SSL_shutdown(tls);
    }
    SSL_free(tls);
    SSL_CTX_free(context);
  }

  fetched_code call(const test::raw_server& server, const std::string& ca_file) {
    call_engine_config cfg;
    cfg.ca_file = ca_file;
    auto engine = *call_engine::make(cfg);
    http_call what;
    what.url =
        secret("https://127.0.0.1:" + std::to_string(server.port()) + "/wxa/getwxacodeunlimit?access_token=TOKEN");
    what.body = secret("{}");
    std::promise<http_outcome> promise;
    engine->start(std::move(what), [&](http_outcome how) { promise.set_value(std::move(how)); });
    return read_code("id", promise.get_future().get());
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(call_engine_tls, tls_fixture, *boost::unit_test::timeout(30))

BOOST_AUTO_TEST_CASE(a_server_whose_certificate_is_trusted_and_names_it_is_called) {
  identity good("IP:127.0.0.1");
  good.write(dir / "ca.pem");
  test::raw_server server([&](auto& c, int) { serve(c, good); });
  auto code = call(server, dir / "ca.pem");
  BOOST_TEST((code.outcome == fetch_outcome::image), code.detail);
}

BOOST_AUTO_TEST_CASE(a_server_that_nobody_vouches_for_gets_no_byte_of_the_request) {
  identity unknown("IP:127.0.0.1");
  test::raw_server server([&](auto& c, int) { serve(c, unknown); });
  auto code = call(server, ""); // the system's certificates
  BOOST_TEST((code.outcome == fetch_outcome::never_written), code.detail);
  BOOST_TEST(bytes_read == 0u);
}

BOOST_AUTO_TEST_CASE(nor_does_one_with_another_ones_certificate) {
  identity other("DNS:api.weixin.qq.com");
  other.write(dir / "ca.pem");
  test::raw_server server([&](auto& c, int) { serve(c, other); });
  auto code = call(server, dir / "ca.pem");
  BOOST_TEST((code.outcome == fetch_outcome::never_written), code.detail);
  BOOST_TEST(bytes_read == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
