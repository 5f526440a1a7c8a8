// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/error.hpp"

#include <system_error>

namespace crowdjack {

std::string errno_text(int error_number) { return std::generic_category().message(error_number); }

}  // namespace crowdjack
