// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/toml_bound.hpp"

#include <algorithm>
#include <string>

namespace crowdjack {

namespace {

/// Walks over TOML as far as needed to tell texts and comments from the rest.
class Depths {
public:
    explicit Depths(std::string_view text) : text_{text} {}

    /// The line of the first place that lies too deep; 0 when there is none.
    int line_beyond(int limit) {
        while (at_ < text_.size()) {
            step();
            if (brackets_ + dots_ > limit) {
                return line_;
            }
        }
        return 0;
    }

private:
    void step() {
        const char c = text_[at_];
        if (c == '"' || c == '\'') {
            skip_text(c);
            return;
        }
        if (c == '#') {
            at_ = std::min(text_.find('\n', at_), text_.size());
            return;
        }
        ++at_;
        if (c == '\n') {
            ++line_;
            dots_ = 0;
        } else if (c == '[' || c == '{') {
            ++brackets_;
        } else if (c == ']' || c == '}') {
            brackets_ = std::max(0, brackets_ - 1);
        } else if (c == '.') {
            ++dots_;
        } else if (c == ',') {
            dots_ = 0;
        }
    }

    void skip_text(char quote) {
        const std::string three(3, quote);
        const bool is_long = text_.substr(at_, 3) == three;
        at_ += is_long ? 3 : 1;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '\n') {
                if (!is_long) {
                    return;  // not ended: the parser will say so
                }
                ++line_;
            }
            if (c == '\\' && quote == '"') {
                at_ += 2;
                continue;
            }
            if (is_long ? text_.substr(at_, 3) == three : c == quote) {
                at_ += is_long ? 3 : 1;
                return;
            }
            ++at_;
        }
    }

    std::string_view text_;
    std::size_t at_{0};
    int line_{1};
    int brackets_{0};
    int dots_{0};  ///< since the last line or comma: those of a key, and of a number
};

}  // namespace

SessionProblem toml_bound(std::string_view text) {
    if (text.size() > largest_session_file) {
        return {0,
                "it is larger than " + std::to_string(largest_session_file / 1024) + " KiB: that is no session file"};
    }
    if (const int line = Depths{text}.line_beyond(deepest_session_file); line > 0) {
        return {line,
                "tables lie more than " + std::to_string(deepest_session_file) + " deep: that is no session file"};
    }
    return {};
}

}  // namespace crowdjack
