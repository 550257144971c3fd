#pragma once

#include <string>
#include <string_view>

// Passwords as htpasswd -B writes them.
namespace pgvigil {

// Whether it has the form of a bcrypt hash: $2y$10$ and 53 characters (also 2a, 2b, 2x).
bool is_bcrypt_hash(std::string_view text);

// Whether the password is the one that was hashed. Takes as long as the hash's cost wants, some 50 ms for 10, and more
// than twice a second's work for 15. A password with a NUL byte matches nothing: the function behind this would read
// only what is before it.
bool bcrypt_matches(const std::string& password, const std::string& hash);

}  // namespace pgvigil
