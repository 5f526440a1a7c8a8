// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/audio/ogg_pages.hpp"

#include <algorithm>
#include <cstring>

namespace crowdjack {

OggPages::OggPages(std::span<const std::byte> bytes) noexcept : bytes_{bytes}, behind_{bytes} { ogg_sync_init(&sync_); }

OggPages::~OggPages() { ogg_sync_clear(&sync_); }

std::optional<std::size_t> OggPages::next(ogg_page& page) {
    constexpr std::size_t piece = 65536;
    while (true) {
        const long size = ogg_sync_pageseek(&sync_, &page);
        if (size > 0) {
            const std::size_t at = passed_;
            passed_ += static_cast<std::size_t>(size);
            return at;
        }
        if (size < 0) {
            passed_ += static_cast<std::size_t>(-size);
            continue;
        }
        const std::size_t count = std::min(piece, bytes_.size() - given_);
        if (count == 0 && passed_ < given_) {
            go_to(passed_ + 1);  // what looks like a page promises more than there is: is there another one in it?
            continue;
        }
        char* const room = count > 0 ? ogg_sync_buffer(&sync_, static_cast<long>(count)) : nullptr;
        if (room == nullptr) {
            return std::nullopt;
        }
        std::memcpy(room, bytes_.data() + given_, count);
        ogg_sync_wrote(&sync_, static_cast<long>(count));
        given_ += count;
        behind_.passed(given_);
    }
}

void OggPages::go_to(std::size_t at) noexcept {
    ogg_sync_reset(&sync_);
    given_ = std::min(at, bytes_.size());
    passed_ = given_;
    behind_ = LeavesBehind{bytes_};
}

bool OggPackets::next(ogg_packet& packet) noexcept {
    int result = 0;
    do {
        result = ogg_stream_packetout(&stream_, &packet);
    } while (result < 0);  // something is missing before the next
    return result > 0;
}

}  // namespace crowdjack
