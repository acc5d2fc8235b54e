// SPDX-License-Identifier: Apache-2.0
// The table of commands.
#include "cli/command.hpp"
#include "cli/process.hpp"
#include "numeric/instruction_set.hpp"
#include "upinspect/inspect.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>

namespace upinspect::cli {

std::function<Exit()> add_file(::CLI::App& app);
std::function<Exit()> add_diff(::CLI::App& app);
std::function<Exit()> add_lsb(::CLI::App& app);
std::function<Exit()> add_check(::CLI::App& app);
std::function<Exit()> add_lock(::CLI::App& app);
std::function<Exit()> add_pickle(::CLI::App& app);
std::function<Exit()> add_explain(::CLI::App& app);
std::function<Exit()> add_convert(::CLI::App& app);
std::function<Exit()> add_merge(::CLI::App& app);

namespace {

constexpr std::array k_commands{
    Command{"file", "What is this, is it whole, what is in it?", add_file},
    Command{"diff", "What changed, down to the bit, and does the change say something?", add_diff},
    Command{"lsb", "What do the low bits of one file hold?", add_lsb},
    Command{"check", "May CI let it pass: is it what the list says, and is nothing wrong with it?", add_check},
    Command{"lock", "Write down what files are, tensor by tensor, for check", add_lock},
    Command{"pickle", "What would unpickling do? Every opcode, global and call; nothing is executed", add_pickle},
    Command{"explain", "What does a finding mean, why does it matter, what is to be done?", add_explain},
    Command{"convert", "The same tensors in another container, under other names, in another dtype", add_convert},
    Command{"merge", "The weights of a base model with an adapter's updates in them", add_merge},
};

bool is_command(std::string_view name) {
  return std::any_of(k_commands.begin(), k_commands.end(), [name](const Command& command) { return command.name == name; });
}

std::string names_of_commands() {
  std::string names;
  for (const auto& command : k_commands) {
    names += (names.empty() ? "" : ", ") + std::string(command.name);
  }
  return names;
}

/// UPINSPECT_INSTRUCTIONS holds the program to fewer than the processor has, to see that the answer is the same. False where it
/// names none that there are.
bool choose_instructions() {
  const char* const value = std::getenv("UPINSPECT_INSTRUCTIONS");
  constexpr std::array<std::string_view, 3> k_names{"plain", "avx2", "avx512"};
  const auto found = std::find(k_names.begin(), k_names.end(), std::string_view(value == nullptr ? "avx512" : value));
  const auto set = static_cast<numeric::InstructionSet>(found - k_names.begin());
  if (found == k_names.end() || (value != nullptr && set > numeric::best_instruction_set())) {
    complain("UPINSPECT_INSTRUCTIONS: \"" + std::string(value) + "\" is no set of instructions that this processor has; there are plain, avx2 and avx512");
    return false;
  }
  numeric::use_instruction_set(std::min(set, numeric::best_instruction_set()));
  return true;
}

int run(int argc, char** argv) {
  if (!choose_instructions()) {
    return static_cast<int>(Exit::failure);
  }
  ::CLI::App app("Forensic inspector for LoRA and adapter weight files. Never executes what it reads.", "upinspect");
  app.set_version_flag("--version", std::string("upinspect ") + version());
  app.require_subcommand(1);
  app.footer("Exit codes: 0 done, 1 findings at or above --fail-on, 2 could not do the job.");
  Exit result = Exit::ok;
  // Options are declared of the one command that is called: those of all nine take as long as a quick look at a file.
  const bool is_chosen = argc > 1 && is_command(argv[1]);
  for (const auto& command : k_commands) {
    auto* sub = app.add_subcommand(std::string(command.name), std::string(command.summary));
    if (!is_chosen || command.name == argv[1]) {
      sub->callback([&result, work = command.add(*sub)] { result = work(); });
    }
  }
  if (argc > 1 && argv[1][0] != '-' && !is_command(argv[1])) {
    complain("\"" + std::string(argv[1]) + "\" is no command; there is: " + names_of_commands() + " (see --help)");
    return static_cast<int>(Exit::failure);
  }
  try {
    app.parse(argc, argv);
  } catch (const ::CLI::ParseError& error) {
    // Help and version are "errors" to the library; what it calls an error is a misuse to us.
    if (error.get_exit_code() == 0) {
      return app.exit(error);
    }
    complain(std::string(error.what()) + " (see --help)");
    return static_cast<int>(Exit::failure);
  }
  return static_cast<int>(result);
}

}  // namespace
}  // namespace upinspect::cli

int main(int argc, char** argv) {
  upinspect::cli::prepare_process();
  try {
    return upinspect::cli::run(argc, argv);
  } catch (const upinspect::cli::ClosedPipe&) {
    return 0;
  } catch (const upinspect::Stopped&) {
    return upinspect::cli::die_of_interrupt();
  } catch (const std::bad_alloc&) {
    upinspect::cli::complain("out of memory");
  } catch (const std::exception& error) {
    upinspect::cli::complain(error.what());
  }
  return static_cast<int>(upinspect::cli::Exit::failure);
}
