#include "tests/support/certificates.h"

#include <fmt/format.h>

#include "tests/support/process.h"

namespace pgvigil {

namespace {

void openssl(const std::filesystem::path& folder, const std::string& arguments) {
  run_or_throw({{"sh", "-c", "openssl " + arguments + " 2>&1"}, {}, {}, folder, {}, SIGKILL}, milliseconds(60000));
}

}  // namespace

Certificates::Certificates() {
  openssl(folder_.path(),
          "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=ca -days 2 -keyout ca.key "
          "-out ca.crt");
}

void Certificates::request(const std::string& name) const {
  openssl(folder_.path(), fmt::format("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN={0} "
                                      "-keyout {0}.key -out {0}.csr",
                                      name));
  folder_.write(name + ".ext", fmt::format("subjectAltName=DNS:{},IP:127.0.0.1\n", name));
}

Certificates::Pair Certificates::issue(const std::string& name, int days) const {
  request(name);
  openssl(folder_.path(), fmt::format("x509 -req -in {0}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days {1} "
                                      "-extfile {0}.ext -out {0}.crt",
                                      name, days));
  return {folder_ / (name + ".crt"), folder_ / (name + ".key")};
}

// OpenSSL 3.0 takes a negative number of days and cannot set the dates, 3.5 the other way round.
Certificates::Pair Certificates::issue_expired(const std::string& name) const {
  request(name);
  const std::string sign = fmt::format(
      "x509 -req -in {0}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -extfile {0}.ext -out {0}.crt ", name);
  openssl(folder_.path(),
          sign + "-days -1 || openssl " + sign + "-not_before 20250101000000Z -not_after 20250102000000Z");
  return {folder_ / (name + ".crt"), folder_ / (name + ".key")};
}

}  // namespace pgvigil
