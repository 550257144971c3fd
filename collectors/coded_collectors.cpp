#include "collectors/coded_collectors.h"

#include "collectors/headroom/headroom_task.h"
#include "collectors/session_task.h"
#include "collectors/settings_reader.h"
#include "collectors/statements/statements_task.h"
#include "collectors/waits/wait_sampler.h"

namespace pgvigil {

const std::vector<CodedCollector>& coded_collectors() {
  static const std::vector<CodedCollector> table{
      {SettingsReader::name, SettingsReader::default_interval,
       [](const CollectorOptions&, milliseconds interval) -> TaskPtr {
         return std::make_unique<SessionTask>(std::make_unique<SettingsReader>(interval));
       }},
      {"statements", StatementsTask::default_interval,
       [](const CollectorOptions& options, milliseconds interval) -> TaskPtr {
         return std::make_unique<StatementsTask>(options.statements, interval);
       }},
      {"wait_sampler", WaitSampler::default_interval,
       [](const CollectorOptions&, milliseconds interval) -> TaskPtr {
         return std::make_unique<WaitSampler>(interval);
       }},
      {"headroom", HeadroomTask::default_interval,
       [](const CollectorOptions&, milliseconds interval) -> TaskPtr {
         return std::make_unique<HeadroomTask>(interval);
       }},
      {"disk_space", DiskSpaceTask::default_interval,
       [](const CollectorOptions& options, milliseconds interval) -> TaskPtr {
         return std::make_unique<DiskSpaceTask>(options.disk_space, interval);
       }}};
  return table;
}

}  // namespace pgvigil
