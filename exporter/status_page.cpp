#include "exporter/status_page.h"

#include <fmt/format.h>

#include <cmath>

#include "core/text.h"
#include "exporter/version.h"

namespace pgvigil {

namespace {

constexpr std::string_view style = R"(
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; color-scheme: light dark }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .25em .75em .25em 0; border-bottom: 1px solid #8884; vertical-align: top }
.good { color: #1a7f37 } .bad { color: #cf222e; font-weight: 600 } .soft { opacity: .65 }
)";

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      default: result += c;
    }
  }
  return result;
}

std::string ago(WallTime time, WallTime now) {
  const auto whole = std::chrono::floor<seconds>(now - time);
  return whole < seconds(1) ? "just now" : format_duration(whole) + " ago";
}

// The family of that name among current data.
const Family* find_family(const std::vector<SnapshotPtr>& snapshots, std::string_view metric, SteadyTime now) {
  for (const SnapshotPtr& snapshot : snapshots) {
    if (!snapshot->current(now)) continue;
    for (const Family& family : snapshot->families) {
      if (family.name == metric) return &family;
    }
  }
  return nullptr;
}

std::string server_section(const StatusView& view) {
  const auto up = current_value(view.snapshots, "pg_up", view.now);
  const Family* info = find_family(view.snapshots, "pg_static", view.now);
  std::string text = !up        ? "<span class=\"soft\">not checked yet</span>"
                     : *up == 1 ? "<span class=\"good\">up</span>"
                                : "<span class=\"bad\">down</span>";
  if (info != nullptr && !info->samples.empty())
    text += " · PostgreSQL " + escaped(info->samples.front().label_values.front());
  if (current_value(view.snapshots, "pg_replication_is_replica", view.now).value_or(0) == 1) text += " · standby";
  return fmt::format("<p>Server: {}</p>\n", text);
}

std::string alert_row(const AlertView& alert, WallTime now) {
  std::string subject;
  for (const auto& [name, value] : alert.subject) {
    subject += fmt::format("{}{}={}", subject.empty() ? "" : ", ", name, value);
  }
  const bool firing = alert.state == AlertView::State::firing;
  return fmt::format("<tr><td class=\"{}\">{} {}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                     firing ? "bad" : "soft", firing ? "firing" : "pending", to_string(alert.level),
                     escaped(alert.rule), escaped(subject), escaped(alert.summary), ago(alert.since, now));
}

std::string alert_section(const StatusView& view) {
  std::string html = "<h2>Alerts</h2>\n";
  if (view.alerts.empty()) return html + "<p class=\"good\">none</p>\n";
  html += "<table><tr><th>State</th><th>Rule</th><th>Subject</th><th>Summary</th><th>Since</th></tr>\n";
  for (const AlertView& alert : view.alerts) html += alert_row(alert, view.wall_now);
  return html + "</table>\n";
}

std::string backup_row(const std::string& job, const StatusView& view) {
  const auto value = [&](std::string_view metric) -> std::optional<double> {
    const Family* family = find_family(view.snapshots, metric, view.now);
    if (family == nullptr) return std::nullopt;
    for (const SeriesView sample : family->samples) {
      if (sample.label_values.front() == job) return sample.value;
    }
    return std::nullopt;
  };
  const auto when = [&](std::string_view metric) -> std::string {
    const double at = value(metric).value_or(0);
    if (at == 0) return "<span class=\"bad\">never</span>";
    return ago(WallTime(std::chrono::floor<std::chrono::microseconds>(std::chrono::duration<double>(at))),
               view.wall_now);
  };
  const bool good = value("pgvigil_backup_last_run_success").value_or(1) == 1;
  return fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td class=\"{}\">{}</td><td>{}</td></tr>\n", escaped(job),
                     when("pgvigil_backup_last_success_timestamp_seconds"),
                     when("pgvigil_restore_test_last_success_timestamp_seconds"), good ? "good" : "bad",
                     good ? "good" : "failed",
                     format_size(static_cast<std::int64_t>(value("pgvigil_backup_stored_bytes").value_or(0))));
}

std::string backup_section(const StatusView& view) {
  const Family* jobs = find_family(view.snapshots, "pgvigil_backup_last_success_timestamp_seconds", view.now);
  std::string html = "<h2>Backups</h2>\n";
  if (jobs == nullptr || jobs->samples.empty()) return html + "<p class=\"soft\">no job is configured</p>\n";
  html +=
      "<table><tr><th>Job</th><th>Last good backup</th><th>Last proof by restore</th><th>Last "
      "run</th><th>Stored</th></tr>\n";
  for (const SeriesView sample : jobs->samples) html += backup_row(sample.label_values.front(), view);
  return html + "</table>\n";
}

std::string task_row(const std::string& name, const TaskBoard::Line& line, WallTime now) {
  std::string outcome = line.running ? "running" : "waiting";
  std::string details;
  std::string when;
  if (line.last) {
    outcome = line.running ? "running" : std::string(to_string(line.last->outcome));
    details = line.last->outcome == Outcome::success ? fmt::format("{} series", line.last->series) : line.last->reason;
    when = fmt::format("{}, took {}", ago(line.last->ended_at, now),
                       format_duration(std::chrono::ceil<milliseconds>(line.last->duration)));
  }
  const bool failed = line.last && line.last->outcome == Outcome::failed;
  return fmt::format("<tr><td>{}</td><td>{}</td><td class=\"{}\">{}</td><td>{}</td><td>{}</td></tr>\n", escaped(name),
                     escaped(line.schedule), failed ? "bad" : "soft", outcome, escaped(details), when);
}

}  // namespace

std::optional<double> current_value(const std::vector<SnapshotPtr>& snapshots, std::string_view metric,
                                    SteadyTime now) {
  const Family* family = find_family(snapshots, metric, now);
  if (family == nullptr || family->samples.empty() || std::isnan(family->samples.front().value)) return std::nullopt;
  return family->samples.front().value;
}

std::string status_page(const StatusView& view) {
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>pgvigil</title>"
      "<meta name=\"viewport\" content=\"width=device-width\"><style>{}</style></head><body>\n<h1>pgvigil {}</h1>\n",
      style, version);
  html += server_section(view);
  html += alert_section(view);
  html += backup_section(view);
  html += "<h2>Tasks</h2>\n<table><tr><th>Task</th><th>Schedule</th><th>Last run</th><th></th><th>When</th></tr>\n";
  for (const auto& [name, line] : view.tasks) html += task_row(name, line, view.wall_now);
  html += fmt::format(
      "</table>\n<p class=\"soft\">{} · <a href=\"/metrics\">metrics</a> · <a href=\"/livez\">livez</a> · "
      "<a href=\"/readyz\">readyz</a></p>\n</body></html>\n",
      format_time(view.wall_now));
  return html;
}

}  // namespace pgvigil
