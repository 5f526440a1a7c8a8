// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "common/client_shell.hpp"
#include "session/status/budget.hpp"

namespace crowdjack {

/// Asks decks and mixer every few seconds how long their callbacks take, and logs a warning when one nears its period.
/// Control thread only.
class BudgetLog {
public:
    explicit BudgetLog(ClientShell& shell);

private:
    void ask();
    void heard(const std::string& client, const OscArguments& health);

    ClientShell& shell_;
    BudgetWatch watch_;
};

}  // namespace crowdjack
