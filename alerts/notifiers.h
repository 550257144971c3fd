#pragma once

#include <string_view>
#include <vector>

#include "alerts/notifier.h"
#include "core/http_client.h"
#include "core/yaml_section.h"

namespace pgvigil {

// One kind of channel. `decode` reads the keys of its own from the channel's section, reports what is wrong, and
// returns null when nothing can be made of them.
struct NotifierKind {
  std::string_view name;  // as `kind:` names it
  NotifierPtr (*decode)(Section& section, Scheme scheme);
};

// All kinds there are: a new one is a pair of files in notifiers/ and a line here.
const std::vector<NotifierKind>& notifier_kinds();

// For decoders: reports an address whose scheme is not allowed. Never shows the address, which may be a password.
void check_url(const Secret& url, Scheme scheme, const YamlValue& place);

}  // namespace pgvigil
