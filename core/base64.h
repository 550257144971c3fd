#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pgvigil {

// RFC 4648, with padding.
std::string encode_base64(std::string_view bytes);

// The bytes behind base64 with padding; nullopt for anything else.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace pgvigil
