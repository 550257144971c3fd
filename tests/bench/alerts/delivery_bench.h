#pragma once

#include <vector>

namespace pgvigil::bench {

// From the sample that crosses a threshold (published as a task publishes it) to the request that a receiver has read
// whole; `count` times, in milliseconds.
std::vector<double> sample_to_receiver(int count);

// What a thousand alerts that begin at once cost.
struct Storm {
  int slack = 0;  // messages that each receiver got
  int pagerduty = 0;
  int webhook = 0;
  double milliseconds = 0;  // until the last of the channels had its first message
  double megabytes = 0;     // by which the process grew
  long long owed = 0;       // messages that nobody has taken in the end
};
Storm storm(int alerts);

}  // namespace pgvigil::bench
