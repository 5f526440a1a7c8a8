// SPDX-License-Identifier: GPL-3.0-or-later
// A deck's stems: sixteen tracks more that sound along.
#include "common/log.hpp"
#include "deck/control/deck.hpp"

#include <cmath>
#include <utility>

namespace crowdjack {

namespace {

constexpr double together_s = 0.03;  // stems asked for within this time start on one frame

}  // namespace

void Deck::load_stem(std::size_t slot, const std::string& path, const std::string& name, Finished finished,
                     const Failed& failed) {
    const std::filesystem::path file = allowed(path);
    TrackOpener::Wish wish;
    wish.file = file;
    wish.opened = [this, slot, file, name, finished = std::move(finished), failed](const TrackOpener::Result& result) {
        if (result.failure) {
            failed(OscErrorCode::failed, *result.failure);
            return;
        }
        TrackStream* const key = streams_.add(result.stream);
        sender_.send(LoadStem{slot, key});
        Stem loaded_stem;
        loaded_stem.path = file.string();
        loaded_stem.name = name.empty() ? file.stem().string() : name;
        loaded_stem.stream = key;
        stem_seeks_[slot]->cancel("another stem was loaded meanwhile");
        missing_stems_[slot].reset();
        streams_.retire(std::exchange(stems_.at(slot), loaded_stem).stream);
        expect_reports();
        shell_.state_changed();
        finished();
    };
    wish.overtaken = [failed] {
        failed(OscErrorCode::refused, "another command for this slot came before it was open");
    };
    stem_openers_.at(slot)->open(std::move(wish));
}

void Deck::play_stem(std::size_t slot, double rate, double gain, bool loop, double start_fraction, Placed placed,
                     const Failed& failed) {
    require_server();
    Stem& stem = stems_.at(slot);
    if (stem.stream == nullptr) {
        throw OscError{OscErrorCode::not_ready,
                       "no stem is loaded in slot " + std::to_string(slot) + ": send /deck/stem/load first"};
    }
    const JackFrame soonest = shell_.jack().soonest();
    if (!stem_start_ || *stem_start_ < soonest) {
        stem_start_ = soonest + to_frames(Seconds{together_s}, shell_.jack().format().rate);
    }
    stem.rate = rate;
    stem.gain = gain;
    stem.loop = loop;
    const auto length = stem.stream->windows().length();
    const double source = std::floor(start_fraction * static_cast<double>(length - 1));
    if (loop) {
        stem.stream->set_loop(ResidencyWants::Loop{0, length});
    } else {
        stem.stream->set_loop(std::nullopt);
    }
    PlayStem command{slot, rate, static_cast<float>(gain), loop, source, stem_start_};
    stem_seeks_[slot]->seek(
        streams_.find(stem.stream), static_cast<std::int64_t>(source),
        [this, command, placed = std::move(placed), failed] { order_stem(command, placed, failed); },
        [failed](const std::string& why) { failed(OscErrorCode::refused, why); });
}

void Deck::order_stem(const PlayStem& command, const Placed& placed, const Failed& failed) {
    sender_.send(command, placed, [failed](Refused::Why) { failed(OscErrorCode::not_ready, "no stem in that slot"); });
    expect_reports();
    shell_.state_changed();
}

void Deck::stop_stem(std::size_t slot) {
    if (stems_.at(slot).stream == nullptr) {
        throw OscError{OscErrorCode::not_ready, "no stem is loaded in slot " + std::to_string(slot)};
    }
    sender_.send(StopStem{slot});
    expect_reports();
    shell_.state_changed();
}

void Deck::stem_gain(std::size_t slot, double linear) {
    if (stems_.at(slot).stream == nullptr) {
        throw OscError{OscErrorCode::not_ready, "no stem is loaded in slot " + std::to_string(slot)};
    }
    sender_.send(SetStemGain{slot, static_cast<float>(linear)});
    stems_.at(slot).gain = linear;
    expect_reports();
    shell_.state_changed();
}

}  // namespace crowdjack
