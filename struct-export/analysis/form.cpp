// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/analysis/form.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace crowdjack {

namespace {

constexpr std::size_t half_phrase = 4, phrase = 8, longest = 16;  ///< bars
constexpr double clear_change = 1.2;                              ///< of the bars' vectors, in their own units
constexpr double quiet_db = 4.0;                                  ///< below the usual level: an intro, an outro
constexpr double few_kicks = 0.4;                                 ///< of the usual: a break
constexpr double loud_quantile = 0.6;                             ///< of the pieces: choruses lie above it
constexpr double same_sound = 0.8;                                ///< pieces no further apart are repeats of each other
constexpr double edge_part = 0.25;                                ///< of the track that an intro or an outro may be

/// What a bar sounds like.
struct Bar {
    std::vector<double> vector;  ///< comparable parts: levels, rhythm, tones
    double level_db{};
    double kicks{};
};

std::vector<Bar> bars_of(const BeatTrack& beats, const BeatSounds& sounds) {
    std::vector<Bar> bars;
    for (std::size_t b = 0; b < beats.downbeats.size(); ++b) {
        const std::size_t from = beats.downbeats[b];
        const std::size_t until = b + 1 < beats.downbeats.size() ? beats.downbeats[b + 1] : sounds.level_db.size();
        if (until <= from ||
            (b + 1 == beats.downbeats.size() && until - from < static_cast<std::size_t>(beats.beats_per_bar))) {
            break;
        }
        Bar bar;
        bar.vector.assign(band_count + sounds.rhythm[0].size() + 24, 0.0);
        const double count = static_cast<double>(until - from);
        for (std::size_t i = from; i < until; ++i) {
            std::size_t k = 0;
            for (const float level : sounds.level_db[i]) {
                bar.vector[k++] += std::max(static_cast<double>(level), -60.0) / 9.0 / count;
                bar.level_db += std::max(static_cast<double>(level), -60.0) / band_count / count;
            }
            for (const float strength : sounds.rhythm[i]) {
                bar.vector[k++] += 0.7 * static_cast<double>(strength) / count;
            }
            for (std::size_t pitch = 0; pitch < 12; ++pitch) {
                bar.vector[k++] += 0.15 * static_cast<double>(sounds.chroma[i][pitch]) / count;
                bar.vector[k++] += 0.2 * static_cast<double>(sounds.bass[i][pitch]) / count;
            }
            for (std::size_t step = 0; step < 4; ++step) {
                bar.kicks += static_cast<double>(sounds.rhythm[i][step]) / count;
            }
        }
        bars.push_back(std::move(bar));
    }
    return bars;
}

std::vector<double> mean_vector(const std::vector<Bar>& bars, std::size_t from, std::size_t until) {
    std::vector<double> result(bars.front().vector.size(), 0.0);
    for (std::size_t i = from; i < until; ++i) {
        for (std::size_t k = 0; k < result.size(); ++k) {
            result[k] += bars[i].vector[k] / static_cast<double>(until - from);
        }
    }
    return result;
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0.0;
    for (std::size_t k = 0; k < a.size(); ++k) {
        sum += std::abs(a[k] - b[k]);
    }
    return sum;
}

/// How much the four bars before and after each bar line differ.
std::vector<double> novelty_of(const std::vector<Bar>& bars) {
    std::vector<double> result(bars.size(), 0.0);
    for (std::size_t i = 2; i + 2 <= bars.size(); ++i) {
        const std::size_t reach = std::min({half_phrase, i, bars.size() - i});
        result[i] = distance(mean_vector(bars, i - reach, i), mean_vector(bars, i, i + reach));
    }
    return result;
}

/// Where phrases begin: the bar, counted modulo `length`, at which most changes.
std::size_t phase_of(const std::vector<double>& novelty, std::size_t length) {
    std::vector<double> sums(length, 0.0);
    for (std::size_t i = 0; i < novelty.size(); ++i) {
        sums[i % length] += novelty[i] * novelty[i];
    }
    // The first bar is a phrase's first unless the changes clearly say otherwise.
    sums[0] *= 1.3;
    std::size_t most = 0;
    for (std::size_t i = 1; i < sums.size(); ++i) {
        most = sums[i] > sums[most] ? i : most;
    }
    return most;
}

std::vector<std::size_t> cuts_of(const std::vector<double>& novelty) {
    const std::size_t bars = novelty.size();
    const std::size_t phase = phase_of(novelty, phrase);
    std::vector<std::size_t> cuts{0};
    for (std::size_t i = 1; i < bars; ++i) {
        const bool at_phrase = i % phrase == phase % phrase;
        const bool at_half = i % half_phrase == phase % half_phrase;
        const bool changes = novelty[i] > (at_phrase ? clear_change : 2.0 * clear_change);
        if (at_half && changes && i - cuts.back() >= half_phrase && bars - i >= half_phrase) {
            cuts.push_back(i);
        }
    }
    // An intro and an outro to mix in, whether or not the sound tells them apart.
    const auto edge = bars >= 4 * phrase ? phrase : bars >= 4 * half_phrase ? half_phrase : std::size_t{0};
    if (edge > 0) {
        const std::size_t first = phase % edge == 0 ? edge : phase % edge + (phase % edge < half_phrase ? edge : 0);
        if (cuts.size() < 2 || static_cast<double>(cuts[1]) > edge_part * static_cast<double>(bars)) {
            cuts.insert(cuts.begin() + 1, std::min(first, bars - edge));
        }
        const std::size_t last = bars - edge - (bars - edge + edge - phase % edge) % edge;
        if (last > cuts.back() &&
            (cuts.back() == 0 || static_cast<double>(bars - cuts.back()) > edge_part * static_cast<double>(bars))) {
            cuts.push_back(last);
        }
    }
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < cuts.size(); ++i) {
        const std::size_t end = i + 1 < cuts.size() ? cuts[i + 1] : bars;
        for (std::size_t at = cuts[i]; at < end && (at == cuts[i] || end - at >= half_phrase); at += longest) {
            all.push_back(at);
        }
    }
    return all;
}

struct Piece {
    std::size_t from{}, until{};
    double level_db{}, kicks{};
    std::vector<double> vector;
    std::string label;
};

double quantile_of(std::vector<double> values, double q) {
    const auto place = values.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), place, values.end());
    return *place;
}

std::vector<Piece> pieces_of(const std::vector<Bar>& bars, const std::vector<std::size_t>& cuts) {
    std::vector<Piece> pieces;
    for (std::size_t i = 0; i < cuts.size(); ++i) {
        Piece piece;
        piece.from = cuts[i];
        piece.until = i + 1 < cuts.size() ? cuts[i + 1] : bars.size();
        for (std::size_t b = piece.from; b < piece.until; ++b) {
            piece.level_db += bars[b].level_db / static_cast<double>(piece.until - piece.from);
            piece.kicks += bars[b].kicks / static_cast<double>(piece.until - piece.from);
        }
        piece.vector = mean_vector(bars, piece.from, piece.until);
        pieces.push_back(std::move(piece));
    }
    return pieces;
}

/// The first and the last piece, and the quiet ones next to them.
void name_edges(std::vector<Piece>& pieces, double usual_db, std::size_t bars) {
    const auto most = static_cast<std::size_t>(edge_part * static_cast<double>(bars));
    if (pieces.size() < 3) {
        return;
    }
    pieces.front().label = "intro";
    for (std::size_t i = 1;
         i + 2 < pieces.size() && pieces[i].level_db < usual_db - quiet_db && pieces[i].until <= most; ++i) {
        pieces[i].label = "intro";
    }
    pieces.back().label = "outro";
    for (std::size_t i = pieces.size() - 2;
         i > 1 && pieces[i].label.empty() && pieces[i].level_db < usual_db - quiet_db && bars - pieces[i].from <= most;
         --i) {
        pieces[i].label = "outro";
    }
}

void name_middle(std::vector<Piece>& pieces, double usual_kicks) {
    std::vector<double> levels;
    for (const Piece& piece : pieces) {
        levels.push_back(piece.level_db);
    }
    const double loud = quantile_of(levels, loud_quantile);
    for (Piece& piece : pieces) {
        if (!piece.label.empty()) {
            continue;
        }
        const auto repeats = std::count_if(pieces.begin(), pieces.end(), [&piece](const Piece& other) {
            return distance(piece.vector, other.vector) < same_sound;
        });
        if (usual_kicks > 0.05 && piece.kicks < few_kicks * usual_kicks) {
            piece.label = "break";
        } else if (piece.level_db >= loud) {
            piece.label = "chorus";
        } else {
            piece.label = repeats > 1 ? "verse" : "bridge";
        }
    }
}

std::vector<Segment> in_seconds(const std::vector<Piece>& pieces, const BeatTrack& beats, double length_s) {
    const auto at = [&](std::size_t bar) {
        if (bar < beats.downbeats.size()) {
            return std::clamp(beats.beats[beats.downbeats[bar]], 0.0, length_s);
        }
        const double bar_s = 60.0 / beats.bpm * beats.beats_per_bar;
        return std::min(beats.beats[beats.downbeats.back()] + bar_s, length_s);
    };
    std::vector<Segment> segments;
    constexpr double shortest = 0.01;
    if (at(0) > shortest) {
        segments.push_back({{0.0}, {at(0)}, "start"});
    }
    for (const Piece& piece : pieces) {
        const double from = segments.empty() ? 0.0 : segments.back().end.value;
        segments.push_back({{from}, {at(piece.until)}, piece.label});
    }
    if (length_s - segments.back().end.value > shortest) {
        segments.push_back({segments.back().end, {length_s}, "end"});
    }
    return segments;
}

}  // namespace

Form find_form(const BeatTrack& beats, const BeatSounds& sounds, double length_s) {
    const std::vector<Bar> bars = beats.downbeats.empty() ? std::vector<Bar>{} : bars_of(beats, sounds);
    if (bars.size() < 2) {
        return {{{{0.0}, {length_s}, "inst"}}, 0.0};
    }
    const std::vector<double> novelty = novelty_of(bars);
    std::vector<Piece> pieces = pieces_of(bars, cuts_of(novelty));
    std::vector<double> levels;
    std::vector<double> kicks;
    for (const Bar& bar : bars) {
        levels.push_back(bar.level_db);
        kicks.push_back(bar.kicks);
    }
    name_edges(pieces, quantile_of(levels, 0.5), bars.size());
    name_middle(pieces, quantile_of(kicks, 0.6));
    double clear = 0.0;
    for (std::size_t i = 1; i < pieces.size(); ++i) {
        clear += std::min(novelty[pieces[i].from] / (2.0 * clear_change), 1.0) / static_cast<double>(pieces.size() - 1);
    }
    return {in_seconds(pieces, beats, length_s), clear};
}

}  // namespace crowdjack
