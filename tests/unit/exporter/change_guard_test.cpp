#include "exporter/change_guard.h"

#include <gtest/gtest.h>

namespace pgvigil {
namespace {

// What a program on this host sends.
HttpQuery local_query() {
  HttpQuery query;
  query.method = "POST";
  query.path = "/api/v1/pause";
  query.content_type = "application/json";
  query.host = "localhost:9187";
  query.peer = "127.0.0.1";
  return query;
}

int status_of(const HttpQuery& query) {
  const auto refused = refuse_change(query);
  return refused ? refused->status : 200;
}

TEST(ChangeGuards, LetThisHostPassWhenNobodyIsAsked) {
  HttpQuery query = local_query();
  for (const char* host : {"localhost:9187", "127.0.0.1:9187", "127.0.0.1", "LOCALHOST", "[::1]:9187"}) {
    query.host = host;
    EXPECT_EQ(status_of(query), 200) << host;
  }
}

TEST(ChangeGuards, RefuseOtherHostsUnlessTheyProveWhoTheyAre) {
  HttpQuery query = local_query();
  query.peer = "192.0.2.7";
  EXPECT_EQ(status_of(query), 403);
  query.user = "ada";
  query.host = "db1.example.org:9187";
  EXPECT_EQ(status_of(query), 200);
}

TEST(ChangeGuards, RefuseANameThatOnlyMeansThisHost) {
  HttpQuery query = local_query();
  for (const char* host :
       {"rebound.example.org:9187", "localhost.example.org", "", "127.example.org", "127.0.0.1.nip.io"}) {
    query.host = host;
    EXPECT_EQ(status_of(query), 403) << host;
  }
}

TEST(ChangeGuards, RefuseWhatAPageOfAnotherSiteCanSend) {
  HttpQuery query = local_query();
  query.user = "ada";
  query.content_type = "text/plain";
  EXPECT_EQ(status_of(query), 415);
  query.content_type = "application/json; charset=utf-8";
  EXPECT_EQ(status_of(query), 200);
  query.origin = "https://evil.example.org";
  EXPECT_EQ(status_of(query), 403);
  query.origin = "null";
  EXPECT_EQ(status_of(query), 403);
  query.origin = "http://localhost:9187";
  EXPECT_EQ(status_of(query), 200);
  for (const char* site : {"cross-site", "same-site"}) {
    query.fetch_site = site;
    EXPECT_EQ(status_of(query), 403) << site;
  }
  query.fetch_site = "same-origin";
  EXPECT_EQ(status_of(query), 200);
}

}  // namespace
}  // namespace pgvigil
