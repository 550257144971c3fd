#include "alerts/notifiers.h"

#include <fmt/format.h>

#include "alerts/notifiers/alertmanager.h"
#include "alerts/notifiers/email.h"
#include "alerts/notifiers/pagerduty.h"
#include "alerts/notifiers/pg_notify.h"
#include "alerts/notifiers/slack.h"
#include "alerts/notifiers/webhook.h"

namespace pgvigil {

const std::vector<NotifierKind>& notifier_kinds() {
  static const std::vector<NotifierKind> kinds{
      {"slack", &decode_slack},     {"pagerduty", &decode_pagerduty}, {"alertmanager", &decode_alertmanager},
      {"webhook", &decode_webhook}, {"email", &decode_email},         {"pg_notify", &decode_pg_notify},
  };
  return kinds;
}

Secret decode_url(Section& section, std::string_view key, Scheme scheme) {
  Secret url = section.secret(key);
  const std::string file_key = fmt::format("{}_file", key);
  const bool inline_given = section.has(key);
  if (!inline_given && !section.has(file_key)) {
    section.fail(fmt::format("{}: or {}: is missing", key, file_key));
    return {};
  }
  const auto place = section.value(inline_given ? key : std::string_view(file_key));
  if (!url.empty() && place) check_url(url, scheme, *place);
  return url;
}

void check_url(const Secret& url, Scheme scheme, const YamlValue& place) {
  const std::string& text = url.reveal();
  const auto has_host = [&](std::string_view start) { return text.starts_with(start) && text.size() > start.size(); };
  if (has_host("https://")) return;
  if (!has_host("http://")) return place.fail("an address that begins with https:// is expected");
  if (scheme == Scheme::https_only)
    place.fail("plain http would show the messages to others; allow_http: true permits it");
}

}  // namespace pgvigil
