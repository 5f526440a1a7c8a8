// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace crowdjack {

/// One callable out of several lambdas, for std::visit.
template <typename... Cases>
struct Overloaded : Cases... {
    using Cases::operator()...;
};
// clang 14 can't deduce an aggregate's arguments by itself.
template <typename... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace crowdjack
