// SPDX-License-Identifier: GPL-3.0-or-later
#include "session/api/fallback_tempo.hpp"

#include "common/log.hpp"
#include "common/protocol/tempo_line_message.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

constexpr auto refresh_period = std::chrono::milliseconds{500};
constexpr auto bpm_period = std::chrono::seconds{1};
constexpr auto beat_look = std::chrono::milliseconds{50};
/// Ahead of now, so that every deck has the line before it begins, deeper than the keep-pitch decks' reserve.
constexpr double line_lead_seconds = 0.2;
constexpr Seconds longest_line{3600.0};

}  // namespace

FallbackTempo::FallbackTempo(ClientShell& shell) : shell_{shell} {
    shell.peers().on_event(at::tempo_line, [this](const PeerInfo& peer, const OscArguments& arguments) {
        if (peer.kind == "bpm-follower") {
            take_line(arguments);
        }
    });
    shell.loop().every(bpm_period, [this] { send_bpm(); });
    shell.loop().every(refresh_period, [this] { send_line(); });
}

void FallbackTempo::see_peers(const std::vector<PeerInfo>& peers) {
    const auto follower =
        std::find_if(peers.begin(), peers.end(), [](const PeerInfo& peer) { return peer.kind == "bpm-follower"; });
    if (follower == peers.end()) {
        follower_.reset();
    } else if (!follower_ || follower_->url != follower->url || follower_->pid != follower->pid) {
        issuing_ = false;  // it continues the line that it finds at a deck
        follower_ = *follower;
        shell_.peers().subscribe(follower->name);
    }
    if (peers.size() > peer_count_) {
        send_line();  // newcomers are right at once
    }
    peer_count_ = peers.size();
}

void FallbackTempo::take_line(const OscArguments& arguments) {
    if (issuing_ || !shell_.has_jack()) {
        return;
    }
    const JackClient& jack = shell_.jack();
    const auto message = protocol::TempoLineMessage::read(arguments);
    map_.add(message.line(jack.last_frame(), jack.format().rate));
    serial_ = message.serial;
    map_.forget_before(jack.last_frame());
}

void FallbackTempo::set_tempo(Bpm bpm) {
    if (!shell_.has_jack()) {
        throw OscError{OscErrorCode::not_ready, "there is no JACK server"};
    }
    const JackClient& jack = shell_.jack();
    const JackFrame from = jack.soonest() + to_frames(Seconds{line_lead_seconds}, jack.format().rate);
    issue(bpm, map_.empty() ? Beats{0.0} : map_.beat_at(static_cast<double>(from.value)), from);
}

void FallbackTempo::issue(Bpm bpm, Beats beat, JackFrame frame) {
    const TempoLine line{frame, beat, bpm, frame, bpm, shell_.jack().format().rate};
    map_.forget_before(shell_.jack().last_frame());
    map_.add(line);
    own_line_ = line;
    issuing_ = true;
    ++serial_;
    log_event(LogLevel::info, "tempo", {{"bpm", bpm.value}, {"frame", frame.value}, {"beat", beat.value}});
    send_line();
    send_bpm();
}

void FallbackTempo::send_bpm() {
    if (issuing_ && own_line_) {
        shell_.osc().publish(OscMessage{at::audio_bpm}.real(static_cast<float>(own_line_->to_bpm().value)));
    }
}

void FallbackTempo::send_line() {
    if (!issuing_ || !own_line_ || !shell_.has_jack()) {
        return;
    }
    const JackClient& jack = shell_.jack();
    if (jack.last_frame() - own_line_->from() > to_frames(longest_line, jack.format().rate)) {
        // Frames on the wire are 32 bits: a line must not begin half a wrap ago.
        set_tempo(own_line_->to_bpm());
        return;
    }
    const OscMessage message = protocol::TempoLineMessage::of(serial_, *own_line_).write();
    for (const PeerInfo& peer : shell_.peers().all()) {
        if (peer.kind == "deck" || peer.kind == "mixer-bus") {
            shell_.peers().tell(peer, message);
        }
    }
    shell_.osc().publish(message);
}

void FallbackTempo::print_clock(bool on) {
    if (on && !printing_) {
        printing_ = shell_.loop().every(beat_look, [this] { show_beat(); });
    } else if (!on && printing_) {
        shell_.loop().cancel(*std::exchange(printing_, std::nullopt));
    }
}

void FallbackTempo::reset_clock() {
    zero_beat_ = beat().value_or(Beats{}).value;
    shown_beat_ = 0;
}

std::optional<Bpm> FallbackTempo::bpm() const {
    if (map_.empty() || !shell_.has_jack()) {
        return std::nullopt;
    }
    return map_.bpm_at(shell_.jack().last_frame());
}

std::optional<Beats> FallbackTempo::beat() const {
    if (map_.empty() || !shell_.has_jack()) {
        return std::nullopt;
    }
    return map_.beat_at(static_cast<double>(shell_.jack().last_frame().value));
}

void FallbackTempo::show_beat() {
    const auto now = beat();
    if (!now) {
        return;
    }
    const auto count = static_cast<std::int64_t>(std::floor(now->value - zero_beat_));
    if (count == shown_beat_) {
        return;
    }
    shown_beat_ = count;
    log_event(LogLevel::info, "beat",
              {{"bar", count / meter_ + 1}, {"beat", count % meter_ + 1}, {"bpm", bpm().value_or(Bpm{}).value}});
}

void FallbackTempo::frames_are_void() {
    if (!map_.empty() && shell_.jack().last_frame().value > 0) {
        const JackFrame last = shell_.jack().last_frame();
        last_ = {map_.beat_at(static_cast<double>(last.value)), map_.bpm_at(last)};
    }
    map_.clear();
    own_line_.reset();
}

void FallbackTempo::server_is_back() {
    if (issuing_ && last_) {
        const JackClient& jack = shell_.jack();
        issue(last_->second, last_->first, jack.soonest() + to_frames(Seconds{line_lead_seconds}, jack.format().rate));
    }
}

}  // namespace crowdjack
