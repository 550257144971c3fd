#include "collectors/backup/options.h"

#include <gtest/gtest.h>

namespace pgvigil {
namespace {

struct Decoded {
  std::vector<BackupOptions> jobs;
  std::string problems;
};

Decoded decode(const std::string& yaml) {
  Problems problems;
  Decoded decoded;
  auto root = Section::parse(yaml, "test.yaml", problems);
  if (root) decoded.jobs = decode_backups(*root);
  for (const std::string& line : problems.lines()) decoded.problems += line + "\n";
  return decoded;
}

constexpr const char* full_job = R"(
backups:
  - name: shop-nightly
    database: shop
    schedule: "0 2 * * *"
    timezone: Europe/Berlin
    folder: /var/backups/pgvigil
    compression_level: 9
    timeout: 90m
    conninfo: host=/run/postgresql user=backup
    password: s3cret
    log_database: postgres
    pg_bin: /usr/lib/postgresql/15/bin
    verify:
      schedule: every 6h
      timeout: 1h
      run_as: postgres
      folder: /var/tmp/drills
      queries:
        - { sql: "SELECT count(*) FROM orders", min: 1 }
        - { sql: "SELECT bool_and(total >= 0) FROM orders" }
)";

TEST(DecodeBackup, ReadsEverything) {
  const Decoded decoded = decode(full_job);
  ASSERT_EQ(decoded.problems, "");
  ASSERT_EQ(decoded.jobs.size(), 1U);
  const BackupOptions& job = decoded.jobs.front();
  EXPECT_EQ(job.name, "shop-nightly");
  EXPECT_EQ(job.database, "shop");
  EXPECT_EQ(describe(job.schedule), "0 2 * * * (Europe/Berlin)");
  EXPECT_EQ(job.folder, "/var/backups/pgvigil");
  EXPECT_EQ(job.compression_level, 9);
  EXPECT_EQ(job.timeout, std::chrono::minutes(90));
  EXPECT_EQ(job.password, Secret("s3cret"));
  EXPECT_EQ(job.log_database, "postgres");
  EXPECT_EQ(job.pg_bin, "/usr/lib/postgresql/15/bin");
  ASSERT_TRUE(job.verify);
  EXPECT_EQ(describe(job.verify->schedule), "every 6h");
  EXPECT_EQ(job.verify->timeout, std::chrono::hours(1));
  EXPECT_EQ(job.verify->run_as, "postgres");
  EXPECT_EQ(job.verify->folder, "/var/tmp/drills");
  ASSERT_EQ(job.verify->queries.size(), 2U);
  EXPECT_EQ(job.verify->queries[0].min, 1);
  EXPECT_EQ(job.verify->queries[1].min, std::nullopt);
}

// A job and its drill, by calendar; `more` is what else the drill says.
std::string job_with_drill(const std::string& more) {
  return "backups:\n  - name: shop\n    database: shop\n    folder: /b\n    schedule: '0 2 * * *'\n"
         "    timezone: Europe/Berlin\n    verify: { schedule: '0 5 * * *'" +
         more + " }\n";
}

TEST(DecodeBackup, ADrillIsInTheTimeZoneOfItsJobUnlessItNamesOne) {
  const Decoded inherited = decode(job_with_drill(""));
  ASSERT_EQ(inherited.problems, "");
  EXPECT_EQ(describe(inherited.jobs.at(0).verify->schedule), "0 5 * * * (Europe/Berlin)");
  const Decoded own = decode(job_with_drill(", timezone: Asia/Tokyo"));
  ASSERT_EQ(own.problems, "");
  EXPECT_EQ(describe(own.jobs.at(0).verify->schedule), "0 5 * * * (Asia/Tokyo)");
  EXPECT_EQ(describe(own.jobs.at(0).schedule), "0 2 * * * (Europe/Berlin)");
}

TEST(DecodeBackup, RefusesACalendarThatNeverComes) {
  const auto problems = [](const std::string& cron) {
    return decode("backups:\n  - { name: s, database: d, folder: /b, schedule: '" + cron + "' }\n").problems;
  };
  for (const char* cron : {"0 0 30 2 *", "0 0 31 4,6,9,11 *", "* * 30 feb *"}) {
    EXPECT_NE(problems(cron).find(std::string("'") + cron + "' never comes"), std::string::npos) << problems(cron);
  }
  EXPECT_EQ(problems("0 0 29 2 *"), "");
  EXPECT_EQ(problems("0 0 30 2 mon"), "");
}

TEST(DecodeBackup, NeedsANameADatabaseAScheduleAndAFolder) {
  const std::string problems = decode("backups:\n  - compression_level: 3\n").problems;
  for (const char* key : {"name", "database", "schedule", "folder"}) {
    EXPECT_NE(problems.find(key), std::string::npos) << key << " in\n" << problems;
  }
}

TEST(DecodeBackup, RefusesANameThatCannotBeAFolder) {
  for (const char* name : {"../x", "Shop", "a b", "."}) {
    const std::string problems =
        decode(std::string("backups:\n  - { name: '") + name + "', database: d, schedule: every 1h, folder: /b }\n")
            .problems;
    EXPECT_NE(problems.find("cannot name a backup"), std::string::npos) << name;
  }
}

TEST(DecodeBackup, RefusesASecondJobOfTheSameName) {
  const std::string job = "  - { name: shop, database: d, schedule: every 1h, folder: /b }\n";
  EXPECT_NE(decode("backups:\n" + job + job).problems.find("test.yaml:3:5: there is a backup 'shop' already"),
            std::string::npos);
}

TEST(DecodeBackup, RefusesACompressionThatZstdDoesNotHave) {
  EXPECT_NE(decode("backups:\n  - { name: s, database: d, schedule: every 1h, folder: /b, compression_level: 40 }\n")
                .problems,
            "");
}

TEST(ConnectionOptions, TheJobsOwnConninfoWinsAndTheDatabaseIsReplaced) {
  PgOptions target;
  target.conninfo = "host=db user=pgvigil dbname=postgres";
  target.password = Secret("of the watcher");
  BackupOptions job;
  EXPECT_EQ(connection_options(job, target, "shop").conninfo, with_database(target.conninfo, "shop"));
  EXPECT_EQ(connection_options(job, target, "shop").password, Secret("of the watcher"));
  job.conninfo = "host=db user=backup";
  EXPECT_EQ(connection_options(job, target, "shop").conninfo, with_database("host=db user=backup", "shop"));
  EXPECT_TRUE(connection_options(job, target, "shop").password.empty());
}

}  // namespace
}  // namespace pgvigil
