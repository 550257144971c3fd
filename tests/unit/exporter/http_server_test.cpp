#include "exporter/http_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "core/child_process.h"
#include "core/error.h"
#include "core/file.h"
#include "exporter/routes.h"

namespace pgvigil {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class HttpServers : public testing::Test {
 protected:
  // What the server answers to these very bytes, until it closes the connection.
  std::string answer(const std::string& bytes) {
    const Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(server_.port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return "no connection";
    ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    ::shutdown(socket.get(), SHUT_WR);
    std::string result;
    std::array<char, 4096> buffer{};
    ssize_t got = 0;
    while ((got = ::recv(socket.get(), buffer.data(), buffer.size(), 0)) > 0)
      result.append(buffer.data(), static_cast<std::size_t>(got));
    return result;
  }
  std::string get(const std::string& path) {
    return answer("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }

  HttpServer server_{"127.0.0.1", 0, [](const HttpQuery& query) -> HttpReply {
                       if (query.path == "/throw") throw std::runtime_error("secret detail");
                       HttpReply reply;
                       reply.body = query.method + " " + query.path + " [" + query.parameters + "|" + query.accept +
                                    "|" + query.accept_encoding + "|" + query.authorization + "|" + query.peer + "]" +
                                    query.body;
                       return reply;
                     }};
};

TEST_F(HttpServers, AnswerGetAndHead) {
  EXPECT_THAT(get("/x?y=1"), testing::AllOf(StartsWith("HTTP/1.1 200 OK"), HasSubstr("\r\n\r\nGET /x [y=1|")));
  const std::string head = answer("HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Content-Length: 23"));
  EXPECT_THAT(head, Not(HasSubstr("HEAD /x")));
}

TEST_F(HttpServers, HandOnWhatDecidesTheAnswer) {
  EXPECT_THAT(answer("GET / HTTP/1.1\r\nHost: x\r\nAccept: a/b\r\naccept: c/d;q=0.1\r\nACCEPT-ENCODING: gzip\r\n"
                     "Authorization: Basic eA==\r\nConnection: close\r\n\r\n"),
              HasSubstr("GET / [|a/b, c/d;q=0.1|gzip|Basic eA==|127.0.0.1]"));
}

TEST(HttpReplies, MayConsistOfSharedParts) {
  const auto large = std::make_shared<const std::string>(300000, 'x');
  const HttpServer server("127.0.0.1", 0, [large](const HttpQuery&) {
    HttpReply reply = text_reply(200, "body ");
    reply.more = {std::make_shared<const std::string>("small "), large, std::make_shared<const std::string>(" end")};
    return reply;
  });
  const std::string url = "http://127.0.0.1:" + std::to_string(server.port()) + "/";
  const std::string page = run({{"curl", "--silent", url}, {}, {}, {}}, std::chrono::seconds(20)).text;
  EXPECT_EQ(page, "body small " + *large + " end");
  const std::string head = run({{"curl", "--silent", "--head", url}, {}, {}, {}}, std::chrono::seconds(20)).text;
  EXPECT_THAT(head, HasSubstr("Content-Length: " + std::to_string(page.size())));
}

TEST(PrivateServers, AnswerOnlyThoseWhoCameThroughTheirListener) {
  std::optional<std::string> peer;
  const HttpServer server(
      "127.0.0.1", 0, [](const HttpQuery& query) { return text_reply(200, query.peer); },
      [&peer](std::string_view, int) { return peer; });
  const std::string url = "http://127.0.0.1:" + std::to_string(server.port()) + "/";
  const auto ask = [&] { return run({{"curl", "--silent", url}, {}, {}, {}}, std::chrono::seconds(20)).text; };
  EXPECT_THAT(ask(), HasSubstr("the server's own"));
  peer = "192.0.2.1";
  EXPECT_EQ(ask(), "192.0.2.1");
}

TEST_F(HttpServers, RefuseOtherMethods) {
  EXPECT_THAT(answer("DELETE /x HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(answer("OPTIONS / HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
}

TEST_F(HttpServers, RefuseAmbiguousFraming) {
  for (const char* headers :
       {"Host: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Host: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n", "Host: x\r\nContent-Length: 3\r\n",
        "Host: x\r\nHost: y\r\n", "Host: x\r\nAuthorization: a\r\nAuthorization: b\r\n", ""}) {
    const std::string reply =
        answer(std::string("GET /x HTTP/1.1\r\n") + headers + "\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 400 ")) << headers;
    EXPECT_THAT(reply, Not(HasSubstr("smuggled"))) << headers;
  }
}

TEST_F(HttpServers, HideWhatWentWrongInside) {
  const std::string reply = get("/throw");
  EXPECT_THAT(reply, StartsWith("HTTP/1.1 500 "));
  EXPECT_THAT(reply, Not(HasSubstr("secret detail")));
}

TEST_F(HttpServers, ServeNoFiles) {
  EXPECT_THAT(get("/../../../../etc/passwd"), Not(HasSubstr("root:")));
  EXPECT_THAT(get("/%2e%2e/%2e%2e/etc/passwd"), Not(HasSubstr("root:")));
}

TEST_F(HttpServers, SayWhenTheAddressIsTaken) {
  EXPECT_THROW(HttpServer("127.0.0.1", server_.port(), [](const HttpQuery&) { return HttpReply{}; }), Error);
}

TEST_F(HttpServers, ReadBodiesOfPosts) {
  EXPECT_THAT(answer("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"),
              HasSubstr("POST /x [||||127.0.0.1]hello"));
  EXPECT_THAT(answer("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
              StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServers, RefuseBodiesThatTheyCannotTrust) {
  EXPECT_THAT(answer("POST /x HTTP/1.1\r\nHost: x\r\n\r\nhello"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhello"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 65537\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(answer("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 400 "));
}

TEST_F(HttpServers, RefuseLengthsThatAreNoNumber) {
  for (const char* length : {"0x10", "+2", "-2", "2, 2", "2;", "1e1", "", "99999999999999999999"}) {
    const std::string reply = answer(std::string("POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: ") + length +
                                     "\r\nConnection: close\r\n\r\n{}");
    EXPECT_THAT(reply, StartsWith("HTTP/1.1 4")) << length;
  }
}

HttpQuery query_for(const std::string& method, const std::string& path) {
  HttpQuery query;
  query.method = method;
  query.path = path;
  return query;
}

TEST(RouteTables, KeepLooksAndChangesApart) {
  Routes routes;
  routes.add("/look", [](const HttpQuery&) { return HttpReply{}; });
  routes.add_change("/change", [](const HttpQuery&) { return HttpReply{}; });
  EXPECT_EQ(routes.answer(query_for("POST", "/look")).status, 405);
  EXPECT_EQ(routes.answer(query_for("GET", "/change")).status, 405);
  EXPECT_EQ(routes.answer(query_for("POST", "/change")).status, 415) << "the guard stands before the handler";
}

TEST(RouteTables, ListThePathsWhenThereIsNoSuchOne) {
  Routes routes;
  routes.add("/metrics", [](const HttpQuery&) { return HttpReply{}; });
  EXPECT_EQ(routes.answer(query_for("GET", "/metrics")).status, 200);
  const HttpReply reply = routes.answer(query_for("GET", "/nope"));
  EXPECT_EQ(reply.status, 404);
  EXPECT_THAT(reply.body, HasSubstr("/metrics"));
}

}  // namespace
}  // namespace pgvigil
