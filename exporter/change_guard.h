#pragma once

#include <optional>

#include "exporter/http_server.h"

namespace pgvigil {

// Why a request that would change something is not carried out; nullopt when it may pass. It must come from somebody
// who proved who he is or, where nobody is asked, from this host; and never from another site's page in his browser,
// which sends his password along (CSRF) or makes a name of its own mean this host (DNS rebinding). A pure function.
std::optional<HttpReply> refuse_change(const HttpQuery& query);

}  // namespace pgvigil
