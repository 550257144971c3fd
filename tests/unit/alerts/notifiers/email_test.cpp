#include "alerts/notifiers/email.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base64.h"
#include "core/text.h"
#include "tests/support/certificates.h"
#include "tests/support/free_port.h"
#include "tests/support/smtp_receiver.h"
#include "tests/unit/alerts/messages.h"
#include "tests/unit/alerts/scripted_client.h"

namespace pgvigil {
namespace {

using testing::HasSubstr;
using testing::Not;
using Kind = Verdict::Kind;

std::string header(const std::string& mail, const std::string& name) {
  const auto at = mail.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  const auto begin = at + name.size() + 4;
  auto end = mail.find("\r\n", begin);
  while (mail.compare(end + 2, 1, " ") == 0) end = mail.find("\r\n", end + 2);
  return mail.substr(begin, end - begin);
}

std::string body(const std::string& mail) {
  std::string text;
  for (const char c : mail.substr(mail.find("\r\n\r\n") + 4))
    if (c != '\r' && c != '\n') text += c;
  return decode_base64(text).value_or("(not base64)");
}

std::string decoded_subject(const std::string& mail) {
  std::string result;
  for (const std::string& word : split(header(mail, "Subject"), '\n')) {
    const auto begin = word.find("?B?") + 3;
    result += decode_base64(word.substr(begin, word.rfind("?=") - begin)).value_or("(not base64)");
  }
  return result;
}

std::string mail_of(const Notification& notification) {
  return mail_text(letter(notification), "pgvigil@example.org", {"dba@example.org", "ops@example.org"});
}

class Email : public testing::Test {
 protected:
  static Certificates& certificates() {
    static Certificates made;
    return made;
  }
  static std::shared_ptr<const TlsContext> tls() {
    const auto pair = certificates().issue("mail.test");
    TlsOptions options;
    options.certificate.file = pair.certificate;
    options.key.file = pair.key;
    return std::make_shared<TlsContext>(options);
  }
  Verdict deliver(std::uint16_t port, MailServer::Tls mode = MailServer::Tls::none,
                  const std::vector<std::string>& to = {"dba@example.org"}) {
    EmailOptions options;
    options.server = {"127.0.0.1",
                      port,
                      mode,
                      "agent.test",
                      user_,
                      Secret("mail-secret"),
                      mode == MailServer::Tls::none ? "" : certificates().authority().string()};
    options.from = "pgvigil@example.org";
    options.to = to;
    const Letter one = letter(trigger());
    return EmailNotifier(options).deliver({&one, 1}, {client_, target_, timeout_, {}});
  }
  Verdict deliver_to(const std::string& word, const std::string& reply) {
    SmtpReceiver server({{{word, reply}}, {}, false});
    Verdict verdict = deliver(server.port());
    EXPECT_TRUE(server.mails().empty());
    return verdict;
  }

  std::string user_;
  milliseconds timeout_{20'000};
  ScriptedClient client_;
  PgOptions target_;
};

TEST_F(Email, IsPlainTextWithAllThatThereIsToSay) {
  const std::string mail = mail_of(trigger());
  EXPECT_EQ(header(mail, "To"), "dba@example.org,\r\n ops@example.org");
  EXPECT_EQ(header(mail, "Auto-Submitted"), "auto-generated");
  EXPECT_TRUE(mail.starts_with("Date: Sun, 01 Mar 2026 12:00:00 +0000\r\n")) << mail;
  EXPECT_EQ(decoded_subject(mail), "WARNING on db1: shop: idle for 5m12s");
  for (const char* part : {"It holds locks.", "What to do: End it.", "datname: shop", "Since: 2026-03-01T11:55:00Z"})
    EXPECT_THAT(body(mail), HasSubstr(part));
}

TEST_F(Email, HasTheSameIdOnEveryAttemptAndOneThreadForEachKey) {
  EXPECT_EQ(mail_of(trigger()), mail_of(trigger()));
  EXPECT_NE(header(mail_of(trigger()), "Message-ID"), header(mail_of(resolve()), "Message-ID"));
  EXPECT_EQ(header(mail_of(trigger()), "References"), header(mail_of(resolve()), "References"));
  Notification other = trigger();
  other.key = "other";
  EXPECT_NE(header(mail_of(trigger()), "In-Reply-To"), header(mail_of(other), "In-Reply-To"));
}

TEST_F(Email, NothingFromTheDatabaseCanAddAHeader) {
  const std::string mail = mail_of(filled_with("x\r\nBcc: thief@example.org\r\n\r\n.\r\nMAIL FROM:<a>"));
  EXPECT_EQ(header(mail, "Bcc"), "");
  EXPECT_THAT(mail, Not(HasSubstr("thief")));
  EXPECT_THAT(decoded_subject(mail), Not(HasSubstr("\n")));
}

TEST_F(Email, SubjectsInAnyLanguageComeThrough) {
  const std::string text = "größer als überhaupt möglich, 可能 Ärger für alle Übrigen in der Straße";
  const std::string mail = mail_of(filled_with(text));
  EXPECT_THAT(decoded_subject(mail), HasSubstr("größer als überhaupt möglich, 可能 Ärger"));
  for (const std::string& line : split(mail, '\n')) EXPECT_LE(line.size(), 77U) << line;  // with the \r
}

TEST_F(Email, ReachesAServerWithoutTlsOnlyWhenThatIsWanted) {
  SmtpReceiver server;
  EXPECT_TRUE(deliver(server.port(), MailServer::Tls::none, {"a@x.org", "b@x.org"}).delivered());
  ASSERT_EQ(server.mails().size(), 1U);
  EXPECT_EQ(server.mails()[0].to.size(), 2U);
  EXPECT_EQ(server.commands()[0], "EHLO agent.test");
  EXPECT_EQ(server.mails()[0].text, mail_text(letter(trigger()), "pgvigil@example.org", {"a@x.org", "b@x.org"}));
}

TEST_F(Email, AServerThatRefusesStartTlsGetsNothing) {
  SmtpReceiver server;
  const Verdict verdict = deliver(server.port(), MailServer::Tls::starttls);
  EXPECT_EQ(verdict.kind, Kind::misconfigured);
  for (const std::string& command : server.commands()) EXPECT_FALSE(command.starts_with("MAIL")) << command;
  EXPECT_TRUE(server.mails().empty());
}

TEST_F(Email, GoesThroughStartTlsWithALogin) {
  user_ = "agent";
  SmtpReceiver server({{}, tls(), false});
  const Verdict verdict = deliver(server.port(), MailServer::Tls::starttls);
  EXPECT_TRUE(verdict.delivered()) << verdict.why;
  ASSERT_EQ(server.mails().size(), 1U);
  EXPECT_TRUE(server.mails()[0].over_tls);
}

TEST_F(Email, ACertificateOfAnotherAuthorityIsRefused) {
  SmtpReceiver server({{}, tls(), false});
  EmailOptions options;
  options.server = {"127.0.0.1", server.port(), MailServer::Tls::starttls, "agent.test", "", {}, ""};
  options.from = "pgvigil@example.org";
  options.to = {"dba@example.org"};
  const Letter one = letter(trigger());
  EXPECT_EQ(EmailNotifier(options).deliver({&one, 1}, {client_, target_, timeout_, {}}).kind, Kind::misconfigured);
  EXPECT_TRUE(server.mails().empty());
}

TEST_F(Email, AnswersAreJudgedByWhereTheyCome) {
  EXPECT_EQ(deliver_to("RCPT", "451 try later").kind, Kind::receiver_failed);
  EXPECT_EQ(deliver_to("RCPT", "550 no such mailbox").kind, Kind::misconfigured);
  EXPECT_EQ(deliver_to("MAIL", "550 not you").kind, Kind::misconfigured);
  EXPECT_EQ(deliver_to("MAIL", "421 too busy").kind, Kind::receiver_failed);
  EXPECT_EQ(deliver_to(".", "451 disk full").kind, Kind::receiver_failed);
  EXPECT_EQ(deliver_to(".", "554 looks like spam").kind, Kind::payload_refused);
  EXPECT_EQ(deliver_to("RCPT", "451 try later").status, 451);
}

TEST_F(Email, AWrongPasswordIsForAPersonAndInNoText) {
  user_ = "agent";
  SmtpReceiver server({{{"AUTH", "535 wrong"}}, tls(), false});
  const Verdict verdict = deliver(server.port(), MailServer::Tls::starttls);
  EXPECT_EQ(verdict.kind, Kind::misconfigured);
  EXPECT_THAT(verdict.why, Not(HasSubstr("mail-secret")));
  SmtpReceiver busy({{{"AUTH", "454 later"}}, tls(), false});
  EXPECT_EQ(deliver(busy.port(), MailServer::Tls::starttls).kind, Kind::receiver_failed);
}

TEST_F(Email, OneMailboxThatIsGoneDoesNotKeepTheMailFromTheOthers) {
  SmtpReceiver server({{{"RCPT TO:<gone@x.org>", "550 no such mailbox"}}, {}, false});
  EXPECT_TRUE(deliver(server.port(), MailServer::Tls::none, {"gone@x.org", "b@x.org"}).delivered());
  ASSERT_EQ(server.mails().size(), 1U);
  EXPECT_EQ(server.mails()[0].to, (std::vector<std::string>{"RCPT TO:<b@x.org>"}));
}

TEST_F(Email, WhenTheAnswerIsLostTheMailIsSentAgain) {
  SmtpReceiver server({{}, {}, true});
  EXPECT_EQ(deliver(server.port()).kind, Kind::unreachable);
  EXPECT_EQ(server.mails().size(), 1U) << "it arrived";
}

TEST_F(Email, NobodyThereIsNoAnswer) {
  EXPECT_EQ(deliver(free_port()).kind, Kind::unreachable);
}

}  // namespace
}  // namespace pgvigil
