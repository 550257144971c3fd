#include "core/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <thread>

#include "core/error.h"
#include "core/text.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

Output shell(const std::string& script, milliseconds timeout = 20s) {
  return run({{"sh", "-c", script}, {}, {}, {}}, timeout);
}

SteadyTime in(milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

bool alive(pid_t pid) {
  return ::kill(pid, 0) == 0;
}

TEST(Children, HandOverTheirOutputAndExitCode) {
  const Output output = shell("echo out; echo err >&2; exit 3");
  EXPECT_EQ(output.text, "out\n");
  EXPECT_EQ(output.status.code, 3);
  EXPECT_FALSE(output.status.ok());
  EXPECT_EQ(output.status.describe(), "exit code 3: err");
}

TEST(Children, GetTheirWordsAsTheyAre) {
  EXPECT_EQ(run({{"printf", "%s|", "a b", "$HOME", "; rm x"}, {}, {}, {}}, 20s).text, "a b|$HOME|; rm x|");
}

TEST(Children, SeeTheEnvironmentTheyAreGiven) {
  EXPECT_EQ(run({{"sh", "-c", "echo $ONE$PATH"}, {{"ONE", "1"}, {"PATH", "/usr/bin:/bin"}}, {}, {}}, 20s).text,
            "1/usr/bin:/bin\n");
}

TEST(Children, DoNotGetTheAgentsSecrets) {
  ::setenv("PGVIGIL_TEST_PAGER_KEY", "secret", 1);
  ::setenv("PAGER_KEY", "secret", 1);
  EXPECT_EQ(shell("echo $PAGER_KEY").text, "\n");
  const Output as_other = run({{"sh", "-c", "echo $PAGER_KEY$PGVIGIL_TEST_PAGER_KEY"}, {}, "nobody", {}}, 20s);
  EXPECT_EQ(as_other.text, "\n");
  ::unsetenv("PGVIGIL_TEST_PAGER_KEY");
}

TEST(Children, ThatDoNotExistAreRefusedByName) {
  try {
    run({{"no-such-program-here"}, {}, {}, {}}, 1s);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Error::Kind::invalid);
    EXPECT_THAT(error.what(), HasSubstr("no-such-program-here"));
  }
  EXPECT_THROW(run({{"/etc/passwd"}, {}, {}, {}}, 1s), Error);
}

TEST(Children, ReportTheSignalThatEndedThem) {
  const Output output = shell("kill -9 $$");
  EXPECT_EQ(output.status.signal, 9);
  EXPECT_EQ(output.status.describe(), "killed by signal 9");
}

TEST(Children, CannotBlockOnAFullErrorPipe) {
  const Output output = shell("yes error | head -c 1000000 >&2; echo done");
  EXPECT_EQ(output.text, "done\n");
  EXPECT_LE(output.status.error_output.size(), 1100U);
}

TEST(Children, ThatAlwaysHaveSomethingToSayStillHaveADeadline) {
  ChildProcess child({{"yes"}, {}, {}, {}}, in(200ms));
  std::array<char, 4096> buffer{};
  const auto read_on = [&] {
    while (child.read(buffer.data(), buffer.size(), {}) > 0) {
    }
  };
  EXPECT_THROW(read_on(), Error);
}

TEST(Children, ThatAlwaysHaveSomethingToSayCanBeStopped) {
  ChildProcess child({{"yes"}, {}, {}, {}}, in(60s));
  std::array<char, 4096> buffer{};
  std::stop_source stop;
  EXPECT_GT(child.read(buffer.data(), buffer.size(), stop.get_token()), 0U);
  stop.request_stop();
  EXPECT_THROW(child.read(buffer.data(), buffer.size(), stop.get_token()), Error);
}

TEST(Children, AreKilledWithTheirWholeGroupAtTheDeadline) {
  const TempDir folder;
  const std::string script = "sleep 1000 & echo $! > " + (folder / "pid").string() + "; wait";
  try {
    ChildProcess child({{"sh", "-c", script}, {}, {}, {}}, in(500ms));
    child.wait({});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Error::Kind::unavailable);
  }
  const pid_t grandchild = std::stoi(slurp(folder / "pid"));
  EXPECT_TRUE(eventually(20s, [&] { return !alive(grandchild); }));
}

TEST(Children, EndWhenAStopIsRequested) {
  std::stop_source stop;
  ChildProcess child({{"sleep", "1000"}, {}, {}, {}}, in(60s));
  const std::jthread stopper([&] { stop.request_stop(); });
  try {
    child.wait(stop.get_token());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), Error::Kind::cancelled);
  }
}

TEST(Children, DoNotOutliveTheirOwner) {
  pid_t pid = 0;
  {
    const ChildProcess child({{"sleep", "1000"}, {}, {}, {}}, in(60s));
    pid = child.pid();
    EXPECT_TRUE(alive(pid));
  }
  EXPECT_FALSE(alive(pid));
}

TEST(Children, DieWithTheProcessThatStartedThem) {
  const TempDir folder;
  const auto file = folder / "pid";
  const pid_t parent = ::fork();
  if (parent == 0) {
    ChildProcess child({{"sh", "-c", "echo $$ > " + file.string() + "; exec sleep 1000"}, {}, {}, {}}, in(60s));
    child.wait({});
    ::_exit(0);
  }
  ASSERT_TRUE(eventually(20s, [&] { return std::filesystem::exists(file) && !slurp(file).empty(); }));
  const pid_t child = std::stoi(slurp(file));
  ::kill(parent, SIGKILL);
  EXPECT_TRUE(eventually(20s, [&] { return !alive(child); }));
}

TEST(Children, ReadWhatIsWrittenToThem) {
  ChildProcess child({{"cat"}, {}, {}, {}}, in(20s));
  child.write("hello", {});
  child.close_input();
  std::array<char, 16> buffer{};
  const std::size_t got = child.read(buffer.data(), buffer.size(), {});
  EXPECT_EQ(std::string(buffer.data(), got), "hello");
  EXPECT_TRUE(child.wait({}).ok());
}

TEST(Children, ThatStopReadingAreAnError) {
  std::signal(SIGPIPE, SIG_IGN);
  ChildProcess child({{"true"}, {}, {}, {}}, in(20s));
  EXPECT_THROW(
      {
        for (int i = 0; i < 1000; ++i) child.write(std::string(100000, 'x'), {});
      },
      Error);
}

TEST(Children, HaveNoSignalsBlockedThatTheAgentBlocks) {
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &term, nullptr);
  ChildProcess child({{"sleep", "1000"}, {}, {}, {}}, in(60s));
  child.terminate(20s);
  pthread_sigmask(SIG_UNBLOCK, &term, nullptr);
  EXPECT_FALSE(alive(child.pid()));
}

}  // namespace
}  // namespace pgvigil
