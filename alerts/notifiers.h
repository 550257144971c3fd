#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "alerts/notifier.h"
#include "core/http_client.h"
#include "core/yaml_section.h"

namespace pgvigil {

// What the decoder of a kind has to know beside its own keys.
struct DecodeContext {
  Scheme scheme = Scheme::https_only;
  milliseconds interval{10'000};  // between two evaluations of the rules
  std::string ca_file;
};

// One kind of channel. `decode` reads the keys of its own from the channel's section, reports what is wrong, and makes
// a notifier for each address that has to be told; none when nothing can be made of the section.
struct NotifierKind {
  std::string_view name;  // as `kind:` names it
  std::vector<NotifierPtr> (*decode)(Section& section, const DecodeContext& context);
};

// All kinds there are: a new one is a pair of files in notifiers/ and a line here.
const std::vector<NotifierKind>& notifier_kinds();

// For decoders: the address `key` or the one in the file `key_file`; reports when there is none and when its scheme is
// not allowed. Never shows the address, which may be a password.
Secret decode_url(Section& section, std::string_view key, Scheme scheme);

// For decoders: reports an address whose scheme is not allowed.
void check_url(const Secret& url, Scheme scheme, const YamlValue& place);

}  // namespace pgvigil
