#pragma once

#include <string>
#include <string_view>

namespace pgvigil {

// SQL without the content of its string literals: '…' and $…$ stay in their places. pg_stat_statements replaces the
// constants of queries itself, but not those of other statements, and ALTER ROLE … PASSWORD 'secret' is one. A literal
// that is not closed, because the text was cut, is hidden to the end.
std::string hide_literals(std::string_view sql);

// Valid UTF-8 without control characters: what is neither becomes U+FFFD or a space.
std::string printable_utf8(std::string_view text);

// A statement's text as the server keeps it, made fit to be shown: both of the above, at most `max_bytes`.
std::string statement_text(std::string_view raw, std::size_t max_bytes);

}  // namespace pgvigil
