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

Certificates::Pair Certificates::issue(const std::string& name, int days) const {
  openssl(folder_.path(), fmt::format("req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN={0} "
                                      "-keyout {0}.key -out {0}.csr",
                                      name));
  folder_.write(name + ".ext", fmt::format("subjectAltName=DNS:{},IP:127.0.0.1\n", name));
  openssl(folder_.path(), fmt::format("x509 -req -in {0}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days {1} "
                                      "-extfile {0}.ext -out {0}.crt",
                                      name, days));
  return {folder_ / (name + ".crt"), folder_ / (name + ".key")};
}

}  // namespace pgvigil
