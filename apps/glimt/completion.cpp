#include "completion.hpp"

#include <unistd.h>

#include <csignal>

namespace glimt::command {
namespace {

struct Completion {
  std::string shell;
  std::vector<std::string> words;
};

int run(const CLI::App& app, const Completion& o) {
  if (o.shell != "words") {
    std::fputs(o.shell == "bash" ? kBashCompletion : kZshCompletion, stdout);
    return kOk;
  }
  // Somebody waits at a key: a hub that hangs has no names.
  std::signal(SIGALRM, [](int) { _exit(kOk); });
  alarm(2);
  for (const auto& word : complete(app, o.words)) std::printf("%s\n", word.c_str());
  return kOk;
}

}  // namespace

void add_completion(CLI::App& app, int& code) {
  auto o = std::make_shared<Completion>();
  auto* completion = app.add_subcommand("completion", "Print the script that completes words at the Tab key");
  completion->add_option("shell", o->shell, "bash or zsh; words: what may stand next, for these scripts")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "words"}));
  completion->add_option("words", o->words, "of words, behind --: the command line so far");
  completion->footer(
      "Examples:\n  source <(glimt completion bash)\n  glimt completion zsh > ~/.zfunc/_glimt");
  completion->callback([o, &app, &code] { code = run(app, *o); });
}

}  // namespace glimt::command
