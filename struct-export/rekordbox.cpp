// SPDX-License-Identifier: GPL-3.0-or-later
#include "struct-export/rekordbox.hpp"

#include "common/error.hpp"
#include "common/text_file.hpp"
#include "struct-export/rekordbox_location.hpp"
#include "struct-export/text.hpp"

#include <pugixml.hpp>

#include <algorithm>

namespace crowdjack {

namespace {

constexpr int deepest_xml = 64;
constexpr std::uintmax_t largest_xml = std::uintmax_t{256} << 20U;

/// Turns the parser's offsets into lines.
class Lines {
public:
    explicit Lines(std::string_view text) {
        for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) {
            ends_.push_back(static_cast<std::ptrdiff_t>(at));
        }
    }
    [[nodiscard]] std::size_t line_of(std::ptrdiff_t offset) const {
        return static_cast<std::size_t>(std::ranges::lower_bound(ends_, offset) - ends_.begin()) + 1;
    }

private:
    std::vector<std::ptrdiff_t> ends_;
};

class DepthCheck : public pugi::xml_tree_walker {
public:
    bool for_each(pugi::xml_node& node) override {
        too_deep = depth() > deepest_xml ? node : pugi::xml_node{};
        return too_deep.empty();
    }
    pugi::xml_node too_deep;
};

class CollectionReader {
public:
    CollectionReader(const std::string& xml, const std::string& name, const RekordboxCollection::Warn& warn)
        : name_{name}, warn_{warn}, lines_{xml} {
        const pugi::xml_parse_result result = document_.load_buffer(xml.data(), xml.size());
        if (!result) {
            throw Failure{at(result.offset) + ": not XML: " + result.description()};
        }
        DepthCheck check;
        document_.traverse(check);
        if (!check.too_deep.empty()) {
            throw Failure{at(check.too_deep.offset_debug()) + ": nested deeper than " + std::to_string(deepest_xml) +
                          " levels"};
        }
    }

    std::vector<RekordboxTrack> read() {
        const pugi::xml_node root = document_.document_element();
        const pugi::xml_node collection = root.child("COLLECTION");
        if (std::string_view{root.name()} != "DJ_PLAYLISTS" || collection.empty()) {
            throw Failure{at(root.offset_debug()) + ": <" + root.name() +
                          "> is no Rekordbox collection (expected DJ_PLAYLISTS with a COLLECTION)"};
        }
        std::vector<RekordboxTrack> tracks;
        for (const pugi::xml_node node : collection.children("TRACK")) {
            tracks.push_back(track(node));
        }
        const pugi::xml_attribute entries = collection.attribute("Entries");
        if (!entries.empty() && entries.as_ullong() != tracks.size()) {
            warn_(at(collection.offset_debug()) + ": Entries is '" + entries.value() + "' but there are " +
                  std::to_string(tracks.size()) + " tracks");
        }
        return tracks;
    }

private:
    [[nodiscard]] std::string at(std::ptrdiff_t offset) const {
        return name_ + ":" + std::to_string(lines_.line_of(std::max<std::ptrdiff_t>(offset, 0)));
    }

    /// A number ≥ 0; a missing or empty one is 0, an unreadable one too, with a warning.
    double number(const pugi::xml_node& node, const char* field) const {
        std::string text{trimmed(node.attribute(field).value())};
        std::ranges::replace(text, ',', '.');  // converters on systems with a decimal comma
        double value{};
        if (!text.empty() && (!parse_number(text, value) || value < 0.0)) {
            warn_(at(node.offset_debug()) + ": " + field + " is '" + text + "', not a number: passed over");
            return 0.0;
        }
        return value;
    }

    RekordboxTrack track(const pugi::xml_node& node) const {
        RekordboxTrack track;
        track.line = lines_.line_of(node.offset_debug());
        track.path = location_path(node.attribute("Location").value());
        track.name = node.attribute("Name").value();
        track.artist = node.attribute("Artist").value();
        track.tonality = trimmed(node.attribute("Tonality").value());
        track.average_bpm = number(node, "AverageBpm");
        track.total_time = number(node, "TotalTime");
        for (const pugi::xml_node tempo : node.children("TEMPO")) {
            const GridTempo point{number(tempo, "Inizio"), number(tempo, "Bpm")};
            if (point.bpm > 0.0) {
                track.grid.push_back(point);
            }
        }
        std::ranges::stable_sort(track.grid, {}, &GridTempo::start);
        if (track.path.empty()) {
            warn_(at(node.offset_debug()) + ": TRACK '" + track.name + "' has no Location: passed over");
        }
        return track;
    }

    const std::string& name_;
    const RekordboxCollection::Warn& warn_;
    Lines lines_;
    pugi::xml_document document_;
};

}  // namespace

double RekordboxTrack::bpm() const noexcept {
    if (average_bpm > 0.0 || grid.empty()) {
        return average_bpm;
    }
    double beats = 0.0;
    for (std::size_t i = 0; i < grid.size(); ++i) {
        const double until = i + 1 < grid.size() ? grid[i + 1].start : std::max(total_time, grid[i].start);
        beats += grid[i].bpm * (until - grid[i].start);
    }
    const double length = std::max(total_time, grid.back().start) - grid.front().start;
    return length > 0.0 ? beats / length : grid.front().bpm;
}

RekordboxCollection RekordboxCollection::read(const std::filesystem::path& file, const Warn& warn) {
    return parse(read_bounded(file, largest_xml), file.string(), warn);
}

RekordboxCollection RekordboxCollection::parse(const std::string& xml, const std::string& name, const Warn& warn) {
    RekordboxCollection collection;
    collection.tracks_ = CollectionReader{xml, name, warn}.read();
    std::erase_if(collection.tracks_, [](const RekordboxTrack& track) { return track.path.empty(); });
    collection.index();
    return collection;
}

}  // namespace crowdjack
