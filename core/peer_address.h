#pragma once

struct sockaddr;

namespace pgvigil {

// Whether nothing that a configuration names may be reached there: link-local addresses (169.254.0.0/16, fe80::/10) and
// the other addresses at which clouds give credentials to whoever asks. Looked at after the name was resolved, so that
// no name leads there. Loopback and private networks are allowed: receivers of one's own stand there.
bool is_forbidden_peer(const sockaddr& address);

}  // namespace pgvigil
