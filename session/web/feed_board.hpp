// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "session/web/http_types.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace crowdjack::web {

/// The latest text of every section of the feed. A viewer that was busy gets, once it can, what is newest of each
/// section that changed since its last message, and never what lies between: skipped, not waited for.
class FeedBoard {
public:
    /// Where a viewer stands: everything up to this is known to it.
    using Serial = std::uint64_t;

    /// @returns whether anything changed
    bool publish(std::vector<FeedSection> sections) {
        const Serial before = latest_;
        for (FeedSection& section : sections) {
            Entry& entry = entries_[std::move(section.name)];
            if (entry.json != section.json) {
                entry.json = std::move(section.json);
                entry.serial = ++latest_;
            }
        }
        return latest_ != before;
    }

    [[nodiscard]] Serial latest() const noexcept { return latest_; }

    /// `{"name":json,…}` of all that is newer than `seen`; viewers that stand at the same place share one text.
    [[nodiscard]] std::shared_ptr<const std::string> since(Serial seen) const {
        if (made_ == nullptr || made_from_ != seen || made_at_ != latest_) {
            auto text = std::make_shared<std::string>("{");
            for (const auto& [name, entry] : entries_) {
                if (entry.serial > seen) {
                    text->append(text->size() > 1 ? "," : "").append("\"").append(name).append("\":");
                    text->append(entry.json);
                }
            }
            *text += "}";
            made_ = std::move(text);
            made_from_ = seen;
            made_at_ = latest_;
        }
        return made_;
    }

private:
    struct Entry {
        std::string json;
        Serial serial{};
    };
    std::map<std::string, Entry, std::less<>> entries_;
    Serial latest_{0};
    mutable std::shared_ptr<const std::string> made_;
    mutable Serial made_from_{0}, made_at_{0};
};

}  // namespace crowdjack::web
