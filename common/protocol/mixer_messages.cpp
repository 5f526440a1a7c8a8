// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/protocol/mixer_messages.hpp"

#include "common/protocol/addresses.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace crowdjack::protocol {

namespace {

/// `[d:ramp_s [i:frame]]`
void add_timing(OscMessage& message, const std::optional<double>& ramp_s, const std::optional<JackFrame>& frame) {
    if (ramp_s) {
        message.precise(*ramp_s);
    } else if (frame) {
        message.nil();
    }
    if (frame) {
        message.frame(*frame);
    }
}

}  // namespace

OscMessage MixerGain::write(const char* address) const {
    OscMessage message{address};
    message.text(strip).real(linear);
    add_timing(message, ramp_s, frame);
    return message;
}

OscMessage MixerFade::write() const {
    OscMessage message{at::mixer_fade};
    message.text(strip).real(to).precise(seconds);
    if (frame) {
        message.frame(*frame);
    }
    return message;
}

OscMessage MixerBand::write(const char* address) const {
    OscMessage message{address};
    message.text(strip).text(band).real(value);
    add_timing(message, ramp_s, frame);
    return message;
}

OscMessage MixerBands::write() const {
    OscMessage message{at::mixer_eq_all};
    message.text(strip);
    for (const float band : percent) {
        message.real(band);
    }
    return message;
}

OscMessage MixerNowPlaying::write() const {
    OscMessage message{at::mixer_nowplaying};
    message.text(deck).text(artist).text(title);
    if (frame) {
        message.frame(*frame);
    }
    return message;
}

OscMessage MixerMeters::write() const {
    OscMessage message{at::mixer_meters};
    for (const Channel& channel : channels) {
        message.text(channel.name);
        for (const double level : {channel.peak_db[0], channel.peak_db[1], channel.rms_db[0], channel.rms_db[1]}) {
            message.real(static_cast<float>(level));
        }
        constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
        message.integer(static_cast<std::int32_t>(std::min(channel.clips, most)));
    }
    return std::move(message.real(static_cast<float>(lufs)));
}

MixerMeters MixerMeters::read(const OscArguments& arguments) {
    MixerMeters meters;
    std::size_t i = 0;
    for (; arguments.is_text(i); i += 6) {
        constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
        meters.channels.push_back({std::string{arguments.text(i, "channel")},
                                   {arguments.number(i + 1, "peak_l"), arguments.number(i + 2, "peak_r")},
                                   {arguments.number(i + 3, "rms_l"), arguments.number(i + 4, "rms_r")},
                                   arguments.integer(i + 5, "clips", 0, most)});
    }
    meters.lufs = arguments.number(i, "lufs");
    return meters;
}

OscMessage MixerTap::write() const {
    OscMessage message{at::mixer_tap};
    for (const Reader& reader : readers) {
        message.text(reader.name).text(reader.state).precise(reader.written).precise(reader.lost);
        message.precise(reader.dropouts).precise(reader.lag);
    }
    return message;
}

MixerTap MixerTap::read(const OscArguments& arguments) {
    MixerTap tap;
    for (std::size_t i = 0; arguments.is_text(i); i += 6) {
        tap.readers.push_back({std::string{arguments.text(i, "reader")}, std::string{arguments.text(i + 1, "state")},
                               arguments.number(i + 2, "written"), arguments.number(i + 3, "lost"),
                               arguments.number(i + 4, "dropouts"), arguments.number(i + 5, "lag")});
    }
    return tap;
}

}  // namespace crowdjack::protocol
