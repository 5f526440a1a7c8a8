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
                     Failed failed) {
    const std::filesystem::path file = allowed(path);
    const std::uint64_t number = ++stem_numbers_.at(slot);
    open_stream(file, 0.0,
                [this, slot, number, file, name, finished = std::move(finished), failed = std::move(failed)](
                    const StreamBook::Owned& stream, const std::optional<std::string>& failure) {
                    if (number != stem_numbers_.at(slot)) {
                        failed(OscErrorCode::refused, "another command for this slot came before it was open");
                        return;
                    }
                    if (failure) {
                        failed(OscErrorCode::failed, *failure);
                        return;
                    }
                    TrackStream* const key = streams_.add(stream);
                    sender_.send(LoadStem{slot, key});
                    Stem loaded;
                    loaded.path = file.string();
                    loaded.name = name.empty() ? file.stem().string() : name;
                    loaded.stream = key;
                    streams_.retire(std::exchange(stems_.at(slot), loaded).stream);
                    expect_reports();
                    state_changed();
                    finished();
                });
}

void Deck::play_stem(std::size_t slot, double rate, double gain, bool loop, double start_fraction, Placed placed,
                     Failed failed) {
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
    stem.stream->seek_ahead(static_cast<std::int64_t>(source),
                            [this, events = &shell_.loop(), command, key = stem.stream, placed = std::move(placed),
                             failed = std::move(failed)] {
                                events->post([this, command, key, placed, failed] {
                                    if (stems_.at(command.slot).stream != key) {
                                        failed(OscErrorCode::refused, "another stem was loaded meanwhile");
                                        return;
                                    }
                                    order_stem(command, placed, failed);
                                });
                            });
}

void Deck::order_stem(const PlayStem& command, const Placed& placed, const Failed& failed) {
    sender_.send(command, placed, [failed](Refused::Why) { failed(OscErrorCode::not_ready, "no stem in that slot"); });
    expect_reports();
    state_changed();
}

void Deck::stop_stem(std::size_t slot) {
    if (stems_.at(slot).stream == nullptr) {
        throw OscError{OscErrorCode::not_ready, "no stem is loaded in slot " + std::to_string(slot)};
    }
    sender_.send(StopStem{slot});
    expect_reports();
    state_changed();
}

void Deck::stem_gain(std::size_t slot, double linear) {
    if (stems_.at(slot).stream == nullptr) {
        throw OscError{OscErrorCode::not_ready, "no stem is loaded in slot " + std::to_string(slot)};
    }
    sender_.send(SetStemGain{slot, static_cast<float>(linear)});
    stems_.at(slot).gain = linear;
    expect_reports();
    state_changed();
}

}  // namespace crowdjack
