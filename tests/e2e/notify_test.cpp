#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json.h"
#include "tests/support/http_receiver.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace pgvigil {
namespace {

using testing::HasSubstr;
using testing::Not;

class NotifyTest : public testing::Test {
 protected:
  struct Result {
    int code = -1;
    std::string output;
  };
  Result test_channel(const std::string& name) {
    const auto config = folder_.write(
        "pgvigil.yaml", fmt::format("target: {{ conninfo: 'host=/nowhere' }}\nstate_dir: {}\nalerts:\n  channels:\n"
                                    "  - {{ name: ops, kind: slack, allow_http: true, webhook_url: '{}' }}\n",
                                    (folder_ / "state").string(), slack_.url("/services/hunter2")));
    Process program({PGVIGIL_BINARY, "notify", "test", "--channel", name, "-c", config});
    const auto exit = program.wait(seconds(60));
    program.wait_for_end_of_output(seconds(20));
    return {exit ? exit->code : -1, program.output() + program.error_output()};
  }

  HttpReceiver slack_;
  TempDir folder_;
};

TEST_F(NotifyTest, SendsATriggerAndItsResolve) {
  const Result result = test_channel("ops");
  EXPECT_EQ(result.code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("ops trigger: delivered"));
  EXPECT_THAT(result.output, HasSubstr("ops resolve: delivered"));
  ASSERT_EQ(slack_.requests().size(), 2U);
  EXPECT_THAT(slack_.requests()[1].body, HasSubstr("RESOLVED"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "state")) << "a running agent's state is left alone";
}

TEST_F(NotifyTest, SaysWhatWentWrongWithoutTheAddress) {
  slack_.then({404, {}, "no_service", milliseconds(0), false});
  const Result result = test_channel("ops");
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.output, HasSubstr("ops trigger: misconfigured: Slack answered 404 no_service"));
  EXPECT_THAT(result.output, Not(HasSubstr("hunter2")));
}

TEST_F(NotifyTest, KnowsWhichChannelWasMeant) {
  const Result result = test_channel("opps");
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.output, HasSubstr("did you mean ops?"));
}

}  // namespace
}  // namespace pgvigil
