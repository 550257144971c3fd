#include "tests/support/process.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

TEST(Process, TellsHowAProgramEnded) {
  EXPECT_EQ(Process({"sh", "-c", "exit 3"}).wait(seconds(10)), (Process::Exit{3, 0}));
  EXPECT_EQ(Process({"sh", "-c", "kill -9 $$"}).wait(seconds(10)), (Process::Exit{0, 9}));
  EXPECT_EQ(Process({"no-such-program"}).wait(seconds(10)), (Process::Exit{127, 0}));
}

TEST(Process, KeepsBothOutputsApart) {
  Process process({"sh", "-c", "echo out; echo err >&2"});
  ASSERT_TRUE(process.wait_for_end_of_output(seconds(10)));
  EXPECT_EQ(process.output(), "out\n");
  EXPECT_EQ(process.error_output(), "err\n");
}

TEST(Process, WaitsForAWordUntilTheProgramEnds) {
  Process process({"sh", "-c", "echo ready; exec sleep 1000"});
  EXPECT_TRUE(process.wait_for_output("ready", seconds(10)));
  EXPECT_TRUE(process.running());
  process.signal(SIGTERM);
  EXPECT_FALSE(process.wait_for_output("never said", seconds(60)));
}

TEST(Process, TakesItsChildrenWithIt) {
  const TempDir folder;
  const auto pid_file = folder / "pid";
  {
    Process process({"sh", "-c", "sleep 1000 & echo $! > " + pid_file.string() + "; echo ready; wait"});
    ASSERT_TRUE(process.wait_for_output("ready", seconds(10)));
  }
  const pid_t child = std::stoi(slurp(pid_file));
  // Gone, or dead and not reaped yet by whoever inherited it.
  EXPECT_TRUE(eventually(seconds(10), [&] {
    if (kill(child, 0) != 0) return true;
    const auto stat = slurp("/proc/" + std::to_string(child) + "/stat");
    return stat.find(") Z") != std::string::npos;
  }));
}

TEST(Process, RunOrThrowSaysWhatAFailedProgramSaid) {
  EXPECT_EQ(run_or_throw({{"echo", "hello"}, {}, {}, {}, {}, SIGKILL}, seconds(10)), "hello\n");
  try {
    run_or_throw({{"sh", "-c", "echo no such table >&2; exit 1"}, {}, {}, {}, {}, SIGKILL}, seconds(10));
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("no such table"), std::string::npos);
  }
}

}  // namespace
}  // namespace pgvigil
