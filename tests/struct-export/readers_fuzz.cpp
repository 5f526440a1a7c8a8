// SPDX-License-Identifier: GPL-3.0-or-later
// Mutated structures and collections: each is read or refused with an error, nothing else happens. The mutations come
// from a seed, so a crash comes again.
//
// usage: readers_fuzz [SECONDS [SEED]]
#include "common/error.hpp"
#include "struct-export/cues.hpp"
#include "struct-export/json_file.hpp"
#include "struct-export/rekordbox.hpp"
#include "struct-export/rekordbox_location.hpp"
#include "struct-export/tempo_truth.hpp"
#include "struct-export/text.hpp"
#include "struct-export/track_struct.hpp"
#include "tests/support/surroundings.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

using namespace crowdjack;

namespace {

const std::vector<std::string> dictionary{"null",
                                          "-1",
                                          "1e999",
                                          "1e-400",
                                          "0.00",
                                          "NaN",
                                          "\"\"",
                                          "[",
                                          "]",
                                          "{",
                                          "}",
                                          ",",
                                          ":",
                                          "\\u0000",
                                          "\\ud800",
                                          "\xFF",
                                          "\xC3\xA9",
                                          "e\xCC\x81",
                                          "<",
                                          ">",
                                          "/>",
                                          "<!--",
                                          "<![CDATA[",
                                          "<!DOCTYPE a [<!ENTITY b 'c'>]>",
                                          "&b;",
                                          "&#0;",
                                          "%00",
                                          "%",
                                          "file://",
                                          "file://localhost",
                                          "<TRACK Location='%FF'/>",
                                          "AverageBpm=\"x\"",
                                          "TotalTime=\"1e300\"",
                                          "\"segments\"",
                                          "\"beats\"",
                                          "\"start\":",
                                          "\"label\":\"intro\"",
                                          "18446744073709551616",
                                          std::string(300, '['),
                                          std::string(40, '<')};

class Mutator {
public:
    explicit Mutator(std::uint64_t seed) : random_{seed} {}

    std::string mutated(std::string text, const std::string& other) {
        const std::size_t changes = 1 + below(8);
        for (std::size_t i = 0; i < changes; ++i) {
            change(text, other);
        }
        return text;
    }

    std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

private:
    void change(std::string& text, const std::string& other) {
        const std::size_t at = below(text.size() + 1);
        switch (below(6)) {
        case 0:
            text.erase(at, 1 + below(40));
            break;
        case 1:
            text.insert(at, dictionary[below(dictionary.size())]);
            break;
        case 2:
            if (at < text.size()) {
                text[at] = static_cast<char>(below(256));
            }
            break;
        case 3:
            text.insert(at, text.substr(below(text.size() + 1), below(200)));
            break;
        case 4:
            text.insert(at, other.substr(below(other.size() + 1), below(200)));
            break;
        default:
            text.resize(at);
        }
    }

    std::mt19937_64 random_;
};

/// What the program does with a structure once it is read must hold for any content.
void try_structure(const std::string& text) {
    try {
        const TrackStruct track = track_struct(parse_python_json(text, "fuzz.json", nan_as_text), "fuzz.json");
        (void)tidy_json(parse_python_json(text, "fuzz.json", nan_as_null));
        if (const auto fitted = fit_tempo(track.beats); fitted && !(fitted->bpm > 0.0 && std::isfinite(fitted->bpm))) {
            throw std::logic_error{"a fit that is no tempo"};
        }
        for (const int n : {1, 6}) {
            const Cues cues = find_cues(track, n, IntroFallback::downbeat);
            if (!(cues.ini <= cues.begin && cues.begin < cues.end)) {
                throw std::logic_error{"cues out of order"};
            }
        }
    } catch (const Failure&) {
    } catch (const NotExported&) {
    }
}

void try_collection(const std::string& text) {
    try {
        const auto collection = RekordboxCollection::parse(text, "fuzz.xml", [](const std::string&) {});
        for (const RekordboxTrack& track : collection.tracks()) {
            if (!(track.bpm() >= 0.0) || collection.match(track.path).track == nullptr) {
                throw std::logic_error{"a track that is not found again"};
            }
        }
    } catch (const Failure&) {
    }
}

std::vector<std::string> seeds(const char* kind, const std::string& own) {
    std::vector<std::string> texts{own};
    if (const auto data = test::real_data()) {
        for (const auto& entry : std::filesystem::directory_iterator{*data / kind}) {
            std::ifstream stream{entry.path(), std::ios::binary};
            texts.emplace_back(std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{});
        }
    }
    return texts;
}

}  // namespace

int main(int count, char** arguments) {
    const double seconds = count > 1 ? std::atof(arguments[1]) : 5.0;
    const std::uint64_t seed = count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1;
    const auto structures =
        seeds("allin1", R"({"path":"/a/b.wav","bpm":120,"beats":[0.5,1.0,1.5,2.0,2.5],"downbeats":[0.5],
        "segments":[{"start":0,"end":2,"label":"intro"},{"start":2,"end":4,"label":"verse"}],"key":"Gm"})");
    const auto collections = seeds("rekordbox", R"(<?xml version="1.0"?><DJ_PLAYLISTS><COLLECTION Entries="1">
        <TRACK Name="a" Location="file://localhost/C:/a%20b.mp3" AverageBpm="120.00" Tonality="Am" TotalTime="9">
        <TEMPO Inizio="0.1" Bpm="120"/></TRACK></COLLECTION></DJ_PLAYLISTS>)");
    Mutator mutator{seed};
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>{seconds};
    std::size_t tried = 0;
    for (; std::chrono::steady_clock::now() < end; ++tried) {
        const auto pick = [&mutator](const auto& texts) -> const std::string& {
            return texts[mutator.below(texts.size())];
        };
        const std::string structure = mutator.mutated(pick(structures), pick(structures));
        const std::string collection = mutator.mutated(pick(collections), pick(collections));
        try {
            try_structure(structure);
            try_collection(collection);
            (void)match_key(location_path(collection.substr(mutator.below(collection.size() + 1), 60)));
        } catch (const std::exception& error) {
            std::fprintf(stderr, "seed %llu, mutation %zu: %s\n", static_cast<unsigned long long>(seed), tried,
                         error.what());
            std::ofstream{"fuzz-crash.json", std::ios::binary} << structure;
            std::ofstream{"fuzz-crash.xml", std::ios::binary} << collection;
            return 1;
        }
    }
    std::printf("%zu structures and collections from seed %llu: each read or refused\n", tried,
                static_cast<unsigned long long>(seed));
    return tried > 0 ? 0 : 1;
}
