#pragma once

#include <memory>
#include <optional>

#include "collectors/connections.h"
#include "collectors/statements/ledger.h"
#include "collectors/statements/options.h"
#include "collectors/statements/report.h"
#include "collectors/statements/text_cache.h"
#include "collectors/task.h"

namespace pgvigil {

// The task "statements": reads pg_stat_statements and reports what the ledger makes of it. The extension is looked for
// in the connected database; it counts the statements of all of them.
class StatementsTask final : public Task {
 public:
  static constexpr milliseconds default_interval{30000};

  explicit StatementsTask(const StatementOptions& options, milliseconds interval = default_interval,
                          const StatementLedger::Limits& limits = {}, const StatementTexts::Limits& texts = {});
  const TaskInfo& info() const override { return info_; }
  std::vector<Family> run(RunContext& context) override;

  // Texts that were read, whether they are on /metrics or not.
  const StatementTexts& texts() const { return texts_; }
  const StatementLedger* ledger() const { return ledger_ ? &*ledger_ : nullptr; }

 private:
  void read(PgConnection& connection, const Extension& extension, const RunContext& context);
  void refresh_names(PgConnection& connection, const RunContext& context);
  void refresh_texts(PgConnection& connection, const Extension& extension, const RunContext& context,
                     milliseconds last_read);

  StatementOptions options_;
  StatementLedger::Limits limits_;
  TaskInfo info_;
  std::string version_;  // of the extension that the ledger's counters are of
  StatementsQuery query_;
  std::optional<StatementLedger> ledger_;
  StatementTexts texts_;
  OwnerNames names_;
};

}  // namespace pgvigil
