#include "collectors/backup/scratch_restore.h"

#include <fmt/format.h>

#include <functional>

#include "collectors/backup/globals_script.h"
#include "collectors/backup/object_stream.h"
#include "core/child_process.h"
#include "core/error.h"

namespace pgvigil {

namespace {

constexpr std::size_t max_globals = 64 << 20;

// A program's standard input. When the program stops reading, the stream still goes on to its end, because its digests
// tell whether the data or the program was at fault.
class ProgramInput final : public ByteSink {
 public:
  ProgramInput(ChildProcess& program, std::stop_token stop) : program_(program), stop_(std::move(stop)) {}

  void write(std::string_view bytes) override {
    if (gone_) return;
    try {
      program_.write(bytes, stop_);
    } catch (const Error& error) {
      if (error.kind() != Error::Kind::rejected) throw;
      gone_ = true;
    }
  }
  void finish() override { program_.close_input(); }

 private:
  ChildProcess& program_;
  std::stop_token stop_;
  bool gone_ = false;
};

class TextSink final : public ByteSink {
 public:
  void write(std::string_view bytes) override {
    if (text_.size() + bytes.size() > max_globals) throw Error(Error::Kind::invalid, "globals: too large");
    text_ += bytes;
  }
  void finish() override {}
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Runs a program to its good end with the input that `produce` sends.
void run_with_input(const Command& command, const std::function<void(ByteSink&)>& produce, SteadyTime deadline,
                    const std::stop_token& stop) {
  ChildProcess program(command, deadline);
  ProgramInput input(program, stop);
  produce(input);
  const ExitStatus status = program.wait(stop);
  if (status.ok()) return;
  const std::string name = command.argv.front().substr(command.argv.front().rfind('/') + 1);
  throw Error(Error::Kind::rejected, fmt::format("{}: {}", name, status.describe()));
}

const StoredObject& dump_of(const Manifest& manifest) {
  const StoredObject* object = manifest.find(dump_object_name(manifest.source.database));
  if (object == nullptr)
    throw Error(Error::Kind::invalid, fmt::format("the manifest of {} names no dump", manifest.id));
  return *object;
}

}  // namespace

void restore_globals(const ScratchCluster& cluster, const BackupStore& store, const Manifest& manifest,
                     SteadyTime deadline, const std::stop_token& stop) {
  const StoredObject* object = manifest.find(globals_object_name);
  if (object == nullptr) return;
  TextSink original;
  read_object(store, manifest.id, *object, original, stop);
  const std::string script = globals_for_scratch(original.text(), cluster.superuser());
  const Command psql{{cluster.tools().program("psql"), "--no-psqlrc", "--quiet", "--no-password", "--output=/dev/null",
                      "--set=ON_ERROR_STOP=1", "--dbname=" + cluster.conninfo("template1")},
                     {},
                     {},
                     {}};
  const auto produce = [&](ByteSink& input) {
    input.write(script);
    input.finish();
  };
  run_with_input(psql, produce, deadline, stop);
}

void restore_database(const ScratchCluster& cluster, const BackupStore& store, const Manifest& manifest,
                      SteadyTime deadline, const std::stop_token& stop) {
  const StoredObject& dump = dump_of(manifest);
  // initdb made this one already; the dump brings its own.
  if (manifest.source.database == "postgres") {
    cluster.connect("template1", Access::read_write, stop).query("DROP DATABASE postgres");
  }
  const Command pg_restore{{cluster.tools().program("pg_restore"), "--create", "--exit-on-error", "--no-tablespaces",
                            "--no-subscriptions", "--no-password", "--dbname=" + cluster.conninfo("template1")},
                           {},
                           {},
                           {}};
  run_with_input(
      pg_restore, [&](ByteSink& input) { read_object(store, manifest.id, dump, input, stop); }, deadline, stop);
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
  cluster.connect(manifest.source.database, Access::read_write, stop)
      .query("ANALYZE", std::max(left, milliseconds(1)), stop);
}

}  // namespace pgvigil
