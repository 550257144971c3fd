#pragma once

#include <filesystem>
#include <string>

#include "tests/support/temp_dir.h"

namespace pgvigil {

// A certificate authority and what it signs, made by the openssl program: for tests of TLS. Files stay as long as the
// object. Throws with what openssl said.
class Certificates {
 public:
  Certificates();

  struct Pair {
    std::filesystem::path certificate;
    std::filesystem::path key;
  };
  std::filesystem::path authority() const { return folder_ / "ca.crt"; }

  // Signed, valid for 127.0.0.1 and for `name`.
  Pair issue(const std::string& name, int days = 1) const;
  Pair issue_expired(const std::string& name) const;

  const TempDir& folder() const { return folder_; }

 private:
  void request(const std::string& name) const;

  TempDir folder_{TempDir::Access::readable_by_all};
};

}  // namespace pgvigil
