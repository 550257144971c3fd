#include "exporter/http_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

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
                       reply.body = query.method + " " + query.path + (query.accepts_gzip ? " gzip" : "");
                       return reply;
                     }};
};

TEST_F(HttpServers, AnswerGetAndHead) {
  EXPECT_THAT(get("/x?y=1"), testing::AllOf(StartsWith("HTTP/1.1 200 OK"), HasSubstr("\r\n\r\nGET /x")));
  const std::string head = answer("HEAD /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Content-Length: 7"));
  EXPECT_THAT(head, Not(HasSubstr("HEAD /x")));
  EXPECT_THAT(answer("GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: deflate, GZIP\r\nConnection: close\r\n\r\n"),
              HasSubstr("/ gzip"));
  EXPECT_THAT(answer("GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip;q=0\r\nConnection: close\r\n\r\n"),
              Not(HasSubstr("gzip\r\n")));
}

TEST_F(HttpServers, RefuseOtherMethods) {
  EXPECT_THAT(answer("DELETE /x HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(answer("OPTIONS / HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 405 "));
}

TEST_F(HttpServers, RefuseAmbiguousFraming) {
  for (const char* headers : {"Host: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n",
                              "Host: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n",
                              "Host: x\r\nContent-Length: 3\r\n", "Host: x\r\nHost: y\r\n", ""}) {
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

TEST(RouteTables, ListThePathsWhenThereIsNoSuchOne) {
  Routes routes;
  routes.add("/metrics", [](const HttpQuery&) { return HttpReply{}; });
  EXPECT_EQ(routes.answer({"GET", "/metrics", false}).status, 200);
  const HttpReply reply = routes.answer({"GET", "/nope", false});
  EXPECT_EQ(reply.status, 404);
  EXPECT_THAT(reply.body, HasSubstr("/metrics"));
}

}  // namespace
}  // namespace pgvigil
