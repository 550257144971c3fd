#include "alerts/notifiers.h"

#include "alerts/notifiers/pagerduty.h"
#include "alerts/notifiers/slack.h"

namespace pgvigil {

const std::vector<NotifierKind>& notifier_kinds() {
  static const std::vector<NotifierKind> kinds{
      {"slack", &SlackNotifier::decode},
      {"pagerduty", &PagerDutyNotifier::decode},
  };
  return kinds;
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
