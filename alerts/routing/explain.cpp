#include "alerts/routing/explain.h"

#include <fmt/format.h>

#include "alerts/routing/destinations.h"
#include "alerts/routing/incident_json.h"
#include "core/text.h"

namespace pgvigil {

namespace {

std::string name_of(Suppression::Kind kind) {
  switch (kind) {
    case Suppression::Kind::silenced: return "silenced";
    case Suppression::Kind::acknowledged: return "acknowledged";
    case Suppression::Kind::inhibited: return "inhibited";
  }
  return {};
}

std::string group_of(const Route& route, const RoutingLabels& labels) {
  if (route.group_by.each_alone) return "alone";
  std::vector<std::string> parts;
  for (const std::string& name : route.group_by.labels) parts.push_back(fmt::format("{}=\"{}\"", name, labels[name]));
  return parts.empty() ? "all alerts of the server" : join(parts, ", ");
}

RoutingExplanation::Line line_of(const Destination& to, const RoutingLabels& labels) {
  RoutingExplanation::Line line{to.channel->name,
                                to.route->name,
                                to.route->fallback,
                                group_of(*to.route, labels),
                                to.route->wait,
                                to.route->repeat,
                                {}};
  if (!to.muted_by.empty()) line.not_told = "muted by " + to.muted_by;
  if (to.below_min_level) line.not_told = fmt::format("below its min_level {}", to_string(to.channel->min_level));
  return line;
}

}  // namespace

RoutingExplanation explain_routing(const Labels& labels, const RoutingOptions& options,
                                   const std::vector<ChannelPolicy>& channels, const Alerts& alerts,
                                   const Wishes& wishes, WallTime now) {
  Labels complete = labels;
  const Level level = parse_level(RoutingLabels(labels)["severity"]).value_or(Level::warning);
  complete["severity"] = std::string(to_string(level));
  const RoutingLabels view(complete);
  std::vector<FiringAlert> firing;
  for (const auto& [id, alert] : alerts) {
    if (const auto at = alert.state.firing()) firing.push_back({&alert, *at, RoutingLabels(alert, *at)});
  }
  const Destinations destinations(options, channels, now);
  RoutingExplanation result;
  for (const Route* route : destinations.routes_of(view)) {
    const std::string match = route->match.text().empty() ? "everything" : route->match.text();
    result.routes.push_back(fmt::format("{} ({})", route->name, match));
  }
  result.suppressed = Suppressions(options, wishes, firing, now).of(view);
  for (const Destination& to : destinations.of(view, level)) result.lines.push_back(line_of(to, view));
  return result;
}

std::string in_words(const RoutingExplanation& explanation) {
  std::string text = fmt::format("taken by {}\n", join(explanation.routes, ", then "));
  if (explanation.suppressed)
    text += fmt::format("nobody is told now: {} by {}\n", name_of(explanation.suppressed->kind),
                        explanation.suppressed->by);
  if (explanation.lines.empty()) text += "no channel is to be told\n";
  for (const auto& line : explanation.lines) {
    const bool told = line.not_told.empty() && !explanation.suppressed;
    text +=
        fmt::format("{} {}: by {}, grouped by {}, first message after {}, reminder {}{}{}\n",
                    told ? "told    " : "not told", line.channel, line.route, line.group, format_duration(line.wait),
                    line.repeat == milliseconds(0) ? "never" : "every " + format_duration(line.repeat),
                    line.fallback.empty() ? "" : ", otherwise " + join(line.fallback, ", "),
                    line.not_told.empty() ? "" : "; " + line.not_told);
  }
  return text;
}

Json to_json(const RoutingExplanation& explanation) {
  Json::Array lines;
  for (const auto& line : explanation.lines) {
    lines.emplace_back(Json::Object{{"channel", line.channel},
                                    {"route", line.route},
                                    {"fallback", texts_json(line.fallback)},
                                    {"group", line.group},
                                    {"wait", format_duration(line.wait)},
                                    {"repeat", format_duration(line.repeat)},
                                    {"told", line.not_told.empty() && !explanation.suppressed},
                                    {"why_not", line.not_told}});
  }
  Json suppressed;
  if (explanation.suppressed)
    suppressed = Json::Object{{"kind", name_of(explanation.suppressed->kind)}, {"by", explanation.suppressed->by}};
  return Json::Object{
      {"routes", texts_json(explanation.routes)}, {"suppressed", suppressed}, {"channels", std::move(lines)}};
}

}  // namespace pgvigil
