#pragma once

#include <functional>

#include "absl/status/status.h"

namespace CLI {
class App;
}

namespace ringfence::cli {

// How every command ends.
enum ExitStatus {
  kDone = 0,
  // The command line is wrong.
  kWrongUse = 2,
  // It could not be finished: no server, no file, no room.
  kUnfinished = 3,
};

// Says on standard error why, and returns kUnfinished.
int Fail(const absl::Status& status);

// What a command does, once the command line has been read. Returns an ExitStatus.
using Command = std::function<int()>;

// Each declares its options on `app`, a subcommand of its own, with examples in the footer, and
// returns what runs it. The table in main.cc names them. What is declared lives as long as the
// command; wrong use that only shows later is a CLI::ValidationError.
Command DeclareServe(CLI::App& app);
Command DeclareReplay(CLI::App& app);
Command DeclareExport(CLI::App& app);
Command DeclareIngest(CLI::App& app);
Command DeclareSubscribe(CLI::App& app);
Command DeclareLookup(CLI::App& app);
Command DeclareCampaigns(CLI::App& app);
Command DeclareStatus(CLI::App& app);
Command DeclareConsumers(CLI::App& app);
Command DeclareSample(CLI::App& app);
Command DeclareSnapshot(CLI::App& app);
Command DeclareTopics(CLI::App& app);
Command DeclareExplain(CLI::App& app);
Command DeclareHeld(CLI::App& app);
Command DeclarePolicy(CLI::App& app);
Command DeclareToken(CLI::App& app);
Command DeclareOverride(CLI::App& app);
Command DeclareRetractPartner(CLI::App& app);
Command DeclareFeedback(CLI::App& app);
Command DeclareTokens(CLI::App& app);
Command DeclareAudit(CLI::App& app);
Command DeclareReferral(CLI::App& app);
Command DeclareHold(CLI::App& app);

}  // namespace ringfence::cli
