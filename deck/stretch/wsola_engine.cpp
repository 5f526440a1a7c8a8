// SPDX-License-Identifier: GPL-3.0-or-later
#include "deck/stretch/wsola_engine.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

namespace crowdjack {

namespace {

// Short pieces keep a beat near its place; the seek window spans the period of a 60 Hz bass, so that it can join in
// phase.
constexpr int piece_ms = 50;
constexpr int seek_ms = 16;
constexpr int overlap_ms = 8;

constexpr double least_wsola_ratio = 0.1;
constexpr double greatest_wsola_ratio = 10.0;
constexpr std::size_t matched_frames = 16;   // a run this long does not repeat by chance but in silence and test tones
constexpr double learning_per_piece = 0.04;  // a second or so: above the jitter of single pieces, below a slow drift

std::int64_t frames_of(int ms, double rate) { return static_cast<std::int64_t>(rate) * ms / 1000; }

}  // namespace

WsolaEngine::WsolaEngine(double rate, double ratio)
    : piece_{frames_of(piece_ms, rate)},
      seek_{frames_of(seek_ms, rate)},
      overlap_{frames_of(overlap_ms, rate) / 8 * 8},
      interleaved_(2 * std::max(max_feed(), max_step())),
      history_(4 * max_feed()) {
    library_.setSampleRate(static_cast<unsigned>(rate));
    library_.setChannels(2);
    library_.setSetting(SETTING_USE_AA_FILTER, 0);  // there is no change of pitch to filter for
    library_.setSetting(SETTING_SEQUENCE_MS, piece_ms);
    library_.setSetting(SETTING_SEEKWINDOW_MS, seek_ms);
    library_.setSetting(SETTING_OVERLAP_MS, overlap_ms);
    prewarm();
    set_ratio(ratio);
}

// The library's queues allocate while they grow: let them grow to their greatest now.
void WsolaEngine::prewarm() {
    library_.setTempo(1.0 / least_wsola_ratio);
    const std::vector<float> silence(2 * max_feed());
    library_.putSamples(silence.data(), static_cast<unsigned>(max_feed()));
    library_.clear();
}

std::size_t WsolaEngine::prime_frames() const noexcept { return static_cast<std::size_t>(2 * piece_); }

double WsolaEngine::look_ahead() const noexcept { return static_cast<double>(piece_ + seek_); }

StretchPlace WsolaEngine::place() const noexcept {
    const auto begin = static_cast<double>(fed_ - static_cast<std::int64_t>(library_.numUnprocessedSamples()));
    const double half_piece = 0.5 * static_cast<double>(piece_);
    // The first piece is taken from where it begins, nothing is there to fit it to.
    const double in_window = made_ == 0 ? 0.0 : 0.5 * static_cast<double>(seek_) + offset_;
    return {begin + in_window + half_piece, static_cast<double>(made_) + half_piece};
}

void WsolaEngine::set_ratio(double ratio) {
    const double tempo = 1.0 / std::clamp(ratio, least_wsola_ratio, greatest_wsola_ratio);
    library_.setTempo(tempo);
    // The library wants a whole piece and seek window, or the way to the next piece if that is longer.
    const std::int64_t skip = std::llround(tempo * static_cast<double>(piece_ - overlap_));
    needed_ = std::max(skip + overlap_, piece_) + seek_;
}

std::size_t WsolaEngine::wanted() const {
    const std::int64_t missing = needed_ - static_cast<std::int64_t>(library_.numUnprocessedSamples());
    constexpr std::int64_t held_back = 8;  // frames that the library's (idle) resampler may keep
    return std::clamp<std::size_t>(static_cast<std::size_t>(std::max(missing, held_back)), 1, max_feed());
}

std::size_t WsolaEngine::max_feed() const noexcept {
    return static_cast<std::size_t>(std::ceil(static_cast<double>(piece_) / least_wsola_ratio)) +
           static_cast<std::size_t>(2 * seek_);
}

void WsolaEngine::feed(std::span<const float> left, std::span<const float> right) {
    const std::size_t slots = history_.size() / 2;
    piece_begin_ = fed_ - static_cast<std::int64_t>(library_.numUnprocessedSamples());
    for (std::size_t i = 0; i < left.size(); ++i) {
        const std::size_t slot = 2 * ((static_cast<std::size_t>(fed_) + i) % slots);
        interleaved_[2 * i] = history_[slot] = left[i];
        interleaved_[2 * i + 1] = history_[slot + 1] = right[i];
    }
    library_.putSamples(interleaved_.data(), static_cast<unsigned>(left.size()));
    fed_ += static_cast<std::int64_t>(left.size());
}

std::size_t WsolaEngine::available() const { return std::min<std::size_t>(library_.numSamples(), max_step()); }

std::size_t WsolaEngine::max_step() const noexcept { return static_cast<std::size_t>(2 * piece_); }

void WsolaEngine::retrieve(std::span<float> left, std::span<float> right) {
    const std::size_t got = library_.receiveSamples(interleaved_.data(), static_cast<unsigned>(left.size()));
    if (static_cast<std::int64_t>(got) == piece_ - overlap_) {
        learn_offset();
    }
    for (std::size_t i = 0; i < got; ++i) {
        left[i] = interleaved_[2 * i];
        right[i] = interleaved_[2 * i + 1];
    }
    made_ += static_cast<std::int64_t>(got);
}

// Looks for the piece in the source from the middle of the seek window outwards; silence matches everywhere and teaches
// nothing.
void WsolaEngine::learn_offset() {
    const auto copied_from = static_cast<std::size_t>(overlap_);
    const auto* first = interleaved_.data() + 2 * copied_from;
    if (std::all_of(first, first + 2 * matched_frames, [](float x) { return x == 0.0F; })) {
        return;
    }
    const std::int64_t middle = piece_begin_ + seek_ / 2 + overlap_;
    const std::int64_t reach = seek_ / 2 + 8;
    std::optional<std::int64_t> found;
    for (std::int64_t away = 0; away <= reach && !found; ++away) {
        for (const std::int64_t offset : {away, -away}) {
            if (!found && matches(middle + offset, copied_from)) {
                found = offset;
            }
        }
    }
    if (found) {
        const double limit = 0.25 * static_cast<double>(seek_);
        offset_ += learning_per_piece * (static_cast<double>(*found) - offset_);
        offset_ = std::clamp(offset_, -limit, limit);
    }
}

bool WsolaEngine::matches(std::int64_t source, std::size_t output) const noexcept {
    const std::size_t slots = history_.size() / 2;
    if (source < 0 || source + static_cast<std::int64_t>(matched_frames) > fed_) {
        return false;
    }
    for (std::size_t i = 0; i < matched_frames; ++i) {
        const std::size_t slot = 2 * ((static_cast<std::size_t>(source) + i) % slots);
        if (history_[slot] != interleaved_[2 * (output + i)] ||
            history_[slot + 1] != interleaved_[2 * (output + i) + 1]) {
            return false;
        }
    }
    return true;
}

}  // namespace crowdjack
