// Boot argument `selftest`: checks of what only the machine itself can show. (The rest is tested on the host.)
#pragma once

namespace kern {

// Runs every check, prints a line for each, and says whether all passed. In a thread that has no user space.
bool run_selftests();

}  // namespace kern
