#include "collectors/bloat/relation_queries.h"

namespace pgvigil::relation_queries {

// Before 14 a table that was never analyzed reads 0 rows on 0 pages. An index has its size from CREATE INDEX, but it is
// as old as that when its table was never analyzed.
const std::string_view counts = R"(
SELECT kind, count(*) FILTER (WHERE never) AS never_analyzed, count(*) FILTER (WHERE small AND NOT never) AS too_small,
       count(*) FILTER (WHERE NOT never AND NOT small) AS large
  FROM (SELECT CASE c.relkind WHEN 'i' THEN 'index' WHEN 't' THEN 'toast' ELSE 'table' END AS kind,
               h.reltuples < 0 OR h.relpages = 0 AND current_setting('server_version_num')::int < 140000 AS never,
               c.relpages < greatest($1::float8 / current_setting('block_size')::int, 1) AS small
          FROM pg_class c
          LEFT JOIN pg_index x ON x.indexrelid = c.oid
          JOIN pg_class h ON h.oid = coalesce(x.indrelid, c.oid)
          JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.oid >= 16384 AND c.relpersistence <> 't'
           AND CASE WHEN c.relkind = 't' THEN n.nspname = 'pg_toast'
                    ELSE c.relkind IN ('r', 'm', 'i') AND n.nspname !~ '^(pg_|information_schema$)' END) AS relations
 GROUP BY kind)";

// Statistics are looked up by name through the view pg_stats, which shows them to those who may read the column and are
// not under its row security; pg_statistic itself is the superuser's. Virtual generated columns take no room and have
// none. OFFSET 0 and the limit keep the planner from reading the statistics of the whole database.
const std::string_view tables = R"(
WITH candidates AS MATERIALIZED (
  SELECT c.oid, n.nspname, c.relname, c.relkind, c.relfilenode, c.relpages, c.relallvisible, c.reltuples, a.amname,
         c.reloptions, c.relrowsecurity, c.reltoastrelid
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_am a ON a.oid = c.relam
   WHERE c.relkind IN ('r', 'm', 't') AND c.relpersistence <> 't' AND c.oid >= 16384 AND c.reltuples >= 0
     AND c.relpages >= greatest($1::float8 / current_setting('block_size')::int, 1)
     AND (c.relkind = 't' AND n.nspname = 'pg_toast' OR c.relkind <> 't' AND n.nspname !~ '^(pg_|information_schema$)')
   ORDER BY c.relpages DESC, c.oid
   LIMIT 2000
)
SELECT CASE t.relkind WHEN 't' THEN 'toast' ELSE 'table' END AS kind, coalesce(ns.nspname, t.nspname) AS schema,
       coalesce(o.relname, t.relname) AS table, '' AS index, t.nspname || '.' || t.relname AS name, t.oid,
       coalesce(o.oid, t.oid) AS table_oid, t.relfilenode AS file, t.relfilenode AS table_file,
       current_setting('block_size') AS page_bytes, t.relpages AS pages,
       greatest(t.relpages - t.relallvisible, 0) AS unread_pages, t.reltuples AS rows,
       coalesce((SELECT option_value::float8 FROM pg_options_to_table(t.reloptions)
                  WHERE option_name = 'fillfactor'), 100) / 100 AS fillfactor,
       t.amname AS access_method, c.columns, c.readable, c.name_column, c.columns_changed, c.statistics,
       pg_stat_get_mod_since_analyze(t.oid) / greatest(t.reltuples, 1)::float8 AS modified_share
  FROM candidates t
  LEFT JOIN pg_class o ON t.relkind = 't' AND o.reltoastrelid = t.oid
  LEFT JOIN pg_namespace ns ON ns.oid = o.relnamespace
 CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE stored) AS columns,
         coalesce(bool_and(has_column_privilege(t.oid, a.attnum, 'SELECT')) FILTER (WHERE stored), true)
           AND NOT (t.relrowsecurity AND row_security_active(t.oid)) AS readable,
         coalesce(bool_or(a.atttypid = 'name'::regtype) FILTER (WHERE stored), false) AS name_column,
         coalesce(bool_or(a.attisdropped OR a.atthasmissing), false) AS columns_changed,
         string_agg(concat_ws(' ', a.attlen, CASE a.attalign WHEN 'd' THEN 8 WHEN 'i' THEN 4 WHEN 's' THEN 2 ELSE 1 END,
                              s.avg_width, s.null_frac, s.n_distinct), ',' ORDER BY a.attnum)
           FILTER (WHERE stored AND s.avg_width IS NOT NULL) AS statistics
    FROM (SELECT *, NOT attisdropped AND attgenerated <> 'v' AS stored FROM pg_attribute
           WHERE attrelid = t.oid AND attnum > 0) AS a
    LEFT JOIN LATERAL (SELECT avg_width, null_frac, n_distinct FROM pg_stats
                        WHERE schemaname = t.nspname AND tablename = t.relname AND attname = a.attname
                          AND NOT inherited OFFSET 0) AS s ON stored AND t.relkind <> 't'
 ) AS c
 ORDER BY t.relpages DESC, t.oid)";

// The statistics of an index's columns are those of its table's; the lengths and alignments are of what the index
// stores. Unless something else is said a B-tree is filled to 90 %, and keeps equal keys once; not with INCLUDE
// columns.
const std::string_view indexes = R"(
WITH candidates AS MATERIALIZED (
  SELECT c.oid, n.nspname, t.oid AS table_oid, t.relname AS table_name, c.relname, c.relfilenode,
         t.relfilenode AS table_file, c.relpages, c.reltuples, t.reltuples AS table_rows, a.amname, t.relrowsecurity,
         c.reloptions, x.indisvalid AND x.indisready AS valid, x.indisunique, x.indpred IS NOT NULL AS partial,
         x.indexprs IS NOT NULL AS expression, x.indnkeyatts = x.indnatts AS all_keys, x.indkey, x.indnatts
    FROM pg_index x
    JOIN pg_class c ON c.oid = x.indexrelid
    JOIN pg_class t ON t.oid = x.indrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_am a ON a.oid = c.relam
   WHERE c.relkind = 'i' AND c.relpersistence <> 't' AND c.oid >= 16384 AND t.reltuples >= 0
     AND (t.relpages > 0 OR current_setting('server_version_num')::int >= 140000)
     AND c.relpages >= greatest($1::float8 / current_setting('block_size')::int, 1)
     AND n.nspname !~ '^(pg_|information_schema$)'
   ORDER BY c.relpages DESC, c.oid
   LIMIT 2000
)
SELECT 'index' AS kind, i.nspname AS schema, i.table_name AS table, i.relname AS index,
       i.nspname || '.' || i.relname AS name, i.oid, i.table_oid, i.relfilenode AS file, i.table_file,
       current_setting('block_size') AS page_bytes, i.relpages AS pages, i.relpages AS unread_pages,
       i.reltuples AS rows, coalesce(o.fillfactor, 90) / 100 AS fillfactor, i.amname AS access_method,
       i.indnatts AS columns, c.readable, c.name_column, false AS columns_changed, c.statistics, i.valid,
       i.indisunique AS unique, i.partial, i.expression, i.all_keys AND coalesce(o.deduplicates, true) AS deduplicates,
       pg_stat_get_mod_since_analyze(i.table_oid) / greatest(i.table_rows, 1)::float8 AS modified_share
  FROM candidates i
 CROSS JOIN LATERAL (
  SELECT min(option_value) FILTER (WHERE option_name = 'fillfactor')::float8 AS fillfactor,
         min(option_value) FILTER (WHERE option_name = 'deduplicate_items')::bool AS deduplicates
    FROM pg_options_to_table(i.reloptions)
 ) AS o
 CROSS JOIN LATERAL (
  SELECT coalesce(bool_and(has_column_privilege(i.table_oid, a.attnum, 'SELECT')), true)
           AND NOT (i.relrowsecurity AND row_security_active(i.table_oid)) AS readable,
         coalesce(bool_or(a.atttypid = 'name'::regtype), false) AS name_column,
         string_agg(concat_ws(' ', b.attlen, CASE b.attalign WHEN 'd' THEN 8 WHEN 'i' THEN 4 WHEN 's' THEN 2 ELSE 1 END,
                              s.avg_width, s.null_frac, s.n_distinct), ',' ORDER BY b.attnum)
           FILTER (WHERE s.avg_width IS NOT NULL) AS statistics
    FROM pg_attribute b
    JOIN pg_attribute a ON a.attrelid = i.table_oid AND a.attnum = i.indkey[b.attnum - 1]
    LEFT JOIN LATERAL (SELECT avg_width, null_frac, n_distinct FROM pg_stats
                        WHERE schemaname = i.nspname AND tablename = i.table_name AND attname = a.attname
                          AND NOT inherited OFFSET 0) AS s ON NOT i.partial AND NOT i.expression
   WHERE b.attrelid = i.oid AND b.attnum > 0
 ) AS c
 ORDER BY i.relpages DESC, i.oid)";

}  // namespace pgvigil::relation_queries
