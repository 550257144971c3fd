#include "tests/support/watched_servers.h"

#include "tests/support/catalog_reader.h"
#include "tests/support/standby.h"

namespace pgvigil {

namespace {

const PgCluster::Settings settings{{"wal_level", "logical"},          {"archive_mode", "on"},
                                   {"archive_command", "/bin/true"},  {"track_io_timing", "on"},
                                   {"max_slot_wal_keep_size", "1GB"}, {"autovacuum_naptime", "1h"}};

constexpr const char* schema[] = {
    R"(CREATE SCHEMA "stats of statements")",
    R"(CREATE EXTENSION pg_stat_statements SCHEMA "stats of statements")",
    R"(GRANT USAGE ON SCHEMA "stats of statements" TO pgvigil)",
    "CREATE EXTENSION pg_buffercache SCHEMA public",
    R"(CREATE DATABASE "Other-1")",
    "CREATE TABLE public.orders (id int PRIMARY KEY, note text, total numeric)",
    R"(CREATE TABLE public."Odd ""Name""" (id int PRIMARY KEY, document text))",
    "CREATE SCHEMA pgvigil",
    R"(CREATE TABLE pgvigil.backup_log (id text PRIMARY KEY, job text, database text, kind text, state text,
       started_at timestamptz, finished_at timestamptz, raw_bytes bigint, stored_bytes bigint))",
    R"(CREATE TABLE pgvigil.recovery_tests (id text PRIMARY KEY, job text, database text, test_date timestamptz,
       success boolean, restore_time_seconds numeric))",
    "GRANT USAGE ON SCHEMA pgvigil TO pg_monitor",
    "GRANT SELECT ON ALL TABLES IN SCHEMA pgvigil TO pg_monitor",
    "GRANT SELECT ON public.orders TO pgvigil",
    "CREATE SEQUENCE public.numbers",
    "GRANT SELECT ON public.numbers TO pgvigil",
};

constexpr const char* traffic[] = {
    "SELECT pg_stat_reset()",
    "INSERT INTO public.orders SELECT g, repeat('x', 100), g FROM generate_series(1, 20000) g",
    R"(INSERT INTO public."Odd ""Name""" SELECT 1, string_agg(md5(g::text), '') FROM generate_series(1, 20000) g)",
    "DELETE FROM public.orders WHERE id % 3 <> 0",
    "VACUUM ANALYZE public.orders",
    R"(VACUUM ANALYZE public."Odd ""Name""")",
    "SELECT count(*) FROM public.orders WHERE id = 3",
    R"(SELECT length(document) FROM public."Odd ""Name""")",
    R"(INSERT INTO pgvigil.backup_log VALUES
       ('1', 'shop', 'shop', 'logical', 'done', now() - interval '2 hours', now() - interval '1 hour', 2000, 1000),
       ('2', 'shop', 'shop', 'logical', 'failed', now() - interval '1 hour', now(), NULL, NULL))",
    "INSERT INTO pgvigil.recovery_tests VALUES ('1', 'shop', 'shop', now() - interval '30 minutes', true, 12.5)",
    "SELECT pg_create_logical_replication_slot('changes', 'pgoutput')",
    "SELECT nextval('public.numbers')",
    "SELECT pg_switch_wal()",
    "CHECKPOINT",
};

}  // namespace

WatchedServers::WatchedServers(int major) : primary(major, settings), standby(major) {
  create_monitoring_role(primary);
  for (const char* statement : schema) primary.execute(statement);
  make_standby(primary, standby);
  for (const char* statement : traffic) primary.execute(statement);
  if (!caught_up(primary, standby, milliseconds(30000))) throw std::runtime_error("the standby does not catch up");
}

}  // namespace pgvigil
