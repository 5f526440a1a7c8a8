// SPDX-License-Identifier: GPL-3.0-or-later
#include "common/track_tags.hpp"

#include <taglib/fileref.h>
#include <taglib/tag.h>
#include <taglib/tpropertymap.h>
#include <taglib/wavfile.h>

#include <charconv>
#include <exception>
#include <string_view>

namespace crowdjack {

namespace {

/// One line of text: control characters and surrounding blanks are of no use in logs and lists.
std::string tidy(const TagLib::String& text) {
    std::string result = text.to8Bit(true);
    for (char& c : result) {
        c = static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    const auto begin = result.find_first_not_of(' ');
    return begin == std::string::npos ? std::string{} : result.substr(begin, result.find_last_not_of(' ') - begin + 1);
}

std::string first_of(const TagLib::PropertyMap& properties, const char* name) {
    const auto found = properties.find(name);
    return found == properties.end() || found->second.isEmpty() ? std::string{} : tidy(found->second.front());
}

double tempo_of(std::string text) {
    // "128,5" is what some tools write.
    for (char& c : text) {
        c = c == ',' ? '.' : c;
    }
    double bpm = 0.0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bpm);
    return error == std::errc{} && bpm >= 20.0 && bpm < 1000.0 ? bpm : 0.0;
}

}  // namespace

TrackTags read_track_tags(const std::filesystem::path& file) {
    TrackTags tags;
    try {
        const TagLib::FileRef reference{file.c_str(), false};
        if (reference.isNull() || reference.tag() == nullptr) {
            return tags;
        }
        tags.title = tidy(reference.tag()->title());
        tags.artist = tidy(reference.tag()->artist());
        // What most programs write into a WAV is its INFO list; TagLib's tag of it is ID3 alone.
        if (auto* const wav = dynamic_cast<TagLib::RIFF::WAV::File*>(reference.file());
            wav != nullptr && wav->InfoTag() != nullptr) {
            tags.title = tags.title.empty() ? tidy(wav->InfoTag()->title()) : tags.title;
            tags.artist = tags.artist.empty() ? tidy(wav->InfoTag()->artist()) : tags.artist;
        }
        const TagLib::PropertyMap properties = reference.file()->properties();
        for (const char* name : {"BPM", "TBPM", "TEMPO"}) {
            tags.bpm = tags.bpm > 0.0 ? tags.bpm : tempo_of(first_of(properties, name));
        }
        for (const char* name : {"INITIALKEY", "INITIAL KEY", "INITIAL_KEY", "KEY"}) {
            tags.key = tags.key.empty() ? first_of(properties, name) : tags.key;
        }
    } catch (const std::exception&) {
        return tags;
    }
    return tags;
}

std::string track_name(const TrackTags& tags, const std::filesystem::path& file) {
    if (tags.title.empty()) {
        return file.stem().string();
    }
    return tags.artist.empty() ? tags.title : tags.artist + " - " + tags.title;
}

}  // namespace crowdjack
