#include "collectors/coded_collectors.h"

#include "collectors/bloat/bloat_reader.h"
#include "collectors/headroom/headroom_task.h"
#include "collectors/session_task.h"
#include "collectors/settings_reader.h"
#include "collectors/statements/statements_task.h"
#include "collectors/waits/wait_sampler.h"

namespace pgvigil {

const std::vector<CodedCollector>& coded_collectors() {
  static const std::vector<CodedCollector> table{
      {SettingsReader::name, SettingsReader::default_interval,
       [](const CodedSetup& setup) -> TaskPtr {
         return std::make_unique<SessionTask>(std::make_unique<SettingsReader>(setup.interval));
       }},
      {"statements", StatementsTask::default_interval,
       [](const CodedSetup& setup) -> TaskPtr {
         return std::make_unique<StatementsTask>(setup.options.statements, setup.interval);
       }},
      {"wait_sampler", WaitSampler::default_interval,
       [](const CodedSetup& setup) -> TaskPtr { return std::make_unique<WaitSampler>(setup.interval); }},
      {"headroom", HeadroomTask::default_interval,
       [](const CodedSetup& setup) -> TaskPtr { return std::make_unique<HeadroomTask>(setup.interval); }},
      {"disk_space", DiskSpaceTask::default_interval,
       [](const CodedSetup& setup) -> TaskPtr {
         return std::make_unique<DiskSpaceTask>(setup.options.disk_space, setup.interval);
       }},
      {"bloat", BloatReader::default_interval, nullptr, [](const CodedSetup& setup) -> ReaderPtr {
         return std::make_unique<BloatReader>(setup.options.bloat, setup.store, setup.clock, setup.interval,
                                              setup.max_series);
       }}};
  return table;
}

}  // namespace pgvigil
