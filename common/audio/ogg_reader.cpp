// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/audio/ogg_reader.hpp"

#include "common/error.hpp"
#include "common/log.hpp"

#include <algorithm>
#include <utility>

namespace crowdjack {

OggReader::OggReader(std::span<const std::byte> bytes, const std::string& path) : pages_{bytes} {
    look_through(path);
    if (links_.empty()) {
        throw Failure{"it holds no audio"};
    }
    format_.rate = links_.front().codec->rate();
    format_.channels = static_cast<std::uint32_t>(links_.front().codec->channels());
    format_.encoding = links_.front().codec->name();
    for (const Link& link : links_) {
        keep(link.begin + link.skip, link.begin + link.frames - link.padding);
    }
}

void OggReader::look_through(const std::string& path) {
    OggPackets packets{0};
    ogg_page page;
    while (const auto at = pages_.next(page)) {
        if (ogg_page_bos(&page) != 0) {
            begin_link(page, *at, packets, path);
        } else if (!links_.empty() && ogg_page_serialno(&page) == links_.back().serial) {
            count(page, *at, packets);
        }
    }
    if (!links_.empty() && links_.back().frames == 0) {
        links_.pop_back();
    }
}

void OggReader::begin_link(ogg_page& page, std::size_t at, OggPackets& packets, const std::string& path) {
    const int serial = ogg_page_serialno(&page);
    OggPackets alone{serial};
    alone.add(page);
    ogg_packet first;
    auto codec = alone.next(first) ? make_ogg_codec(first) : nullptr;
    const bool beside_another = !links_.empty() && links_.back().frames == 0 && links_.back().codec->complete();
    if (codec == nullptr || beside_another || codec->channels() < 1) {
        return;
    }
    if (!links_.empty() && codec->rate() != links_.front().codec->rate()) {
        log_event(LogLevel::warning, "part-left-out",
                  {{"path", path}, {"why", "its sample rate is not that of the part before"}, {"rate", codec->rate()}});
        return;
    }
    if (!links_.empty() && links_.back().frames == 0) {
        links_.pop_back();
    }
    Link link;
    link.codec = std::move(codec);
    link.serial = serial;
    link.at = at;
    link.begin = links_.empty() ? 0 : links_.back().begin + links_.back().frames;
    links_.push_back(std::move(link));
    packets.restart(serial);
    packets.add(page);
    while (packets.next(first)) {  // the first header, taken already
    }
}

/// Counts what comes out of the packets that end on a page, and remembers it as a place to begin at.
void OggReader::count(ogg_page& page, std::size_t at, OggPackets& packets) {
    Link& link = links_.back();
    const int ending = ogg_page_packets(&page);
    packets.add(page);
    std::vector<std::int64_t> durations;
    ogg_packet packet;
    int came = 0;
    for (; packets.next(packet); ++came) {
        if (!link.codec->take_header(packet) && link.codec->complete()) {
            durations.push_back(link.codec->duration(packet));
        }
    }
    if (durations.empty()) {
        return;
    }
    // Who begins here never sees the packet that began on a page before.
    const std::size_t lost = ogg_page_continued(&page) != 0 && came == ending ? 1 : 0;
    std::int64_t total = 0;
    for (std::size_t i = 0; i < durations.size(); ++i) {
        if (i == lost) {
            places_.push_back(
                {link.begin + link.frames + total + (link.codec->primes() ? durations[i] : 0), at, links_.size() - 1});
        }
        total += durations[i];
    }
    link.frames += total;
    trim(link, page, total);
}

/// What the granule positions of the first and of the last page leave out.
void OggReader::trim(Link& link, ogg_page& page, std::int64_t frames) {
    const std::int64_t granule = ogg_page_granulepos(&page);
    link.since += frames;
    if (granule < 0) {
        return;
    }
    const bool first = link.granule < 0;
    const bool last = ogg_page_eos(&page) != 0;
    if (first) {
        link.skip = link.codec->delay();
        if (!last && link.codec->primes()) {
            link.skip = std::clamp<std::int64_t>(link.frames - granule, 0, link.frames);
        }
    }
    if (last) {
        const std::int64_t expected = first ? link.frames : link.granule + link.since;
        link.padding = std::clamp<std::int64_t>(expected - granule, 0, link.since);
    }
    link.granule = granule;
    link.since = 0;
}

void OggReader::enter(std::size_t link) {
    links_[current_].codec->rest();
    current_ = link;
    packets_.restart(links_[current_].serial);
    links_[current_].codec->restart();
}

std::int64_t OggReader::go_to(std::int64_t frame) {
    const auto link = std::upper_bound(links_.begin(), links_.end(), frame,
                                       [](std::int64_t wanted, const Link& each) { return wanted < each.begin; });
    const auto index = static_cast<std::size_t>(std::max<std::ptrdiff_t>(1, link - links_.begin())) - 1;
    const std::int64_t wanted = frame - links_[index].codec->preroll();
    enter(index);
    const auto after = std::upper_bound(places_.begin(), places_.end(), wanted,
                                        [](std::int64_t place, const Place& each) { return place < each.frame; });
    if (after == places_.begin() || (after - 1)->link != index) {
        pages_.go_to(links_[index].at);
        return links_[index].begin;
    }
    pages_.go_to((after - 1)->at);
    return (after - 1)->frame;
}

bool OggReader::next_block(std::vector<float>& interleaved) {
    ogg_packet packet;
    while (true) {
        while (packets_.next(packet)) {
            OggCodec& codec = *links_[current_].codec;
            if (codec.take_header(packet)) {
                continue;
            }
            codec.decode(packet, interleaved);
            if (!interleaved.empty()) {
                spread(interleaved, static_cast<std::size_t>(codec.channels()));
                return true;
            }
        }
        ogg_page page;
        const auto at = pages_.next(page);
        if (!at) {
            return false;
        }
        if (current_ + 1 < links_.size() && *at >= links_[current_ + 1].at) {
            enter(current_ + 1);
        }
        if (ogg_page_serialno(&page) == links_[current_].serial) {
            packets_.add(page);
        }
    }
}

/// The sound of a link with another number of channels as the first link would have it.
void OggReader::spread(std::vector<float>& interleaved, std::size_t channels) const {
    const auto wanted = static_cast<std::size_t>(format_.channels);
    if (channels == wanted) {
        return;
    }
    const std::vector<float> before = std::exchange(interleaved, {});
    for (std::size_t frame = 0; frame + channels <= before.size(); frame += channels) {
        for (std::size_t c = 0; c < wanted; ++c) {
            interleaved.push_back(before[frame + std::min(c, channels - 1)]);
        }
    }
}

std::vector<std::byte> flac_in_ogg(std::span<const std::byte> bytes) {
    constexpr std::size_t mapping_head = 9;  // before "fLaC" in the first packet
    std::vector<std::byte> result;
    OggPages pages{bytes};
    OggPackets packets{0};
    int serial = 0;
    ogg_page page;
    while (pages.next(page)) {
        if (ogg_page_bos(&page) != 0) {
            OggPackets alone{ogg_page_serialno(&page)};
            alone.add(page);
            ogg_packet first;
            if (alone.next(first) && as_text(first).starts_with("\x7f"
                                                                "FLAC")) {
                serial = ogg_page_serialno(&page);
                packets.restart(serial);
            }
        }
        if (ogg_page_serialno(&page) != serial) {
            continue;
        }
        packets.add(page);
        ogg_packet packet;
        while (packets.next(packet)) {
            const std::string_view text = as_text(packet);
            const auto* const begin = reinterpret_cast<const std::byte*>(packet.packet);
            if (text.starts_with("\x7f"
                                 "FLAC") &&
                result.empty() && text.size() >= mapping_head + 42) {
                result.assign(begin + mapping_head, begin + mapping_head + 42);
                result[4] |= std::byte{0x80};  // the other metadata is left out
            } else if (text.starts_with('\xFF')) {
                result.insert(result.end(), begin, begin + packet.bytes);
            }
        }
    }
    return result;
}

}  // namespace crowdjack
