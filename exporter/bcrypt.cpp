#include "exporter/bcrypt.h"

#include <crypt.h>

#include <cstring>
#include <memory>

#include "exporter/equal_secrets.h"

namespace pgvigil {

namespace {

struct Wipe {
  void operator()(crypt_data* data) const {
    explicit_bzero(data, sizeof *data);
    delete data;
  }
};

}  // namespace

bool is_bcrypt_hash(std::string_view text) {
  constexpr std::string_view variants = "abxy";
  constexpr std::string_view alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  if (text.size() != 60 || !text.starts_with("$2") || variants.find(text[2]) == std::string_view::npos) return false;
  if (text[3] != '$' || text[6] != '$') return false;
  const std::string_view cost = text.substr(4, 2);
  return cost >= "04" && cost <= "31" && cost.find_first_not_of("0123456789") == std::string_view::npos &&
         text.substr(7).find_first_not_of(alphabet) == std::string_view::npos;
}

bool bcrypt_matches(const std::string& password, const std::string& hash) {
  if (password.find('\0') != std::string::npos) return false;
  const std::unique_ptr<crypt_data, Wipe> data(new crypt_data{});
  const char* result = crypt_r(password.c_str(), hash.c_str(), data.get());
  return result != nullptr && equal_secrets(result, hash);
}

}  // namespace pgvigil
