#include "exporter/commands/alerts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <vector>

#include "alerts/alert_history.h"
#include "alerts/alert_json.h"
#include "alerts/alert_store.h"
#include "alerts/delivery_log.h"
#include "alerts/routing/explain.h"
#include "alerts/routing/silence_store.h"
#include "alerts/routing/suppression.h"
#include "core/json.h"
#include "core/local_store.h"
#include "core/text.h"
#include "exporter/commands/config_file.h"
#include "exporter/commands/text_table.h"

namespace pgvigil {

namespace {

// The agent's memory, as another program sees it.
class Memory {
 public:
  explicit Memory(const Config& config) : store_(config.state_dir / "pgvigil.db", LocalStore::Schema::as_it_is) {}
  LocalStore& store() { return store_; }
  Alerts alerts() { return AlertStore(store_).load(); }
  SilenceStore silences() { return SilenceStore(store_); }

 private:
  LocalStore store_;
};

std::string author_or_user(const std::string& author) {
  if (!author.empty()) return author;
  for (const char* variable : {"SUDO_USER", "USER", "LOGNAME"}) {
    if (const char* name = std::getenv(variable); name != nullptr && *name != '\0') return name;
  }
  return "unknown";
}

std::string level_or_ok(std::optional<Level> level) {
  return level ? std::string(to_string(*level)) : "ok";
}

std::string short_id(const std::string& id) {
  return id.substr(0, 12);
}

// Why nobody is told of it for now.
std::string note_of(const Alert& alert, const Suppressions& suppressions) {
  const auto level = alert.state.firing();
  if (!level) return {};
  const auto found = suppressions.of(FiringAlert{&alert, *level, RoutingLabels(alert, *level)});
  if (!found) return {};
  switch (found->kind) {
    case Suppression::Kind::silenced: return found->by;
    case Suppression::Kind::acknowledged: return "acknowledged by " + found->by;
    case Suppression::Kind::inhibited: return "inhibited by " + found->by;
  }
  return {};
}

std::vector<FiringAlert> firing_of(const Alerts& alerts) {
  std::vector<FiringAlert> result;
  for (const auto& [id, alert] : alerts) {
    if (const auto level = alert.state.firing()) result.push_back({&alert, *level, RoutingLabels(alert, *level)});
  }
  return result;
}

std::optional<Matchers> parse_matchers(const std::string& text) {
  std::string why;
  auto matchers = Matchers::parse(text, why);
  if (!matchers) fmt::print(stderr, "pgvigil: '{}' {}\n", text, why);
  return matchers;
}

// The firing alerts whose id begins so, or whose labels are accepted.
std::optional<std::vector<FiringAlert>> find_alerts(const std::vector<FiringAlert>& firing, const std::string& what) {
  std::vector<FiringAlert> result;
  if (what.find_first_not_of("0123456789abcdef") == std::string::npos) {
    for (const FiringAlert& alert : firing) {
      if (alert.alert->id.starts_with(what)) result.push_back(alert);
    }
    return result;
  }
  const auto matchers = parse_matchers(what);
  if (!matchers) return std::nullopt;
  for (const FiringAlert& alert : firing) {
    if (matchers->accept(alert.labels)) result.push_back(alert);
  }
  return result;
}

Json to_json(const AlertView& view, const std::string& note) {
  return Json::Object{{"id", view.id},
                      {"rule", view.rule},
                      {"state", view.state == AlertView::State::firing ? "firing" : "pending"},
                      {"severity", std::string(to_string(view.level))},
                      {"labels", pgvigil::to_json(view.labels)},
                      {"value", pgvigil::to_json(view.value)},
                      {"since", format_time(view.since)},
                      {"summary", view.summary},
                      {"note", note}};
}

Json to_json(const Silence& silence) {
  return Json::Object{
      {"id", silence.id},         {"match", silence.match.text()},           {"author", silence.author},
      {"reason", silence.reason}, {"created", format_time(silence.created)}, {"ends", format_time(silence.ends)}};
}

// What an alert did, or what became of a message.
struct HistoryLine {
  WallTime at;
  std::vector<std::string> cells;
  Json json;
};

HistoryLine line_of(const AlertHistory::Event& event) {
  const LevelChange& change = event.change;
  return {event.at,
          {format_time(event.at), "alert", change.rule + " (" + change.subject + ")",
           level_or_ok(change.before) + " -> " + level_or_ok(change.after),
           fmt::format("{}: {}", to_string(change.reason), change.summary)},
          Json::Object{{"at", format_time(event.at)},
                       {"what", "alert"},
                       {"alert", change.alert},
                       {"rule", change.rule},
                       {"subject", change.subject},
                       {"before", level_or_ok(change.before)},
                       {"after", level_or_ok(change.after)},
                       {"reason", std::string(to_string(change.reason))},
                       {"value", pgvigil::to_json(change.value)},
                       {"summary", change.summary}}};
}

HistoryLine line_of(const DeliveryAttempt& attempt) {
  const std::string took = format_duration(attempt.duration);
  return {attempt.at,
          {format_time(attempt.at), attempt.channel, attempt.about, attempt.outcome,
           fmt::format("{} {} in {}", attempt.reason, attempt.detail, took)},
          Json::Object{{"at", format_time(attempt.at)},
                       {"what", "delivery"},
                       {"channel", attempt.channel},
                       {"key", attempt.key},
                       {"about", attempt.about},
                       {"outcome", attempt.outcome},
                       {"status", std::int64_t{attempt.status}},
                       {"reason", attempt.reason},
                       {"detail", attempt.detail},
                       {"duration", took}}};
}

int print(const TextTable& table, Json::Array array, const std::string& format) {
  fmt::print("{}", format == "json" ? Json(std::move(array)).dump(2) + "\n" : table.text());
  return all_good;
}

}  // namespace

int AlertCommand::list() const {
  const auto config = read_config(config_file);
  if (!config) return unusable_config;
  Memory memory(*config);
  const WallTime now = SystemClock().wall_now();
  const Alerts alerts = memory.alerts();
  SilenceStore silences = memory.silences();
  const Suppressions suppressions(config->alerts.routing, silences.in_force(now), firing_of(alerts), now);
  TextTable table({"ID", "SEVERITY", "STATE", "RULE", "SUBJECT", "SINCE", "SUMMARY"});
  Json::Array array;
  for (const AlertView& view : views_of(alerts)) {
    const Alert& alert = alerts.at(view.id);
    const std::string note = note_of(alert, suppressions);
    const std::string state = view.state == AlertView::State::firing ? "firing" : "pending";
    table.add({short_id(view.id), std::string(to_string(view.level)), state, view.rule,
               describe_subject(view.subject, alert.instance), format_time(view.since),
               view.summary + (note.empty() ? "" : " [" + note + "]")});
    array.push_back(to_json(view, note));
  }
  return print(table, std::move(array), format);
}

int AlertCommand::history(milliseconds since) const {
  const auto config = read_config(config_file);
  if (!config) return unusable_config;
  Memory memory(*config);
  const WallTime from = SystemClock().wall_now() - since;
  std::vector<HistoryLine> lines;
  for (const auto& event : AlertHistory(memory.store()).since(from)) lines.push_back(line_of(event));
  for (const auto& attempt : DeliveryLog::recent(memory.store(), static_cast<std::size_t>(DeliveryLog::kept))) {
    if (attempt.at >= from) lines.push_back(line_of(attempt));
  }
  std::stable_sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  TextTable table({"AT", "WHAT", "ABOUT", "OUTCOME", "DETAIL"});
  Json::Array array;
  for (HistoryLine& line : lines) {
    table.add(std::move(line.cells));
    array.push_back(std::move(line.json));
  }
  return print(table, std::move(array), format);
}

int AlertCommand::explain(const std::string& labels) const {
  const auto config = read_config(config_file);
  if (!config) return unusable_config;
  const auto matchers = parse_matchers(labels);
  const auto wanted = matchers ? matchers->as_labels() : std::nullopt;
  if (!wanted) {
    fmt::print(stderr, "pgvigil: labels are written as rule=\"disk-used\", severity=\"critical\", NAME=\"VALUE\"\n");
    return unusable_config;
  }
  Labels complete = *wanted;
  complete.try_emplace("instance", config->alerts.instance);
  Memory memory(*config);
  const WallTime now = SystemClock().wall_now();
  SilenceStore silences = memory.silences();
  const RoutingExplanation result = explain_routing(complete, config->alerts.routing, config->alerts.policies(),
                                                    memory.alerts(), silences.in_force(now), now);
  fmt::print("{}", format == "json" ? pgvigil::to_json(result).dump(2) + "\n" : in_words(result));
  return all_good;
}

int AlertCommand::silence(const Wish& wish) const {
  const auto config = read_config(config_file);
  if (!config) return unusable_config;
  auto matchers = parse_matchers(wish.what);
  if (!matchers) return unusable_config;
  if (matchers->text().empty()) {
    fmt::print(stderr, "pgvigil: a silence needs at least one matcher\n");
    return unusable_config;
  }
  Memory memory(*config);
  Silence silence;
  silence.match = std::move(*matchers);
  silence.author = author_or_user(wish.author);
  silence.reason = wish.reason;
  silence.created = SystemClock().wall_now();
  silence.ends = silence.created + wish.duration;
  silence.id = memory.silences().add(silence);
  fmt::print("silence {} until {}\n", silence.id, format_time(silence.ends));
  return all_good;
}

int AlertCommand::silences() const {
  const auto config = read_config(config_file);
  if (!config) return unusable_config;
  Memory memory(*config);
  TextTable table({"ID", "ENDS", "AUTHOR", "MATCH", "REASON"});
  Json::Array array;
  for (const Silence& silence : memory.silences().all(SystemClock().wall_now())) {
    table.add(
        {std::to_string(silence.id), format_time(silence.ends), silence.author, silence.match.text(), silence.reason});
    array.push_back(to_json(silence));
  }
  return print(table, std::move(array), format);
}

int AlertCommand::end_silence(std::int64_t id) const {
  const auto config = read_config(config_file);
  if (!config) return unusable_config;
  Memory memory(*config);
  if (memory.silences().end(id, SystemClock().wall_now())) return all_good;
  fmt::print(stderr, "pgvigil: there is no silence {} in force\n", id);
  return problems_found;
}

int AlertCommand::acknowledge(const Wish& wish) const {
  const auto config = read_config(config_file);
  if (!config) return unusable_config;
  Memory memory(*config);
  const Alerts alerts = memory.alerts();
  const auto found = find_alerts(firing_of(alerts), wish.what);
  if (!found) return unusable_config;
  if (found->size() != 1) {
    fmt::print(stderr, "pgvigil: {} alerts that fire are meant by '{}'; name one of them\n", found->size(), wish.what);
    for (const FiringAlert& alert : *found)
      fmt::print(stderr, "{}  {}\n", short_id(alert.alert->id), alert.alert->announcement.summary);
    return problems_found;
  }
  const WallTime now = SystemClock().wall_now();
  const Acknowledgement acknowledgement{found->front().alert->id,    found->front().level,
                                        author_or_user(wish.author), wish.reason,
                                        now + wish.duration,         now};
  memory.silences().acknowledge(acknowledgement);
  fmt::print("acknowledged until {}: {}\n", format_time(acknowledgement.ends),
             found->front().alert->announcement.summary);
  return all_good;
}

}  // namespace pgvigil
