#include "alerts/message_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "core/text.h"

namespace pgvigil {

namespace {

using Kind = Notification::Kind;

std::string upper(Level level) {
  return level == Level::critical ? "CRITICAL" : "WARNING";
}

std::string clock_time(WallTime time) {
  return format_time(time).substr(11, 5) + " UTC";
}

std::string lasted(WallTime since, WallTime until) {
  const auto whole = std::chrono::duration_cast<seconds>(until - since);
  return format_duration(std::max(whole, seconds(1)));
}

std::string headline_of_end(const Letter& letter, const AlertNews& news) {
  const WallTime ended = news.ended.value_or(letter.news.at);
  if (letter.late) {
    return fmt::format("RESOLVED on {}: fired {}, resolved {} (delivered late): {}", news.instance,
                       clock_time(news.since), clock_time(ended), news.announcement.summary);
  }
  return fmt::format("RESOLVED on {} after {} ({}): {}", news.instance, lasted(news.since, ended),
                     describe(news.reason), news.announcement.summary);
}

std::string headline_of_one(const Letter& letter) {
  const AlertNews& news = letter.news.alerts.front();
  if (letter.news.kind == Kind::resolve) return headline_of_end(letter, news);
  std::string what = upper(news.level);
  if (news.previous && !letter.news.repeat) what += fmt::format(" (was {})", to_string(*news.previous));
  if (letter.news.repeat) what = fmt::format("STILL {} after {}", what, lasted(news.since, letter.news.at));
  if (news.flapping) what += ", coming and going,";
  return fmt::format("{} on {}: {}", what, news.instance, news.announcement.summary);
}

std::string count_firing(const Notification& notification) {
  const auto count = [&](Level level) {
    return std::count_if(notification.alerts.begin(), notification.alerts.end(),
                         [&](const AlertNews& news) { return news.firing && news.level == level; });
  };
  std::vector<std::string> parts;
  for (const Level level : {Level::critical, Level::warning}) {
    if (const auto number = count(level); number > 0) parts.push_back(fmt::format("{} {}", number, upper(level)));
  }
  if (notification.more_firing > 0) parts.push_back(fmt::format("{} more", notification.more_firing));
  return join(parts, ", ");
}

// The rules that a group is about, the most urgent first.
std::string rules_of(const Notification& notification) {
  constexpr std::size_t enough = 3;
  std::vector<std::string> rules;
  for (const AlertNews& news : notification.alerts) {
    if (std::find(rules.begin(), rules.end(), news.rule) == rules.end()) rules.push_back(news.rule);
  }
  const std::size_t others = rules.size() > enough ? rules.size() - enough : 0;
  rules.resize(rules.size() - others);
  return join(rules, ", ") + (others > 0 ? fmt::format(" and {} others", others) : "");
}

std::string headline_of_group(const Letter& letter) {
  const Notification& news = letter.news;
  if (news.kind == Kind::trigger) {
    return fmt::format("{}{} on {}: {}", news.repeat ? "STILL " : "", count_firing(news), servers_of(news),
                       rules_of(news));
  }
  const std::size_t count = news.alerts.size() + news.more_over;
  const WallTime since = std::min_element(news.alerts.begin(), news.alerts.end(), [](const auto& a, const auto& b) {
                           return a.since < b.since;
                         })->since;
  const std::string when = letter.late ? fmt::format(", fired since {}, all over {} (delivered late)",
                                                     clock_time(since), clock_time(news.at))
                                       : "";
  return fmt::format("RESOLVED: {} alerts on {}{}: {}", count, servers_of(news), when, rules_of(news));
}

}  // namespace

std::string headline(const Letter& letter) {
  const Notification& news = letter.news;
  const bool single = news.alerts.size() == 1 && news.more_firing + news.more_over == 0;
  return single ? headline_of_one(letter) : headline_of_group(letter);
}

std::string describe(const AlertNews& news) {
  const std::string& summary = news.announcement.summary;
  if (!news.firing) return fmt::format("resolved {}: {} ({})", news.rule, summary, describe(news.reason));
  return fmt::format("{} {}{}: {}", upper(news.level), news.rule, news.flapping ? " (coming and going)" : "", summary);
}

std::vector<std::string> list_alerts(const Notification& notification, std::size_t max_bytes) {
  constexpr std::size_t room_for_rest = 60;
  std::vector<std::string> lines;
  std::size_t firing = notification.more_firing;
  std::size_t over = notification.more_over;
  std::size_t used = 0;
  for (const AlertNews& news : notification.alerts) {
    const std::string line = truncate_utf8(one_line(describe(news)), 400);
    if (used + line.size() + room_for_rest <= max_bytes) {
      used += line.size() + 1;
      lines.push_back(line);
    } else {
      ++(news.firing ? firing : over);
    }
  }
  if (firing > 0) lines.push_back(fmt::format("… and {} more that fire", firing));
  if (over > 0) lines.push_back(fmt::format("… and {} more that are over", over));
  return lines;
}

std::string_view describe(Reason reason) {
  if (reason == Reason::subject_gone) return "it no longer exists";
  if (reason == Reason::rule_removed) return "the rule was removed";
  if (reason == Reason::no_data) return "no data any more";
  return "back to normal";
}

std::string servers_of(const Notification& notification) {
  std::set<std::string> names;
  for (const AlertNews& news : notification.alerts) names.insert(news.instance);
  const std::string& first = notification.alerts.front().instance;
  names.erase(first);
  if (names.empty()) return first;
  if (names.size() == 1) return fmt::format("{} and {}", first, *names.begin());
  return fmt::format("{} and {} others", first, names.size());
}

std::string label_of(const Notification& notification) {
  const std::string_view kind = notification.kind == Kind::resolve ? "resolve"
                                : notification.repeat              ? "reminder"
                                                                   : "trigger";
  const std::size_t count = notification.alerts.size() + notification.more_firing + notification.more_over;
  if (count > 1) return fmt::format("{} of {} alerts", kind, count);
  const AlertNews& news = notification.alerts.front();
  return fmt::format("{} of {} ({})", kind, news.rule, one_line(news.announcement.subject, 200));
}

bool is_link(std::string_view runbook) {
  return runbook.starts_with("https://") && runbook.find_first_of(" \t\r\n<>|\"") == std::string_view::npos;
}

}  // namespace pgvigil
