#include "collectors/backup/manifest.h"

#include <gtest/gtest.h>

#include "collectors/backup/precise_time.h"
#include "core/error.h"
#include "core/text.h"

namespace pgvigil {
namespace {

Manifest full_manifest() {
  Manifest manifest;
  manifest.id = "20261121T020000Z-0a1b2c3d";
  manifest.job = "shop";
  manifest.source = {"7345678901234567890",
                     150018,
                     "15.18 (Debian)",
                     "Shop \"one\"",
                     "UTF8",
                     "C.UTF-8",
                     "C.UTF-8",
                     "postgres",
                     {{"plpgsql", "1.0"}, {"pg_trgm", "1.6"}}};
  manifest.tool_version = "15.18";
  manifest.started = *parse_time("2026-11-21T02:00:00Z");
  manifest.finished = *parse_time("2026-11-21T02:03:00Z") + std::chrono::microseconds(250);
  manifest.snapshot = *parse_time("2026-11-21T02:00:01Z");
  manifest.seconds = 180.25;
  manifest.objects = {{"shop.dump.zst", "zstd", {5'000'000'000, "aa"}, {1'000'000'000, "bb"}},
                      {"globals.sql", "none", {700, "cc"}, {700, "cc"}}};
  manifest.tables = {{"public.orders", 123'456'789'012, true}, {"public.\"Big One\"", 9, false}};
  return manifest;
}

TEST(Manifest, SurvivesJson) {
  EXPECT_EQ(manifest_from_json(Json::parse(to_json(full_manifest()).dump(2))), full_manifest());
}

TEST(PreciseTime, RefusesWhatIsNotOne) {
  EXPECT_EQ(format_precise_time(*parse_precise_time("2026-11-21T02:00:00.000250Z")), "2026-11-21T02:00:00.000250Z");
  for (const char* text :
       {"", "2026-11-21T02:00:00Z", "2026-11-21T02:00:00.25Z", "2026-11-21T02:00:00.-00250Z",
        "2026-11-21T02:00:00.00025 Z", "2026-13-21T02:00:00.000250Z", "2026-11-21T02:00:00.000250+"}) {
    EXPECT_FALSE(parse_precise_time(text)) << text;
  }
}

TEST(Manifest, SumsItsObjects) {
  EXPECT_EQ(full_manifest().raw_bytes(), 5'000'000'700);
  EXPECT_EQ(full_manifest().stored_bytes(), 1'000'000'700);
}

TEST(Manifest, OfANewerFormatIsRefused) {
  std::string text = to_json(full_manifest()).dump();
  text.replace(text.find("\"format\":1"), 10, "\"format\":2");
  EXPECT_THROW(manifest_from_json(Json::parse(text)), Error);
}

TEST(Manifest, WithoutOneOfItsMembersIsRefused) {
  const Json whole = to_json(full_manifest());
  for (const auto& member : whole.object()) {
    Json::Object rest;
    for (const auto& other : whole.object()) {
      if (other.first != member.first) rest.push_back(other);
    }
    EXPECT_THROW(manifest_from_json(rest), Error) << member.first;
  }
}

TEST(DumpObjectName, StaysInItsFolder) {
  EXPECT_EQ(dump_object_name("shop"), "shop.dump.zst");
  EXPECT_EQ(dump_object_name("../etc"), "%2e%2e%2fetc.dump.zst");
  EXPECT_NE(dump_object_name("a b"), dump_object_name("a_b"));
}

}  // namespace
}  // namespace pgvigil
