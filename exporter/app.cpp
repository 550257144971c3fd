#include "exporter/app.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "collectors/backup/recovery.h"
#include "collectors/probe.h"
#include "core/error.h"
#include "core/log.h"
#include "exporter/chunk.h"
#include "exporter/pause_api.h"
#include "exporter/status_page.h"
#include "exporter/task_metrics.h"
#include "exporter/text_format.h"
#include "exporter/version.h"

namespace pgvigil {

namespace {

std::filesystem::path make_state_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw Error(Error::Kind::unavailable,
                fmt::format("cannot create state_dir {}: {}", folder.string(), error.message()));
  return folder;
}

// Three of the prober's intervals: one look may fail and one may be late.
milliseconds role_validity(const CollectorOptions& options) {
  const auto changed = options.intervals.find("probe");
  return 3 * (changed == options.intervals.end() ? Probe::default_interval : changed->second);
}

}  // namespace

App::App(std::filesystem::path config_file, const Config& config)
    : config_file_(std::move(config_file)),
      listen_(config.listen),
      state_dir_(make_state_folder(config.state_dir)),
      compat_(config.collectors.compat),
      metrics_(clock_, compat_),
      lock_(lock_file(state_dir_ / "pgvigil.lock")),
      store_(state_dir_ / "pgvigil.db"),
      routes_(make_routes()),
      access_(config.listen.web_config, clock_),
      server_(config.listen, access_, [this](const HttpQuery& query) { return routes_.answer(query); }) {
  recover_backups(store_, clock_);
  metrics_.config_loaded(true);
  start_engine(config);
  log::info("pgvigil {} serves {}/metrics", version, server_.url());
}

// The rules ask every part what it says of itself, so they end before any of them.
App::~App() {
  end_engine();
}

Routes App::make_routes() {
  Routes routes;
  routes.add("/livez", [](const HttpQuery&) { return text_reply(200, "ok\n"); });
  routes.add("/readyz", [this](const HttpQuery&) { return ready(); });
  routes.add("/metrics", [this](const HttpQuery& query) { return metrics(query); });
  const std::pair<const char*, RoleCheck> checks[] = {{"/up", RoleCheck::up},
                                                      {"/primary", RoleCheck::primary},
                                                      {"/replica", RoleCheck::replica},
                                                      {"/read", RoleCheck::read}};
  for (const auto& check : checks)
    routes.add(check.first, [this, kind = check.second](const HttpQuery& query) { return role(kind, query); });
  routes.add("/", [this](const HttpQuery&) { return status(); });
  routes.add("/api/v1/pause", [this](const HttpQuery&) { return pause_state(pause_); });
  routes.add_change("/api/v1/pause", [this](const HttpQuery& query) { return pause_by_request(pause_, query); });
  routes.add_change("/api/v1/resume", [this](const HttpQuery& query) { return resume_by_request(pause_, query); });
  return routes;
}

void App::run(const Signals& signals) {
  while (true) {
    const auto signal = signals.wait(pending_ ? seconds(1) : std::chrono::hours(1));
    if (signal && *signal != SIGHUP) break;
    if (signal == SIGHUP) access_.reload();
    if (signal == SIGHUP) read_config_again();
    if (pending_ && !job_running()) take_over_config();
  }
  log::info("stopping");
}

void App::start_engine(const Config& config) {
  role_valid_for_ = role_validity(config.collectors);
  auto engine = std::make_unique<Engine>(
      config, Engine::Surroundings{store_, snapshots_, clock_, board_,
                                   [this](const SnapshotPtr& snapshot) {
                                     snapshots_.publish(snapshot);
                                     page_.update(snapshot);
                                   },
                                   pause_, [this] { return own_families(); },
                                   [this](const std::set<std::string>& tasks) { return board_.have_run(tasks); },
                                   last_look_, std::move(samples_)});
  const std::set<std::string> tasks = engine->task_names();
  snapshots_.retain(tasks);
  page_.retain(tasks);
  board_.retain(tasks);
  const std::unique_lock lock(mutex_);
  engine_ = std::move(engine);
}

void App::read_config_again() {
  Problems problems;
  auto config = load_config(config_file_, problems);
  metrics_.config_loaded(config.has_value());
  for (const std::string& line : problems.lines()) log::error("{}", line);
  if (!config) {
    log::error("reload: the new configuration has problems, the old one stays in use");
    return;
  }
  if (config->listen != listen_ || config->state_dir != state_dir_) {
    log::warn("reload: listen and state_dir take effect when the agent is started again");
  }
  pending_ = std::move(config);
  engine_->hold_jobs();
  if (job_running()) log::info("reload: the configuration is good and is taken over when the running job has ended");
}

// The engine is taken away first, so that requests and its own threads no longer find it.
void App::end_engine() {
  std::unique_ptr<Engine> old;
  const std::unique_lock lock(mutex_);
  old.swap(engine_);
  if (!old) return;
  last_look_ = old->last_look();
  samples_ = old->samples();
}

void App::take_over_config() {
  // The old engine ends before the new one begins: two would watch the server at the same time.
  end_engine();
  log::configure(pending_->log.level, pending_->log.format);
  start_engine(*pending_);
  pending_.reset();
  log::info("reload: the new configuration is in use");
}

bool App::job_running() const {
  const auto lines = board_.lines();
  return std::any_of(lines.begin(), lines.end(),
                     [](const auto& line) { return line.second.kind == TaskKind::job && line.second.running; });
}

std::vector<Family> App::own_families() const {
  std::vector<Family> families = metrics_.families();
  for (Family& family : task_families(board_.lines(), compat_)) families.push_back(std::move(family));
  {
    const std::shared_lock lock(mutex_);
    if (engine_) {
      for (Family& family : engine_->families()) families.push_back(std::move(family));
    }
  }
  Family age{
      "pgvigil_task_data_age_seconds", "Age of the data that the task reported last.", MetricType::gauge, {"task"}, {}};
  for (const SnapshotPtr& snapshot : snapshots_.all()) {
    const std::chrono::duration<double> seconds_old = clock_.steady_now() - snapshot->taken_at;
    age.samples.push_back({{snapshot->task}, seconds_old.count()});
  }
  families.push_back(std::move(age));
  for (const auto& more : {access_.families(), server_.families()})
    families.insert(families.end(), more.begin(), more.end());
  families.push_back({"pgvigil_paused",
                      "1 while somebody has paused the collectors, otherwise 0.",
                      MetricType::gauge,
                      {},
                      {{{}, pause_.paused() ? 1.0 : 0.0}}});
  families.push_back({"pgvigil_duplicate_series_total",
                      "Series that were left out because an equal one, or a family of their name, stood beside them.",
                      MetricType::counter,
                      {},
                      {{{}, static_cast<double>(page_.duplicates())}}});
  return families;
}

HttpReply App::metrics(const HttpQuery& query) {
  const SteadyTime started = clock_.steady_now();
  const PageKind kind{choose_format(query.accept), choose_encoding(query.accept_encoding)};
  std::vector<ChunkPtr> chunks = page_.current(kind, started);
  ChunkMaker own(kind.encoding, ChunkMaker::Used::once);
  PieceWriter out([&own](std::string_view piece) { own.append(piece); });
  write_families(own_families(), kind.format, out);
  out.append(end_of_page(kind.format));
  out.finish();
  chunks.push_back(own.finish());
  HttpReply reply;
  reply.content_type = content_type(kind.format);
  reply.more = page_of(chunks, kind.encoding);
  if (kind.encoding == Encoding::gzip) reply.headers.emplace_back("Content-Encoding", "gzip");
  reply.headers.emplace_back("Vary", "Accept, Accept-Encoding");
  metrics_.scraped(clock_.steady_now() - started);
  return reply;
}

HttpReply App::role(RoleCheck check, const HttpQuery& query) const {
  return answer_role_query(check, query, seen_server(snapshots_.find("probe"), clock_.steady_now(), role_valid_for_));
}

HttpReply App::ready() const {
  const auto up = current_value(snapshots_.all(), "pg_up", clock_.steady_now());
  if (!up) return text_reply(503, "starting: the server has not been checked yet\n");
  // A server that is down must stay scrapeable: it does not make the agent unready.
  return text_reply(200, fmt::format("ready\npg_up {}\n", *up));
}

HttpReply App::status() const {
  StatusView view{snapshots_.all(), {}, board_.lines(), clock_.steady_now(), clock_.wall_now()};
  {
    const std::shared_lock lock(mutex_);
    if (engine_) view.alerts = engine_->alerts();
  }
  HttpReply reply = text_reply(200, status_page(view));
  reply.content_type = "text/html; charset=utf-8";
  reply.headers.emplace_back("Content-Security-Policy",
                             "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
  reply.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return reply;
}

}  // namespace pgvigil
