#include "collectors/backup/backup_job.h"

#include <fmt/format.h>

#include <future>

#include "collectors/backup/logical_dump.h"
#include "collectors/backup/object_stream.h"
#include "collectors/backup/pg_tools.h"
#include "collectors/backup/source_snapshot.h"
#include "core/log.h"
#include "core/text.h"

namespace pgvigil {

namespace {

// Counts rows on a thread of its own while the dump flows; gives up with the run.
class BackgroundCount {
 public:
  explicit BackgroundCount(SourceSnapshot& source) : source_(source) {}
  ~BackgroundCount() { stop_.request_stop(); }
  BackgroundCount(const BackgroundCount&) = delete;
  BackgroundCount& operator=(const BackgroundCount&) = delete;

  void start() {
    counts_ = std::async(std::launch::async, [this] { return source_.count_and_close(stop_.get_token()); });
  }
  std::vector<TableRows> get(const std::stop_token& stop) {
    const std::stop_callback forward(stop, [this] { stop_.request_stop(); });
    return counts_.get();
  }

 private:
  SourceSnapshot& source_;
  std::stop_source stop_;
  std::future<std::vector<TableRows>> counts_;  // last: its destructor waits for the thread that uses the others
};

}  // namespace

BackupJob::BackupJob(BackupOptions options, PgOptions target, std::shared_ptr<BackupStore> store, RunJournal journal)
    : options_(std::move(options)),
      target_(std::move(target)),
      store_(std::move(store)),
      journal_(journal),
      index_(options_, target_),
      info_{"backup/" + options_.name, TaskKind::job, options_.schedule, options_.timeout} {}

std::vector<Family> BackupJob::run(RunContext& context) {
  JobRun run;
  run.started = context.clock.wall_now();
  run.id = new_run_id(run.started);
  run.job = options_.name;
  run.kind = RunKind::backup;
  run.backup = run.id;
  run.owned = {store_->location(run.id)};
  try {
    journal_.record(run, context.clock, [&](JobRun&) {
      const Manifest manifest = take(run, context);
      log::info("backup of {}: {} of data in {}, at {}", options_.database, format_size(manifest.raw_bytes()),
                format_size(manifest.stored_bytes()), store_->location(run.id));
    });
  } catch (...) {
    index_.catch_up(journal_, *store_, context.stop);
    throw;
  }
  index_.catch_up(journal_, *store_, context.stop);
  return {};
}

Manifest BackupJob::take(const JobRun& run, RunContext& context) const {
  const SteadyTime begun = context.clock.steady_now();
  PgOptions connection = connection_options(options_, target_, options_.database);
  connection.application_name = "pgvigil/" + run.id;
  SourceSnapshot source(connection, context.stop);
  const PgTools tools =
      find_tools(options_.pg_bin, source.facts().version / 10000, {"pg_dump", "pg_dumpall"}, context.stop);

  Manifest manifest;
  manifest.id = run.id;
  manifest.job = options_.name;
  manifest.source = source.facts();
  manifest.tool_version = tools.version;
  manifest.started = run.started;
  manifest.snapshot = source.taken_at();

  const std::unique_ptr<PartialSet> set = store_->begin(run.id);
  BackgroundCount count(source);
  CompressedObjectWriter dump(*set, dump_object_name(options_.database), options_.compression_level);
  stream_output(dump_command(tools, connection, options_.database, source.name()), dump, context.deadline, context.stop,
                [&] { count.start(); });
  PlainObjectWriter globals(*set, std::string(globals_object_name));
  stream_output(globals_command(tools, connection, options_.database), globals, context.deadline, context.stop);

  manifest.objects = {dump.result(), globals.result()};
  manifest.tables = count.get(context.stop);
  manifest.finished = context.clock.wall_now();
  manifest.seconds = std::chrono::duration<double>(context.clock.steady_now() - begun).count();
  set->commit(manifest);
  return manifest;
}

}  // namespace pgvigil
