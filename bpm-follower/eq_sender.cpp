// SPDX-License-Identifier: GPL-3.0-or-later
#include "bpm-follower/eq_sender.hpp"

#include "common/deck_names.hpp"
#include "common/protocol/mixer_messages.hpp"

#include <algorithm>
#include <cmath>

namespace crowdjack {

namespace {

constexpr double least_change_percent = 0.25;  // a quarter of a decibel

double difference(const LimbEq::Percents& a, const LimbEq::Percents& b) {
    return std::max({std::abs(a.low - b.low), std::abs(a.mid - b.mid), std::abs(a.high - b.high)});
}

}  // namespace

std::vector<std::string> EqSender::strips() {
    std::vector<std::string> names;
    for (const auto& peer : shell_.peers().all()) {
        if (peer.kind == "deck" && peer.client.starts_with(deck_prefix)) {
            names.push_back(deck_short_name(peer.client));
        }
    }
    if (names.empty()) {
        names = {"A", "B", "C", "D"};
    }
    std::sort(names.begin(), names.end());
    return names;
}

void EqSender::tick(double now_s) { send(eq_.percents(now_s), false); }

void EqSender::flatten() {
    if (sent_ && sent_->percents != LimbEq::Percents{}) {
        send(LimbEq::Percents{}, true);
    }
}

void EqSender::send(const LimbEq::Percents& percents, bool anyway) {
    for (const auto& peer : shell_.peers().all()) {
        if (peer.kind != "mixer-bus") {
            continue;
        }
        auto names = strips();
        const bool same = sent_ && sent_->mixer_url == peer.url && sent_->strips == names &&
                          difference(sent_->percents, percents) < least_change_percent;
        const bool untouched = !sent_ && percents == LimbEq::Percents{};
        if (!anyway && (same || untouched)) {
            return;
        }
        for (const auto& name : names) {
            const protocol::MixerBands bands{name,
                                             {static_cast<float>(percents.low), static_cast<float>(percents.mid),
                                              static_cast<float>(percents.high)}};
            shell_.peers().tell(peer, bands.write());
        }
        sent_ = Sent{peer.url, std::move(names), percents};
        return;
    }
}

}  // namespace crowdjack
